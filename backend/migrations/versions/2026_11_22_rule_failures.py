"""How often rules failed, for supervisors

Revision: 2026_11_22_rule_failures, after 2026_11_22_budgets
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_rule_failures'
down_revision = '2026_11_22_budgets'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rule_failure',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('treatment', sa.String(), nullable=False),
    sa.Column('step', sa.String(), nullable=False),
    sa.Column('rule_hash', sa.String(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('day', 'treatment', 'step', 'rule_hash', name=op.f('pk_rule_failure'))
    )


def downgrade() -> None:
    op.drop_table('rule_failure')
