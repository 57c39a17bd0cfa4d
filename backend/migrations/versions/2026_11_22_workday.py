"""The working day: promises as tasks, and what came out of what an agent asked

Revision: 2026_11_22_workday, after 2026_11_22_casefiles
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_workday'
down_revision = '2026_11_23_wise'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('task',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('task_id', sa.Uuid(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('staff', sa.String(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('interaction_id', sa.Uuid(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_by', sa.String(), nullable=False),
    sa.CheckConstraint("state IN ('open', 'done')", name=op.f('ck_task_state')),
    sa.CheckConstraint("(state = 'open') = (done_at IS NULL)", name=op.f('ck_task_done')),
    sa.PrimaryKeyConstraint('customer_id', 'task_id', name=op.f('pk_task')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_task_open', 'task', ['staff_id', 'due_at'], unique=False, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    op.create_table('staff_notice',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('notice_id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('detail', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('approved', 'refused')", name=op.f('ck_staff_notice_kind')),
    sa.PrimaryKeyConstraint('customer_id', 'notice_id', name=op.f('pk_staff_notice')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_staff_notice_unseen', 'staff_notice', ['staff_id', 'at'], unique=False, sqlite_where=sa.text('seen_at IS NULL'), postgresql_where=sa.text('seen_at IS NULL'))
    op.create_index('ix_customer_case_to_call', 'customer_case', ['opened_at'], unique=False, sqlite_where=sa.text("state = 'open' AND kind = 'callback'"), postgresql_where=sa.text("state = 'open' AND kind = 'callback'"))
    op.create_table('desk_place',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('staff', sa.String(), nullable=False),
    sa.Column('is_tab', sa.Boolean(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('gone', sa.Boolean(), nullable=False),
    sa.Column('looked_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'staff_id', 'case_id', name=op.f('pk_desk_place')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_desk_place_staff', 'desk_place', ['staff_id', 'seen_at'], unique=False)
    op.create_table('desk_draft',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'staff_id', 'place', name=op.f('pk_desk_draft')),
    sqlite_with_rowid=False
    )
    op.create_index(op.f('ix_desk_draft_saved_at'), 'desk_draft', ['saved_at'], unique=False)
    op.create_table('case_writing',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('staff', sa.String(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'case_id', name=op.f('pk_case_writing')),
    sqlite_with_rowid=False
    )
    op.add_column('case_draft', sa.Column('version', sa.Integer(), nullable=False, server_default=sa.text('1')))
    op.create_table('staff_skill',
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('skill', sa.String(), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.staff_id'], name=op.f('fk_staff_skill_staff_id_staff')),
    sa.PrimaryKeyConstraint('staff_id', 'skill', name=op.f('pk_staff_skill'))
    )
    op.add_column('call', sa.Column('offers', sa.Boolean(), nullable=False, server_default=sa.text('false')))
    op.add_column('call', sa.Column('queue', sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column('call', sa.Column('skill', sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column('call', sa.Column('ring_seconds', sa.Integer(), nullable=False, server_default=sa.text('20')))
    op.add_column('call', sa.Column('offered_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('call', sa.Column('asked', sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column('call', sa.Column('held_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('interaction', sa.Column('held_seconds', sa.Integer(), nullable=False, server_default=sa.text('0')))
    op.add_column('interaction', sa.Column('holds', sa.Integer(), nullable=False, server_default=sa.text('0')))


def downgrade() -> None:
    op.drop_column('interaction', 'holds')
    op.drop_column('interaction', 'held_seconds')
    for name in ('held_at', 'asked', 'offered_at', 'ring_seconds', 'skill', 'queue', 'offers'):
        op.drop_column('call', name)
    op.drop_table('staff_skill')
    op.drop_column('case_draft', 'version')
    op.drop_table('case_writing')
    op.drop_table('desk_draft')
    op.drop_table('desk_place')
    op.drop_index('ix_customer_case_to_call', table_name='customer_case')
    op.drop_table('staff_notice')
    op.drop_table('task')
