"""Sign-ins at the portal are rows, devices are known, and tries are counted by whom they come from

Revision: 2026_11_23_entering, after 2026_11_23_sent_files
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_entering'
down_revision = '2026_11_23_sent_files'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('portal_session',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('way', sa.String(), nullable=False),
    sa.Column('device', sa.String(), nullable=False),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('unsent', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('subject_id', 'session_id', name=op.f('pk_portal_session')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_portal_session_seen', 'portal_session', ['seen_at'])
    op.create_table('known_device',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('device', sa.String(), nullable=False),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('subject_id', 'device', name=op.f('pk_known_device')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_known_device_last', 'known_device', ['last_at'])
    op.create_table('entry_try',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_entry_try')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_entry_try_since', 'entry_try', ['since'])
    with op.batch_alter_table('credential') as batch:
        batch.drop_column('paused_until')
        batch.drop_column('wrong_in_a_row')


def downgrade() -> None:
    with op.batch_alter_table('credential') as batch:
        batch.add_column(sa.Column('wrong_in_a_row', sa.Integer(), nullable=False, server_default='0'))
        batch.add_column(sa.Column('paused_until', sa.DateTime(timezone=True), nullable=True))
    op.drop_table('entry_try')
    op.drop_table('known_device')
    op.drop_table('portal_session')
