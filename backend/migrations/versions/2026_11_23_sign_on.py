"""Who signs in by an organisation's own single sign-on

Revision: 2026_11_23_sign_on, after 2026_11_23_chosen
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_sign_on'
down_revision = '2026_11_23_chosen'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sign_on',
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('issuer', sa.String(), nullable=False),
    sa.Column('known_as', sa.String(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('connected_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('customer', 'staff')", name=op.f('ck_sign_on_kind')),
    sa.PrimaryKeyConstraint('kind', 'issuer', 'known_as', name=op.f('pk_sign_on')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_sign_on_subject', 'sign_on', ['subject_id'])


def downgrade() -> None:
    op.drop_table('sign_on')
