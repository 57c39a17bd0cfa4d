"""The audit trail is searched by when, by whom and for what

Revision: 2026_11_23_trail, after 2026_11_23_translated
"""

from alembic import op

revision = '2026_11_23_trail'
down_revision = '2026_11_23_translated'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_audit_entry_at', 'audit_entry', ['at'], unique=False)
    op.create_index('ix_audit_entry_action', 'audit_entry', ['action', 'entry_id'], unique=False)
    op.create_index('ix_audit_entry_actor', 'audit_entry', ['actor_id', 'entry_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_audit_entry_action', table_name='audit_entry')
    op.drop_index('ix_audit_entry_actor', table_name='audit_entry')
    op.drop_index('ix_audit_entry_at', table_name='audit_entry')
