"""Payments of which nobody has told us are found without looking through all

Revision: 2026_11_23_silent, after 2026_11_23_self
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_silent'
down_revision = '2026_11_23_self'
branch_labels = None
depends_on = None


def upgrade() -> None:
    silent = sa.text("state = 'started'")
    op.create_index('ix_payment_silent', 'payment', ['started_at'], sqlite_where=silent, postgresql_where=silent)


def downgrade() -> None:
    op.drop_index('ix_payment_silent', 'payment')
