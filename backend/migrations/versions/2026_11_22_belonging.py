"""Households and accounts, and who belongs to them

Revision: 2026_11_22_belonging, after 2026_11_22_away
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_belonging'
down_revision = '2026_11_22_away'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('customer_group',
    sa.Column('group_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('traits', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('household', 'billing', 'business')", name=op.f('ck_customer_group_kind')),
    sa.PrimaryKeyConstraint('group_id', name=op.f('pk_customer_group')),
    sa.UniqueConstraint('key', name=op.f('uq_customer_group_key'))
    )
    op.create_table('membership',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('membership_id', sa.Uuid(), nullable=False),
    sa.Column('group_id', sa.Uuid(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('source', sa.String(), nullable=False),
    sa.CheckConstraint('until IS NULL OR until >= since', name=op.f('ck_membership_until_after_since')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_membership_customer_id_customer')),
    sa.ForeignKeyConstraint(['group_id'], ['customer_group.group_id'], name=op.f('fk_membership_group_id_customer_group')),
    sa.PrimaryKeyConstraint('customer_id', 'membership_id', name=op.f('pk_membership')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_membership_group_id', 'membership', ['group_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_membership_group_id', table_name='membership')
    op.drop_table('membership')
    op.drop_table('customer_group')
