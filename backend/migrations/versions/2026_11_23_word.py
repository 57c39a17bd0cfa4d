"""What an agent writes for the customer to read beside an offer

Revision: 2026_11_23_word, after 2026_11_23_silent
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_word'
down_revision = '2026_11_23_silent'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('offer', sa.Column('word', sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column('offer', 'word')
