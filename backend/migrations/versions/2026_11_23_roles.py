"""More roles of staff: senior agent, quality, read-only

Revision: 2026_11_23_roles, after 2026_11_23_alert
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_roles'
down_revision = '2026_11_23_alert'
branch_labels = None
depends_on = None

BEFORE = "role IN ('agent', 'supervisor', 'author', 'admin')"
NOW = "role IN ('agent', 'senior_agent', 'supervisor', 'quality', 'author', 'admin', 'read_only')"


def upgrade() -> None:
    _constrain(NOW)


def downgrade() -> None:
    # Nobody gets more than they had; who only read must not begin to serve, and leaves.
    op.execute("UPDATE staff SET role = 'agent' WHERE role = 'senior_agent'")
    op.execute("UPDATE staff SET role = 'agent', is_active = false WHERE role IN ('quality', 'read_only')")
    _constrain(BEFORE)


def _constrain(roles: str) -> None:
    if op.get_bind().dialect.name != 'sqlite':
        op.drop_constraint(op.f('ck_staff_role'), 'staff', type_='check')
        op.create_check_constraint(op.f('ck_staff_role'), 'staff', roles)
        return
    # SQLite changes no constraint in place: the table is made anew, and takes the name to which others point.
    op.create_table('staff_anew',
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint(roles, name=op.f('ck_staff_role')),
    sa.PrimaryKeyConstraint('staff_id', name=op.f('pk_staff')),
    sa.UniqueConstraint('email', name=op.f('uq_staff_email'))
    )
    names = 'staff_id, email, name, role, is_active, created_at'
    op.execute(f'INSERT INTO staff_anew ({names}) SELECT {names} FROM staff')
    op.drop_table('staff')
    op.rename_table('staff_anew', 'staff')
