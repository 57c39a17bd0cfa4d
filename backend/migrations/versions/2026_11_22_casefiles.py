"""Files of cases, and which cases have to do with each other

Revision: 2026_11_22_casefiles, after 2026_11_22_casework
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_casefiles'
down_revision = '2026_11_22_casework'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('case_file',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('file_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('media_type', sa.String(), nullable=False),
    sa.Column('bytes', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('added_by', sa.String(), nullable=False),
    sa.CheckConstraint('bytes > 0', name=op.f('ck_case_file_bytes')),
    sa.PrimaryKeyConstraint('customer_id', 'case_id', 'file_id', name=op.f('pk_case_file')),
    sqlite_with_rowid=False
    )
    op.create_table('case_link',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('other_id', sa.Uuid(), nullable=False),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('linked_by', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'case_id', 'other_id', name=op.f('pk_case_link')),
    sqlite_with_rowid=False
    )


def downgrade() -> None:
    op.drop_table('case_link')
    op.drop_table('case_file')
