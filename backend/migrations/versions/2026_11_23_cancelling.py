"""What customers cancelled by themselves

Revision: 2026_11_23_cancelling, after 2026_11_23_payments
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_cancelling'
down_revision = '2026_11_23_payments'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('cancellation',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('cancellation_id', sa.Uuid(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('guard', sa.String(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('early_minor', sa.Integer(), nullable=False),
    sa.Column('monthly_minor', sa.Integer(), nullable=True),
    sa.Column('monthly_then_minor', sa.Integer(), nullable=True),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('loses', sa.JSON(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('asked', 'undone', 'done')", name=op.f('ck_cancellation_state')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_cancellation_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', 'cancellation_id', name=op.f('pk_cancellation')),
    sa.UniqueConstraint('customer_id', 'guard', name=op.f('uq_cancellation_customer_id_guard')),
    sqlite_with_rowid=False
    )
    op.add_column('customer_case', sa.Column('quiet', sa.Boolean(), nullable=False, server_default=sa.text('false')))


def downgrade() -> None:
    op.drop_column('customer_case', 'quiet')
    op.drop_table('cancellation')
