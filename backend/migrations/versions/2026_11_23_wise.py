"""Articles with their versions, and whom they helped; calls back are booked into slots

Revision: 2026_11_23_wise, after 2026_11_22_casefiles
"""

import sqlalchemy as sa
from alembic import op

from backend.migrations import article_index

revision = '2026_11_23_wise'
down_revision = '2026_11_22_mail'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('article',
    sa.Column('article_id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('current', sa.Integer(), nullable=False),
    sa.Column('audience', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('retired', sa.Boolean(), nullable=False),
    sa.Column('from_pack', sa.Boolean(), nullable=False),
    sa.Column('search_text', sa.String(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('current > 0', name=op.f('ck_article_current')),
    sa.CheckConstraint("audience IN ('internal', 'public')", name=op.f('ck_article_audience')),
    sa.PrimaryKeyConstraint('article_id', name=op.f('pk_article'))
    )
    op.create_index('uq_article_slug', 'article', ['slug'], unique=True)
    op.create_table('article_version',
    sa.Column('article_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('audience', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('stages', sa.JSON(), nullable=False),
    sa.Column('intents', sa.JSON(), nullable=False),
    sa.Column('services', sa.JSON(), nullable=False),
    sa.Column('types', sa.JSON(), nullable=False),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_by', sa.String(), nullable=False),
    sa.CheckConstraint("audience IN ('internal', 'public')", name=op.f('ck_article_version_audience')),
    sa.PrimaryKeyConstraint('article_id', 'version', name=op.f('pk_article_version'))
    )
    op.create_table('article_draft',
    sa.Column('article_id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('base', sa.Integer(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('article_id', 'staff_id', name=op.f('pk_article_draft'))
    )
    op.create_table('article_vote',
    sa.Column('article_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('voter', sa.String(), nullable=False),
    sa.Column('helpful', sa.Boolean(), nullable=False),
    sa.Column('voted_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('article_id', 'version', 'voter', name=op.f('pk_article_vote'))
    )
    op.create_table('article_customer_vote',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('article_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('helpful', sa.Boolean(), nullable=False),
    sa.Column('voted_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'article_id', 'version', name=op.f('pk_article_customer_vote'))
    )
    op.create_index('ix_article_customer_vote_article', 'article_customer_vote', ['article_id', 'version'])
    article_index.ensure(op.get_bind())
    op.add_column('customer_case', sa.Column('slot_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('customer_case', sa.Column('slot_until', sa.DateTime(timezone=True), nullable=True))
    calls = sa.text("state = 'open' AND kind = 'callback'")
    op.create_index('ix_customer_case_slot', 'customer_case', ['slot_at'], sqlite_where=calls, postgresql_where=calls)
    op.create_table('callback',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('team', sa.String(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=True),
    sa.Column('staff', sa.String(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('missed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('tries >= 0', name=op.f('ck_callback_tries')),
    sa.PrimaryKeyConstraint('customer_id', 'case_id', name=op.f('pk_callback')),
    sqlite_with_rowid=False
    )
    op.create_table('callback_slot',
    sa.Column('team', sa.String(), nullable=False),
    sa.Column('slot_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('taken', sa.Integer(), nullable=False),
    sa.CheckConstraint('taken >= 0', name=op.f('ck_callback_slot_taken')),
    sa.PrimaryKeyConstraint('team', 'slot_at', name=op.f('pk_callback_slot')),
    sqlite_with_rowid=False
    )


def downgrade() -> None:
    op.drop_table('callback_slot')
    op.drop_table('callback')
    op.drop_index('ix_customer_case_slot', 'customer_case')
    with op.batch_alter_table('customer_case') as batch:
        batch.drop_column('slot_until')
        batch.drop_column('slot_at')
    article_index.drop(op.get_bind())
    for name in ('article_customer_vote', 'article_vote', 'article_draft', 'article_version', 'article'):
        op.drop_table(name)
