"""Calls, contacts at the desk, who is at work and who is at the portal; what comparisons of channels found

Revision: 2026_11_22_calls, after 2026_11_22_changes
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_calls'
down_revision = '2026_11_22_changes'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agent',
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('ready', 'on_call', 'wrap_up', 'away', 'offline')", name=op.f('ck_agent_state')),
    sa.PrimaryKeyConstraint('staff_id', name=op.f('pk_agent'))
    )
    op.create_table('call',
    sa.Column('call_id', sa.Uuid(), nullable=False),
    sa.Column('external_id', sa.String(), nullable=False),
    sa.Column('direction', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('line', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=True),
    sa.Column('staff', sa.String(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=True),
    sa.Column('interaction_id', sa.Uuid(), nullable=True),
    sa.Column('rang_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cause', sa.String(), nullable=True),
    sa.CheckConstraint("direction IN ('inbound', 'outbound')", name=op.f('ck_call_direction')),
    sa.CheckConstraint("state IN ('ringing', 'talking', 'ended')", name=op.f('ck_call_state')),
    sa.PrimaryKeyConstraint('call_id', name=op.f('pk_call')),
    sa.UniqueConstraint('external_id', name=op.f('uq_call_external_id'))
    )
    with op.batch_alter_table('call', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index('ix_call_live', ['staff_id'], unique=False, sqlite_where=sa.text("state <> 'ended'"), postgresql_where=sa.text("state <> 'ended'"))
        batch_op.create_index(batch_op.f('ix_call_staff_id'), ['staff_id'], unique=False)

    op.create_table('parity_check',
    sa.Column('check_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('customers', sa.Integer(), nullable=False),
    sa.Column('compared', sa.Integer(), nullable=False),
    sa.Column('differences', sa.Integer(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('check_id', name=op.f('pk_parity_check'))
    )
    op.create_table('visit',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('interaction_id', sa.Uuid(), nullable=False),
    sa.Column('page', sa.String(), nullable=True),
    sa.Column('page_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_visit')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.create_index('ix_visit_seen_at', ['seen_at'], unique=False)

    with op.batch_alter_table('interaction', schema=None) as batch_op:
        batch_op.add_column(sa.Column('staff_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('is_private', sa.Boolean(), server_default=sa.text('false'), nullable=False))
        batch_op.add_column(sa.Column('notes', sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column('notes_version', sa.Integer(), server_default=sa.text('0'), nullable=False))
        batch_op.add_column(sa.Column('wrap_up_code', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('wrapped_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index('ix_interaction_open', ['staff_id'], unique=False, sqlite_where=sa.text('wrapped_at IS NULL AND staff_id IS NOT NULL'), postgresql_where=sa.text('wrapped_at IS NULL AND staff_id IS NOT NULL'))

    with op.batch_alter_table('offer', schema=None) as batch_op:
        batch_op.create_index('ix_offer_reference', ['reference'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('offer', schema=None) as batch_op:
        batch_op.drop_index('ix_offer_reference')

    with op.batch_alter_table('interaction', schema=None) as batch_op:
        batch_op.drop_index('ix_interaction_open', sqlite_where=sa.text('wrapped_at IS NULL AND staff_id IS NOT NULL'), postgresql_where=sa.text('wrapped_at IS NULL AND staff_id IS NOT NULL'))
        batch_op.drop_column('wrapped_at')
        batch_op.drop_column('wrap_up_code')
        batch_op.drop_column('notes_version')
        batch_op.drop_column('notes')
        batch_op.drop_column('is_private')
        batch_op.drop_column('staff_id')

    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.drop_index('ix_visit_seen_at')

    op.drop_table('visit')
    op.drop_table('parity_check')
    with op.batch_alter_table('call', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_call_staff_id'))
        batch_op.drop_index('ix_call_live', sqlite_where=sa.text("state <> 'ended'"), postgresql_where=sa.text("state <> 'ended'"))
        batch_op.drop_index(batch_op.f('ix_call_customer_id'))

    op.drop_table('call')
    op.drop_table('agent')
