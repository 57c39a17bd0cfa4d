"""What is learned from answers: examples, what their vectors mean, and the epochs made of them

Revision: 2026_11_24_learning, after 2026_11_23_reports
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_learning'
down_revision = '2026_11_23_reports'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('learning_example',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('offer_id', sa.Uuid(), nullable=False),
    sa.Column('treatment', sa.String(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('columns', sa.String(), nullable=False),
    sa.Column('x', sa.LargeBinary(), nullable=False),
    sa.Column('chance', sa.Float(), nullable=True),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('learned_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('waiting','taken','untaken')", name=op.f('ck_learning_example_state')),
    sa.PrimaryKeyConstraint('customer_id', 'offer_id', name=op.f('pk_learning_example')),
    sqlite_with_rowid=False
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index('ix_learning_example_due', 'learning_example', ['due_at'], unique=False, sqlite_where=waiting, postgresql_where=waiting)
    op.create_index('ix_learning_example_learned_at', 'learning_example', ['learned_at'], unique=False)
    op.create_table('learning_shape',
    sa.Column('shape', sa.String(), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('shape', name=op.f('pk_learning_shape'))
    )
    op.create_table('learning_epoch',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('examples', sa.Integer(), nullable=False),
    sa.Column('report', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_learning_epoch'))
    )
    op.add_column('decision', sa.Column('features', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('decision', 'features')
    for table in ('learning_epoch', 'learning_shape', 'learning_example'):
        op.drop_table(table)
