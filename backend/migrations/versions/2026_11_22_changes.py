"""Word of what changed, for whoever watches

Revision: 2026_11_22_changes, after 2026_11_22_first
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_changes'
down_revision = '2026_11_22_first'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('change',
    sa.Column('change_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('topic', sa.String(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=True),
    sa.Column('subject', sa.String(), nullable=True),
    sa.Column('private', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('change_id', name=op.f('pk_change')),
    sqlite_autoincrement=True
    )


def downgrade() -> None:
    op.drop_table('change')
