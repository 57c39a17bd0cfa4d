"""A file says by which channel its customer sent it, and with which message it came

Revision: 2026_11_23_sent_files, after 2026_11_23_talk
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_sent_files'
down_revision = '2026_11_23_talk'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('case_file', sa.Column('channel', sa.String(), nullable=True))
    op.add_column('case_file', sa.Column('message_id', sa.Uuid(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('case_file') as batch:
        batch.drop_column('message_id')
        batch.drop_column('channel')
