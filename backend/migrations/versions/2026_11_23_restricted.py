"""Customers whom only some teams may open are known by their row

Revision: 2026_11_23_restricted, after 2026_11_23_reports
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_restricted'
down_revision = '2026_11_23_reports'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('customer', sa.Column('restricted', sa.String(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    op.drop_column('customer', 'restricted')
