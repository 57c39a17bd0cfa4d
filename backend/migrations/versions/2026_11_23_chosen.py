"""What customers choose when they accept: kept with the offer, and with the work that comes of it

Revision: 2026_11_23_chosen, after 2026_11_23_sent_files
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_23_chosen'
down_revision = '2026_11_23_sent_files'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('offer', sa.Column('chosen', sa.JSON(), nullable=True))
    op.add_column('customer_case', sa.Column('particulars', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('customer_case', 'particulars')
    op.drop_column('offer', 'chosen')
