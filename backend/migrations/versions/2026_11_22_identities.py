"""Near matches that are suggested, and merges of two customers with all that they moved

Revision: 2026_11_22_identities, after 2026_11_22_persons
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_identities'
down_revision = '2026_11_22_persons'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('duplicate_suggestion',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('other_id', sa.Uuid(), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('weights', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(), nullable=True),
    sa.Column('decided_by_id', sa.String(), nullable=True),
    sa.CheckConstraint("state IN ('open', 'merged', 'distinct')", name=op.f('ck_duplicate_suggestion_state')),
    sa.CheckConstraint('customer_id <> other_id', name=op.f('ck_duplicate_suggestion_two')),
    sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f('ck_duplicate_suggestion_decided')),
    sa.PrimaryKeyConstraint('customer_id', 'other_id', name=op.f('pk_duplicate_suggestion')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_duplicate_suggestion_other_id', 'duplicate_suggestion', ['other_id'])
    op.create_index('ix_duplicate_suggestion_open', 'duplicate_suggestion', ['score', 'customer_id', 'other_id'],
    sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    op.create_table('match_key',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'key', name=op.f('pk_match_key')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_match_key_key', 'match_key', ['key'])
    op.create_table('match_seen',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_match_seen')),
    sqlite_with_rowid=False
    )
    op.create_table('customer_merge',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('merge_id', sa.Uuid(), nullable=False),
    sa.Column('into_id', sa.Uuid(), nullable=False),
    sa.Column('from_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('merged_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('merged_by', sa.String(), nullable=False),
    sa.Column('merged_by_id', sa.String(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('unmerged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('unmerged_by', sa.String(), nullable=True),
    sa.CheckConstraint('(unmerged_at IS NULL) = (unmerged_by IS NULL)', name=op.f('ck_customer_merge_unmerged')),
    sa.PrimaryKeyConstraint('customer_id', 'merge_id', name=op.f('pk_customer_merge'))
    )
    op.create_index('ix_customer_merge_merge_id', 'customer_merge', ['merge_id'])
    op.create_index('ix_customer_merge_from_id', 'customer_merge', ['from_id'],
    sqlite_where=sa.text('unmerged_at IS NULL'), postgresql_where=sa.text('unmerged_at IS NULL'))


def downgrade() -> None:
    op.drop_table('customer_merge')
    op.drop_table('match_seen')
    op.drop_table('match_key')
    op.drop_table('duplicate_suggestion')
