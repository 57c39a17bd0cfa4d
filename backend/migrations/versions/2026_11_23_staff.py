"""Joiners, leavers and their sign-ins: staff are invited, leave, and each sign-in at the desk is a row

Revision: 2026_11_23_staff, after 2026_11_23_roles
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_staff'
down_revision = '2026_11_23_roles'
branch_labels = None
depends_on = None

OPEN = sa.text('used_at IS NULL')


def upgrade() -> None:
    op.add_column('staff', sa.Column('left_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('staff', sa.Column('last_in_at', sa.DateTime(timezone=True), nullable=True))
    op.create_table('staff_invitation',
    sa.Column('invitation_id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('teams', sa.JSON(), nullable=False),
    sa.Column('token_digest', sa.String(), nullable=False),
    sa.Column('invited_by', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("role IN ('agent', 'senior_agent', 'supervisor', 'quality', 'author', 'admin', 'read_only')", name=op.f('ck_staff_invitation_role')),
    sa.PrimaryKeyConstraint('invitation_id', name=op.f('pk_staff_invitation'))
    )
    op.create_index('uq_staff_invitation_open', 'staff_invitation', ['email'], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index('uq_staff_invitation_token', 'staff_invitation', ['token_digest'], unique=True)
    op.create_table('staff_session',
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('way', sa.String(), nullable=False),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.staff_id'], name=op.f('fk_staff_session_staff_id_staff')),
    sa.PrimaryKeyConstraint('session_id', name=op.f('pk_staff_session'))
    )
    op.create_index('ix_staff_session_seen', 'staff_session', ['seen_at'], unique=False)
    op.create_index(op.f('ix_staff_session_staff_id'), 'staff_session', ['staff_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_staff_session_staff_id'), table_name='staff_session')
    op.drop_index('ix_staff_session_seen', table_name='staff_session')
    op.drop_table('staff_session')
    op.drop_index('uq_staff_invitation_token', table_name='staff_invitation')
    op.drop_index('uq_staff_invitation_open', table_name='staff_invitation')
    op.drop_table('staff_invitation')
    op.drop_column('staff', 'last_in_at')
    op.drop_column('staff', 'left_at')
