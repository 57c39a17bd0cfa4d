"""What each channel showed is kept where a comparison found a difference

Revision: 2026_11_23_parity_view, after 2026_11_23_restricted
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_parity_view'
down_revision = '2026_11_23_restricted'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('parity_view',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('check_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('views', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'check_id', name=op.f('pk_parity_view'))
    )
    op.create_index('ix_parity_view_at', 'parity_view', ['at'])


def downgrade() -> None:
    op.drop_table('parity_view')
