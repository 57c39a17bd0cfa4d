"""What customers choose when they accept: kept with the offer, and with the work that comes of it; who entered an acceptance

Revision: 2026_11_23_chosen, after 2026_11_23_keys
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_23_chosen'
down_revision = '2026_11_23_keys'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('offer', sa.Column('chosen', sa.JSON(), nullable=True))
    op.add_column('offer', sa.Column('taken_on', sa.Date(), nullable=True))
    op.add_column('offer', sa.Column('taken_by', sa.String(), nullable=True))
    op.create_index('ix_offer_taken_on', 'offer', ['taken_on'], sqlite_where=sa.text('taken_on IS NOT NULL'), postgresql_where=sa.text('taken_on IS NOT NULL'))
    op.add_column('customer_case', sa.Column('particulars', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('customer_case', 'particulars')
    op.drop_index('ix_offer_taken_on', 'offer')
    op.drop_column('offer', 'taken_by')
    op.drop_column('offer', 'taken_on')
    op.drop_column('offer', 'chosen')
