"""With whom an offer was put to the customer and answered, where someone acts for them

Revision: 2026_11_22_persons, after 2026_11_22_representatives
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_persons'
down_revision = '2026_11_22_representatives'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('offer', sa.Column('presented_with', sa.JSON(), nullable=True))
    op.add_column('offer', sa.Column('answered_with', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('offer', 'answered_with')
    op.drop_column('offer', 'presented_with')
