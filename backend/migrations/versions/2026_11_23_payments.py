"""Attempts to pay a bill on a payment provider's page

Revision: 2026_11_23_payments, after 2026_11_23_sign_on
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_payments'
down_revision = '2026_11_23_sign_on'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('payment',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('payment_id', sa.Uuid(), nullable=False),
    sa.Column('bill_id', sa.Uuid(), nullable=False),
    sa.Column('bill', sa.String(), nullable=False),
    sa.Column('amount_minor', sa.Integer(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('guard', sa.String(), nullable=False),
    sa.Column('page', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=False),
    sa.Column('method', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('came_minor', sa.Integer(), nullable=True),
    sa.Column('notices', sa.JSON(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('started', 'paid', 'failed', 'cancelled', 'disputed')", name=op.f('ck_payment_state')),
    sa.CheckConstraint('amount_minor > 0', name=op.f('ck_payment_amount')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_payment_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', 'payment_id', name=op.f('pk_payment')),
    sa.UniqueConstraint('customer_id', 'guard', name=op.f('uq_payment_customer_id_guard')),
    sqlite_with_rowid=False
    )
    op.create_index(op.f('ix_payment_payment_id'), 'payment', ['payment_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_payment_payment_id'), table_name='payment')
    op.drop_table('payment')
