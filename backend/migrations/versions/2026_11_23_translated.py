"""An article knows which one it says in another language

Revision: 2026_11_23_translated, after 2026_11_23_came
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_translated'
down_revision = '2026_11_23_came'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('article_version', sa.Column('translates', sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column('article_version', 'translates')
