"""E-mail that is sent, and e-mail that came in

Revision: 2026_11_22_mail, after 2026_11_22_casefiles
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_mail'
down_revision = '2026_11_22_casefiles'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('mail_received',
    sa.Column('mail_id', sa.Uuid(), nullable=False),
    sa.Column('message_key', sa.String(), nullable=False),
    sa.Column('message_name', sa.String(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('sender', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('quoted', sa.String(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=True),
    sa.Column('part_id', sa.Uuid(), nullable=True),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_by', sa.String(), nullable=False),
    sa.CheckConstraint("state IN ('filed', 'unrecognised', 'dropped', 'automatic')", name=op.f('ck_mail_received_state')),
    sa.PrimaryKeyConstraint('mail_id', name=op.f('pk_mail_received'))
    )
    op.create_index('uq_mail_received_key', 'mail_received', ['message_key'], unique=True)
    op.create_index('ix_mail_received_customer', 'mail_received', ['customer_id'], unique=False)
    op.create_index('ix_mail_received_case', 'mail_received', ['case_id'], unique=False)
    op.create_index('ix_mail_received_sender', 'mail_received', ['sender', 'at'], unique=False)
    op.create_index('ix_mail_received_unknown', 'mail_received', ['at'], unique=False, sqlite_where=sa.text("state = 'unrecognised'"), postgresql_where=sa.text("state = 'unrecognised'"))
    op.create_table('mail_sent',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('mail_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('about_id', sa.Uuid(), nullable=True),
    sa.Column('part_id', sa.Uuid(), nullable=True),
    sa.Column('once', sa.String(), nullable=False),
    sa.Column('recipient', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column("thread", sa.JSON(), nullable=False),
    sa.Column("files", sa.JSON(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('run_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'queued') = (settled_at IS NULL)", name=op.f('ck_mail_sent_settled')),
    sa.CheckConstraint("state IN ('queued', 'sent', 'refused')", name=op.f('ck_mail_sent_state')),
    sa.PrimaryKeyConstraint('customer_id', 'mail_id', name=op.f('pk_mail_sent')),
    sqlite_with_rowid=False
    )
    op.create_index('uq_mail_sent_once', 'mail_sent', ['customer_id', 'once'], unique=True)
    op.create_index('ix_mail_sent_due', 'mail_sent', ['run_at'], unique=False, sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"))
    op.create_index('ix_mail_sent_mail', 'mail_sent', ['mail_id'], unique=False)


def downgrade() -> None:
    op.drop_table('mail_sent')
    op.drop_table('mail_received')
