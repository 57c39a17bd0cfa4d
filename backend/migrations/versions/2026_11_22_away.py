"""Why agents are away, and their wrapped-up contacts of a day

Revision: 2026_11_22_away, after 2026_11_22_privacy
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_away'
down_revision = '2026_11_22_privacy'
branch_labels = None
depends_on = None

WRAPPED = sa.text('wrapped_at IS NOT NULL AND staff_id IS NOT NULL')


def upgrade() -> None:
    op.add_column('agent', sa.Column('reason', sa.String(), server_default=sa.text("''"), nullable=False))
    op.create_index('ix_interaction_wrapped', 'interaction', ['staff_id', 'wrapped_at'], unique=False,
                    sqlite_where=WRAPPED, postgresql_where=WRAPPED)


def downgrade() -> None:
    op.drop_index('ix_interaction_wrapped', table_name='interaction')
    op.drop_column('agent', 'reason')
