"""A payment has a short reference that people can read out

Revision: 2026_11_23_receipt, after 2026_11_23_proof
"""

import sqlalchemy as sa
from alembic import op

from shared.kernel import ids

revision = '2026_11_23_receipt'
down_revision = '2026_11_23_proof'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('payment', sa.Column('reference', sa.String(), server_default=sa.text("''"), nullable=False))
    payment = sa.table('payment', *(sa.column(name, sa.Uuid()) for name in ('customer_id', 'payment_id')), sa.column('reference', sa.String()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(payment.c.customer_id, payment.c.payment_id)).all():
        this = (payment.c.customer_id == row.customer_id, payment.c.payment_id == row.payment_id)
        connection.execute(sa.update(payment).where(*this).values(reference=ids.spoken_reference()))
    op.create_index('ix_payment_reference', 'payment', ['reference'])


def downgrade() -> None:
    op.drop_index('ix_payment_reference', table_name='payment')
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_column('reference')
