"""What customers think of us, what they asked for that stands for a while, and new ways to reach them that are being checked

Revision: 2026_11_23_self, after 2026_11_23_usage
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_self'
down_revision = '2026_11_23_usage'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rating',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('thing_id', sa.Uuid(), nullable=False),
    sa.Column('thing', sa.String(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('low_on', sa.Date(), nullable=True),
    sa.Column('rated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("thing IN ('case', 'offer')", name=op.f('ck_rating_thing')),
    sa.CheckConstraint('score BETWEEN 1 AND 5', name=op.f('ck_rating_score')),
    sa.PrimaryKeyConstraint('customer_id', 'thing_id', name=op.f('pk_rating')),
    sqlite_with_rowid=False
    )
    op.create_table('wish',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('told', sa.JSON(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('by_phone', 'closing')", name=op.f('ck_wish_kind')),
    sa.PrimaryKeyConstraint('customer_id', 'kind', name=op.f('pk_wish')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_wish_due', 'wish', ['kind', 'due_at'])
    op.create_index('ix_wish_reference', 'wish', ['reference'])
    op.create_table('contact_change',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('value', sa.String(), nullable=False),
    sa.Column('salt', sa.String(), nullable=False),
    sa.Column('code_hash', sa.String(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('email', 'phone')", name=op.f('ck_contact_change_kind')),
    sa.CheckConstraint('tries >= 0', name=op.f('ck_contact_change_tries')),
    sa.PrimaryKeyConstraint('subject_id', 'kind', name=op.f('pk_contact_change')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_contact_change_until', 'contact_change', ['until'])
    op.add_column('visit', sa.Column('steps', sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('visit') as batch:
        batch.drop_column('steps')
    for name in ('contact_change', 'wish', 'rating'):
        op.drop_table(name)
