"""A payment of another amount than was asked knows its currency, and the case in which a person looks at it

Revision: 2026_11_23_came, after 2026_11_23_word
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_came'
down_revision = '2026_11_23_word'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('payment', sa.Column('came_currency', sa.String(), nullable=True))
    op.add_column('payment', sa.Column('case_id', sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column('payment', 'case_id')
    op.drop_column('payment', 'came_currency')
