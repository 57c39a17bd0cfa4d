"""Cut-offs by which customers are scored

Revision: 2026_11_22_rfm, after 2026_11_22_belonging
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_rfm'
down_revision = '2026_11_22_belonging'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rfm_cut',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('customers', sa.Integer(), nullable=False),
    sa.Column('of', sa.JSON(), nullable=False),
    sa.Column('cuts', sa.JSON(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_rfm_cut'))
    )


def downgrade() -> None:
    op.drop_table('rfm_cut')
