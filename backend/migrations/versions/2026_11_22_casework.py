"""How a case stands: its state, who has it, by when what is due; what was written in it; drafts; teams

Revision: 2026_11_22_casework, after 2026_11_22_searching
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_casework'
down_revision = '2026_11_22_searching'
branch_labels = None
depends_on = None

STATES = "'new', 'open', 'pending', 'snoozed', 'resolved', 'closed', 'reopened'"
ACTIVE = {'sqlite_where': sa.text('active'), 'postgresql_where': sa.text('active')}
FAR = datetime(9000, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    op.create_table('case_work',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('priority', sa.String(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=True),
    sa.Column('staff', sa.String(), nullable=False),
    sa.Column('team', sa.String(), nullable=False),
    sa.Column('tags', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('paused_seconds', sa.Integer(), nullable=False),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('waits_for', sa.String(), nullable=False),
    sa.Column('first_due', sa.DateTime(timezone=True), nullable=True),
    sa.Column('solve_due', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('wake_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('burns_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('unanswered', sa.Boolean(), nullable=False),
    sa.Column('merged_into', sa.Uuid(), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(), nullable=False),
    sa.CheckConstraint(f"status IN ({STATES})", name=op.f('ck_case_work_status')),
    sa.CheckConstraint("active = (status NOT IN ('resolved', 'closed'))", name=op.f('ck_case_work_active')),
    sa.CheckConstraint("(status = 'snoozed') <= (wake_at IS NOT NULL)", name=op.f('ck_case_work_wake')),
    sa.CheckConstraint("version > 0", name=op.f('ck_case_work_version')),
    sa.PrimaryKeyConstraint('customer_id', 'case_id', name=op.f('pk_case_work')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_case_work_burns', 'case_work', ['burns_at', 'case_id'], unique=False, **ACTIVE)
    op.create_index('ix_case_work_staff', 'case_work', ['staff_id', 'burns_at'], unique=False, **ACTIVE)
    op.create_index('ix_case_work_team', 'case_work', ['team', 'burns_at'], unique=False, **ACTIVE)
    op.create_index('ix_case_work_wake', 'case_work', ['wake_at'], unique=False, **ACTIVE)
    op.create_index('ix_case_work_resolved', 'case_work', ['resolved_at'], unique=False)
    op.create_table('case_message',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('message_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=True),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('copied_from', sa.Uuid(), nullable=True),
    sa.CheckConstraint("kind IN ('customer', 'agent', 'note')", name=op.f('ck_case_message_kind')),
    sa.PrimaryKeyConstraint('customer_id', 'case_id', 'message_id', name=op.f('pk_case_message')),
    sqlite_with_rowid=False
    )
    op.create_table('case_draft',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'case_id', 'staff_id', name=op.f('pk_case_draft')),
    sqlite_with_rowid=False
    )
    op.create_table('team_member',
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('team', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('staff_id', 'team', name=op.f('pk_team_member')),
    sqlite_with_rowid=False
    )
    _cases_as_they_stand()


def downgrade() -> None:
    op.drop_table('team_member')
    op.drop_table('case_draft')
    op.drop_table('case_message')
    op.drop_table('case_work')


def _cases_as_they_stand() -> None:
    """Cases of the release before: no service level was promised for them, and nobody has them."""
    instant = sa.DateTime(timezone=True)
    case = sa.table('customer_case', *(sa.column(name) for name in ('customer_id', 'case_id', 'kind', 'state', 'opened_by', 'closed_by')),
                    sa.column('opened_at', instant), sa.column('closed_at', instant))
    names = ('customer_id', 'case_id', 'status', 'active', 'type', 'priority', 'staff', 'team', 'tags', 'version', 'began_at', 'paused_seconds',
             'waits_for', 'resolved_at', 'burns_at', 'unanswered', 'changed_at', 'changed_by')
    work = sa.table('case_work', *(sa.column(name) for name in names))
    none = sa.literal('')
    rows = sa.select(
        case.c.customer_id, case.c.case_id,
        sa.case((case.c.state == 'open', 'open'), (case.c.state == 'done', 'resolved'), else_='closed'),
        case.c.state == 'open', none, none, none, none, sa.cast(sa.literal('[]'), sa.JSON) if op.get_bind().dialect.name == 'postgresql' else sa.literal('[]'), sa.literal(1),
        case.c.opened_at, sa.literal(0), none, case.c.closed_at, sa.literal(FAR, instant), sa.literal(False),
        sa.func.coalesce(case.c.closed_at, case.c.opened_at), sa.case((case.c.closed_by == '', case.c.opened_by), else_=case.c.closed_by),
    ).where(case.c.kind == 'case')
    op.execute(work.insert().from_select(list(names), rows))
