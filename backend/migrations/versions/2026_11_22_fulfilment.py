"""Work that outlives a contact, credits, and what fulfilment did, so that it can be taken back

Revision: 2026_11_22_fulfilment, after 2026_11_22_drafts
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_fulfilment'
down_revision = '2026_11_22_drafts'
branch_labels = None
depends_on = None

BEFORE = "state IN ('open','presented','accepted','fulfilled','declined','deferred','expired','withdrawn','pending_approval','superseded')"
AFTER = BEFORE.replace("'superseded'", "'superseded','undone'")


def upgrade() -> None:
    op.create_table('credit',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('credit_id', sa.Uuid(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('amount_minor', sa.Integer(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('booked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('bill_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint('amount_minor > 0', name=op.f('ck_credit_amount')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_credit_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', 'credit_id', name=op.f('pk_credit')),
    sqlite_with_rowid=False
    )
    op.create_table('customer_case',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('wish', sa.String(), nullable=False),
    sa.Column('day', sa.Date(), nullable=True),
    sa.Column('offer_id', sa.Uuid(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.String(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.CheckConstraint("(kind = 'appointment') = (day IS NOT NULL)", name=op.f('ck_customer_case_day')),
    sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f('ck_customer_case_closed')),
    sa.CheckConstraint("kind IN ('case', 'callback', 'appointment')", name=op.f('ck_customer_case_kind')),
    sa.CheckConstraint("state IN ('open', 'done', 'cancelled')", name=op.f('ck_customer_case_state')),
    sa.PrimaryKeyConstraint('customer_id', 'case_id', name=op.f('pk_customer_case')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_customer_case_day', 'customer_case', ['day'], unique=False, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    op.create_index('uq_customer_case_offer', 'customer_case', ['customer_id', 'offer_id'], unique=True)
    op.create_table('fulfilment',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('offer_id', sa.Uuid(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changes', sa.JSON(), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('left_alone', sa.JSON(), nullable=True),
    sa.PrimaryKeyConstraint('customer_id', 'offer_id', name=op.f('pk_fulfilment')),
    sqlite_with_rowid=False
    )
    _offers(AFTER)
    op.add_column('offer', sa.Column('undo_until', sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column('offer', 'undo_until')
    # What was taken back is a decline to a release that knows no taking back.
    op.execute("UPDATE offer SET state = 'declined' WHERE state = 'undone'")
    _offers(BEFORE)
    op.drop_table('fulfilment')
    op.drop_table('customer_case')
    op.drop_table('credit')


def _offers(states: str) -> None:
    """Another list of states; SQLite makes the table anew for it."""
    with op.batch_alter_table('offer', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_offer_state'), type_='check')
        batch_op.create_check_constraint(op.f('ck_offer_state'), sa.text(states))
