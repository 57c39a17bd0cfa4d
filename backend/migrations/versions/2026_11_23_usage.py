"""What was used in the month of a bill

Revision: 2026_11_23_usage, after 2026_11_23_cancelling
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_usage'
down_revision = '2026_11_23_cancelling'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('bill', sa.Column('usage', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('bill', 'usage')
