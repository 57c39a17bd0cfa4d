"""Who may act for a customer, and with whom an agent speaks

Revision: 2026_11_22_representatives, after 2026_11_22_webhooks
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_representatives'
down_revision = '2026_11_22_webhooks'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('representative',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('representative_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('relation', sa.String(), nullable=False),
    sa.Column('authority', sa.String(), nullable=False),
    sa.Column('may_act', sa.Boolean(), nullable=False),
    sa.Column('from_day', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('recorded_by', sa.String(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_by', sa.String(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("relation IN ('representative', 'carer', 'executor')", name=op.f('ck_representative_relation')),
    sa.CheckConstraint('until IS NULL OR until >= from_day', name=op.f('ck_representative_until_after_from')),
    sa.CheckConstraint('(ended_at IS NULL) = (ended_by IS NULL)', name=op.f('ck_representative_ended')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_representative_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', 'representative_id', name=op.f('pk_representative')),
    sqlite_with_rowid=False
    )
    op.add_column('interaction', sa.Column('person_id', sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column('interaction', 'person_id')
    op.drop_table('representative')
