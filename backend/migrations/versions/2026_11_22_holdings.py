"""What a customer has several of: lines, accounts

Revision: 2026_11_22_holdings, after 2026_11_22_rule_failures
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_holdings'
down_revision = '2026_11_22_rule_failures'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('customer', sa.Column('holdings', sa.JSON(), nullable=True))
    op.execute("UPDATE customer SET holdings = '[]'")
    with op.batch_alter_table('customer') as batch:
        batch.alter_column('holdings', existing_type=sa.JSON(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('customer') as batch:
        batch.drop_column('holdings')
