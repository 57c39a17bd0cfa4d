"""Events from outside: what came in, who told what, states as they were last told, devices, and how sure a moment is

Revision: 2026_11_22_tidings, after 2026_11_22_persons
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_tidings'
down_revision = '2026_11_22_persons'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('received',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'message_id', name=op.f('pk_received')),
    sqlite_with_rowid=False
    )
    op.create_index(op.f('ix_received_at'), 'received', ['at'], unique=False)
    op.create_table('told',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('claims', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_told_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_told')),
    sqlite_with_rowid=False
    )
    op.add_column('api_key', sa.Column('source', sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column('customer', sa.Column('is_anonymous', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('customer', sa.Column('states', sa.JSON(), nullable=True))
    op.add_column('customer', sa.Column('states_day', sa.Date(), nullable=True))
    op.create_index(op.f('ix_customer_states_day'), 'customer', ['states_day'], unique=False)
    op.add_column('moment', sa.Column('strength', sa.Float(), server_default=sa.text('1.0'), nullable=False))


def downgrade() -> None:
    op.drop_column('moment', 'strength')
    op.drop_index(op.f('ix_customer_states_day'), table_name='customer')
    op.drop_column('customer', 'states_day')
    op.drop_column('customer', 'states')
    op.drop_column('customer', 'is_anonymous')
    op.drop_column('api_key', 'source')
    op.drop_table('told')
    op.drop_index(op.f('ix_received_at'), table_name='received')
    op.drop_table('received')
