"""Contacts are reviewed: drawn, given, answered, and kept as they were before they were mended

Revision: 2026_11_23_reviews, after 2026_11_23_cells
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_reviews'
down_revision = '2026_11_23_cells'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('review',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('review_id', sa.Uuid(), nullable=False),
    sa.Column('interaction_id', sa.Uuid(), nullable=False),
    sa.Column('nth', sa.Integer(), nullable=False),
    sa.Column('paired', sa.Boolean(), nullable=False),
    sa.Column('agent_id', sa.Uuid(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('week', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('form', sa.String(), nullable=False),
    sa.Column('questions', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('reviewer_id', sa.Uuid(), nullable=True),
    sa.Column('reviewer', sa.String(), nullable=False),
    sa.Column('answers', sa.JSON(), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('written_in', sa.String(), nullable=False),
    sa.Column('score', sa.Float(), nullable=True),
    sa.Column('failed', sa.Boolean(), nullable=False),
    sa.Column('drawn_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('said', sa.String(), nullable=False),
    sa.Column('said_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('replied', sa.String(), nullable=False),
    sa.Column('replied_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('mended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'given') = (given_at IS NOT NULL)", name=op.f('ck_review_given')),
    sa.CheckConstraint("(state = 'waiting') = (reviewer_id IS NULL)", name=op.f('ck_review_taken')),
    sa.CheckConstraint("state IN ('waiting', 'draft', 'given')", name=op.f('ck_review_state')),
    sa.PrimaryKeyConstraint('customer_id', 'review_id', name=op.f('pk_review')),
    sa.UniqueConstraint('customer_id', 'interaction_id', 'nth', name=op.f('uq_review_customer_id_interaction_id_nth')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('review', schema=None) as batch_op:
        batch_op.create_index('ix_review_agent', ['agent_id', 'given_at'], unique=False)
        batch_op.create_index('ix_review_state', ['state', 'week'], unique=False)
        batch_op.create_index('ix_review_week', ['week'], unique=False)

    op.create_table('review_past',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('past_id', sa.Uuid(), nullable=False),
    sa.Column('review_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('answers', sa.JSON(), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('failed', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'past_id', name=op.f('pk_review_past')),
    sqlite_with_rowid=False
    )


def downgrade() -> None:
    op.drop_table('review_past')
    with op.batch_alter_table('review', schema=None) as batch_op:
        batch_op.drop_index('ix_review_week')
        batch_op.drop_index('ix_review_state')
        batch_op.drop_index('ix_review_agent')

    op.drop_table('review')
