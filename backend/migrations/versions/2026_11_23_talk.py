"""What was read out before an acceptance; verification that is asked, counted and expires

Revision: 2026_11_23_talk, after 2026_11_22_casefiles
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_23_talk'
down_revision = '2026_11_22_workday'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('offer', sa.Column('disclosed', sa.JSON(), nullable=True))
    op.add_column('interaction', sa.Column('verified_until', sa.DateTime(timezone=True), nullable=True))
    op.add_column('interaction', sa.Column('verified_stays', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('interaction', sa.Column('proof', sa.JSON(), nullable=True))
    op.add_column('interaction', sa.Column('wrong_answers', sa.Integer(), server_default=sa.text('0'), nullable=False))
    op.add_column('interaction', sa.Column('wrong_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('interaction', 'wrong_at')
    op.drop_column('interaction', 'wrong_answers')
    op.drop_column('interaction', 'proof')
    op.drop_column('interaction', 'verified_stays')
    op.drop_column('interaction', 'verified_until')
    op.drop_column('offer', 'disclosed')
