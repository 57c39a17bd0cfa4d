"""What supervision says to agents; how long callers waited; what the usual length of a contact is told from

Revision: 2026_11_23_floor, after 2026_11_23_staff
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_floor'
down_revision = '2026_11_23_staff'
branch_labels = None
depends_on = None

_ENDED = sa.text("ended_at IS NOT NULL")
_UNREAD = sa.text("dismissed_at IS NULL AND withdrawn_at IS NULL")


def upgrade() -> None:
    op.add_column('call', sa.Column('waited', sa.Integer(), nullable=True))
    op.create_index('ix_call_rang_at', 'call', ['rang_at'])
    op.create_index('ix_interaction_ended', 'interaction', ['ended_at'], sqlite_where=_ENDED, postgresql_where=_ENDED)
    op.create_table(
        'floor_word',
        sa.Column('customer_id', sa.Uuid(), nullable=False),
        sa.Column('word_id', sa.Uuid(), nullable=False),
        sa.Column('interaction_id', sa.Uuid(), nullable=False),
        sa.Column('kind', sa.String(), nullable=False),
        sa.Column('text', sa.String(), nullable=False),
        sa.Column('by_id', sa.Uuid(), nullable=False),
        sa.Column('by_name', sa.String(), nullable=False),
        sa.Column('to_id', sa.Uuid(), nullable=False),
        sa.Column('to_name', sa.String(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('dismissed_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('whisper', 'taken', 'handed', 'given', 'ended')", name=op.f('ck_floor_word_kind')),
        sa.PrimaryKeyConstraint('customer_id', 'word_id', name=op.f('pk_floor_word')),
        sqlite_with_rowid=False,
    )
    op.create_index('ix_floor_word_unread', 'floor_word', ['to_id'], sqlite_where=_UNREAD, postgresql_where=_UNREAD)


def downgrade() -> None:
    op.drop_index('ix_floor_word_unread', table_name='floor_word')
    op.drop_table('floor_word')
    op.drop_index('ix_interaction_ended', table_name='interaction')
    op.drop_index('ix_call_rang_at', table_name='call')
    op.drop_column('call', 'waited')
