"""Budgets with what is reserved of them, bid prices, and offers on terms that an agent altered

Revision: 2026_11_22_budgets, after 2026_11_22_fulfilment
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_budgets'
down_revision = '2026_11_22_fulfilment'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('budget_period',
    sa.Column('budget', sa.String(), nullable=False),
    sa.Column('period', sa.String(), nullable=False),
    sa.Column('used', sa.Float(), nullable=False),
    sa.CheckConstraint('used > -0.005', name=op.f('ck_budget_period_used')),
    sa.PrimaryKeyConstraint('budget', 'period', name=op.f('pk_budget_period'))
    )
    op.create_table('reservation',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('offer_id', sa.Uuid(), nullable=False),
    sa.Column('budget', sa.String(), nullable=False),
    sa.Column('period', sa.String(), nullable=False),
    sa.Column('amount', sa.Float(), nullable=False),
    sa.Column('reserved_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'offer_id', 'budget', name=op.f('pk_reservation'))
    )
    op.create_table('bid_price',
    sa.Column('budget', sa.String(), nullable=False),
    sa.Column('price', sa.Float(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('written_by', sa.String(), nullable=False),
    sa.CheckConstraint('price >= 0', name=op.f('ck_bid_price_price')),
    sa.PrimaryKeyConstraint('budget', name=op.f('pk_bid_price'))
    )
    op.add_column('configuration_version', sa.Column('exhausted', sa.JSON(), nullable=True))
    op.execute("UPDATE configuration_version SET exhausted = '[]'")
    with op.batch_alter_table('configuration_version') as batch:
        batch.alter_column('exhausted', existing_type=sa.JSON(), nullable=False)
    with op.batch_alter_table('offer') as batch:
        batch.add_column(sa.Column('supersedes', sa.Uuid(), nullable=True))
        batch.add_column(sa.Column('made_by', sa.String(), nullable=True))
        batch.add_column(sa.Column('made_by_id', sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('offer') as batch:
        batch.drop_column('made_by_id')
        batch.drop_column('made_by')
        batch.drop_column('supersedes')
    with op.batch_alter_table('configuration_version') as batch:
        batch.drop_column('exhausted')
    op.drop_table('bid_price')
    op.drop_table('reservation')
    op.drop_table('budget_period')
