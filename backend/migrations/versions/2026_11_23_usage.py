"""What was used in the month of a bill; payments of which nobody has told us are found

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
    silent = sa.text("state = 'started'")
    op.create_index('ix_payment_silent', 'payment', ['started_at'], sqlite_where=silent, postgresql_where=silent)


def downgrade() -> None:
    op.drop_index('ix_payment_silent', 'payment')
    op.drop_column('bill', 'usage')
