"""What is counted as it arrives: word of whom to count anew, facts, and their sums by local day

Revision: 2026_11_23_reports, after 2026_11_23_reviews
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_reports'
down_revision = '2026_11_23_reviews'
branch_labels = None
depends_on = None


def _sums(*names):
    return [sa.Column(name, sa.BigInteger(), server_default=sa.text('0'), nullable=False) for name in names]


def upgrade() -> None:
    op.add_column('event', sa.Column('staff_id', sa.Uuid(), nullable=True))
    op.create_table('count_due',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('due_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'due_id', name=op.f('pk_count_due')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_count_due_due_id', 'count_due', ['due_id'], unique=False)
    op.create_table('report_contact',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('fact_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('staff', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    *(sa.Column(name, sa.Integer(), nullable=False) for name in (
        'handled', 'handle_seconds', 'wrapped', 'after_seconds', 'transferred', 'asked', 'repeated', 'followed', 'contained', 'score',
        'content')),
    sa.CheckConstraint("kind IN ('contact', 'visit', 'rating')", name=op.f('ck_report_contact_kind')),
    sa.PrimaryKeyConstraint('customer_id', 'fact_id', name=op.f('pk_report_contact')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_report_contact_at', 'report_contact', ['kind', 'at'], unique=False)
    op.create_table('report_contact_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('staff', sa.String(), nullable=False),
    sa.Column('gone', sa.Boolean(), nullable=False),
    *_sums('n', 'handled', 'handle_seconds', 'wrapped', 'after_seconds', 'transferred', 'asked', 'repeated', 'followed', 'contained',
           'score', 'content'),
    sa.PrimaryKeyConstraint('day', 'kind', 'channel', 'staff', 'gone', name=op.f('pk_report_contact_day')),
    sqlite_with_rowid=False
    )
    op.create_table('report_offer',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('fact_id', sa.Uuid(), nullable=False),
    sa.Column('act', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    *(sa.Column(name, sa.String(), nullable=False) for name in (
        'treatment', 'channel', 'staff', 'stage', 'reason', 'segments', 'age', 'gender', 'loyalty')),
    *(sa.Column(name, sa.Integer(), nullable=False) for name in ('taken', 'undone', 'fulfilled', 'conceded')),
    sa.Column('value_minor', sa.BigInteger(), nullable=False),
    sa.Column('cost_minor', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'fact_id', 'act', name=op.f('pk_report_offer')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_report_offer_at', 'report_offer', ['act', 'at'], unique=False)
    op.create_table('report_offer_day',
    sa.Column('day', sa.Date(), nullable=False),
    *(sa.Column(name, sa.String(), nullable=False) for name in ('split', 'act', 'treatment', 'value', 'channel', 'staff')),
    sa.Column('gone', sa.Boolean(), nullable=False),
    *_sums('n', 'taken', 'undone', 'fulfilled', 'conceded', 'value_minor', 'cost_minor'),
    sa.PrimaryKeyConstraint('day', 'split', 'act', 'treatment', 'value', 'channel', 'staff', 'gone', name=op.f('pk_report_offer_day')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_report_offer_day_staff', 'report_offer_day', ['staff', 'day'], unique=False,
                    sqlite_where=sa.text("split = ''"), postgresql_where=sa.text("split = ''"))
    op.create_table('report_state',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('zone', sa.String(), nullable=False),
    sa.Column('is_counting_anew', sa.Boolean(), nullable=False),
    sa.Column('reached', sa.Uuid(), nullable=True),
    sa.Column('counted_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_report_state'))
    )


def downgrade() -> None:
    for table in ('report_state', 'report_offer_day', 'report_offer', 'report_contact_day', 'report_contact', 'count_due'):
        op.drop_table(table)
    with op.batch_alter_table('event') as event:
        event.drop_column('staff_id')
