"""In which group a customer is, what is tried and what it came to, and what runs

Revision: 2026_11_23_proof, after 2026_11_23_reports
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_proof'
down_revision = '2026_11_24_learning'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('assignment',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('arm', sa.String(), nullable=False),
    sa.Column('assigned_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('life_cycle', sa.String(), nullable=False),
    sa.Column('segments', sa.JSON(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('mixed', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'rule', name=op.f('pk_assignment'))
    )
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.create_index('ix_assignment_rule', ['rule', 'customer_id'], unique=False)

    op.create_table('trial_look',
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('found', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('rule', 'at', name=op.f('pk_trial_look'))
    )
    op.create_table('experiment',
    sa.Column('experiment_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('arms', sa.JSON(), nullable=False),
    sa.Column('share', sa.Float(), nullable=False),
    sa.Column('segment', sa.String(), nullable=False),
    sa.Column('metric', sa.String(), nullable=False),
    sa.Column('window_days', sa.Integer(), nullable=False),
    sa.Column('usual', sa.Float(), nullable=False),
    sa.Column('spread', sa.Float(), nullable=False),
    sa.Column('lift', sa.Float(), nullable=False),
    sa.Column('power', sa.Float(), nullable=False),
    sa.Column('needed', sa.Integer(), nullable=False),
    sa.Column('guardrails', sa.JSON(), nullable=False),
    sa.Column('treatments', sa.JSON(), nullable=False),
    sa.Column('trigger', sa.String(), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.Column('made_by_id', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('returned_words', sa.String(), nullable=True),
    sa.Column('approved_by', sa.String(), nullable=True),
    sa.Column('approved_by_id', sa.String(), nullable=True),
    sa.Column('base_version', sa.Integer(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.String(), nullable=True),
    sa.Column('ended_words', sa.String(), nullable=True),
    sa.Column('winner', sa.String(), nullable=True),
    sa.Column('looked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state IN ('running','stopped','decided')) = (started_at IS NOT NULL)", name=op.f('ck_experiment_started')),
    sa.CheckConstraint("(state IN ('stopped','decided')) = (ended_at IS NOT NULL)", name=op.f('ck_experiment_ended')),
    sa.CheckConstraint("state IN ('draft','asked','running','stopped','decided','withdrawn')", name=op.f('ck_experiment_state')),
    sa.CheckConstraint('approved_by_id IS NULL OR approved_by_id <> made_by_id', name=op.f('ck_experiment_second_person')),
    sa.CheckConstraint('share > 0 AND share <= 1', name=op.f('ck_experiment_share')),
    sa.ForeignKeyConstraint(['base_version'], ['catalogue_version.version'], name=op.f('fk_experiment_base_version_catalogue_version')),
    sa.PrimaryKeyConstraint('experiment_id', name=op.f('pk_experiment'))
    )
    with op.batch_alter_table('experiment', schema=None) as batch_op:
        batch_op.create_index('ix_experiment_running', ['started_at'], unique=False, sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'"))

    with op.batch_alter_table('configuration_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('experiments', sa.JSON(), nullable=False, server_default='[]'))
    with op.batch_alter_table('configuration_version', schema=None) as batch_op:
        batch_op.alter_column('experiments', existing_type=sa.JSON(), server_default=None)




def downgrade() -> None:
    with op.batch_alter_table('configuration_version', schema=None) as batch_op:
        batch_op.drop_column('experiments')

    with op.batch_alter_table('experiment', schema=None) as batch_op:
        batch_op.drop_index('ix_experiment_running', sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'"))

    op.drop_table('experiment')
    op.drop_table('trial_look')
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.drop_index('ix_assignment_rule')

    op.drop_table('assignment')
