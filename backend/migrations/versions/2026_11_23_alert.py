"""Alerts that a rule raises and supervisors work

Revision: 2026_11_23_alert, after 2026_11_23_trail
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_alert'
down_revision = '2026_11_23_trail'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alert',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('alert_id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('about', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('urgency', sa.String(), nullable=False),
    sa.Column('seen', sa.JSON(), nullable=False),
    sa.Column('details', sa.String(), nullable=False),
    sa.Column('raised_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('over_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('owner', sa.String(), nullable=False),
    sa.Column('acknowledged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('snoozed_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_by', sa.String(), nullable=False),
    sa.Column('what_was_done', sa.String(), nullable=False),
    sa.CheckConstraint("urgency IN ('now', 'soon')", name=op.f('ck_alert_urgency')),
    sa.PrimaryKeyConstraint('customer_id', 'alert_id', name=op.f('pk_alert'))
    )
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.create_index('ix_alert_id', ['alert_id'], unique=False)
        batch_op.create_index('ix_alert_done', ['done_at'], unique=False)
        batch_op.create_index('ix_alert_waiting', ['raised_at'], unique=False, sqlite_where=sa.text('done_at IS NULL'), postgresql_where=sa.text('done_at IS NULL'))
        batch_op.create_index('ux_alert_open', ['customer_id', 'key', 'subject'], unique=True, sqlite_where=sa.text('done_at IS NULL'), postgresql_where=sa.text('done_at IS NULL'))



def downgrade() -> None:
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.drop_index('ux_alert_open', sqlite_where=sa.text('done_at IS NULL'), postgresql_where=sa.text('done_at IS NULL'))
        batch_op.drop_index('ix_alert_waiting', sqlite_where=sa.text('done_at IS NULL'), postgresql_where=sa.text('done_at IS NULL'))
        batch_op.drop_index('ix_alert_done')
        batch_op.drop_index('ix_alert_id')

    op.drop_table('alert')
