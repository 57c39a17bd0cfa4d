"""One-time codes by which a customer sets up an account, signs in, or chooses a new password

Revision: 2026_11_23_entry_codes, after 2026_11_23_entering
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_entry_codes'
down_revision = '2026_11_23_entering'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('entry_code',
    sa.Column('code_id', sa.Uuid(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('salt', sa.String(), nullable=False),
    sa.Column('code_hash', sa.String(), nullable=False),
    sa.Column('token_hash', sa.String(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("purpose IN ('sign-in', 'claim', 'recovery')", name=op.f('ck_entry_code_purpose')),
    sa.CheckConstraint('tries >= 0', name=op.f('ck_entry_code_tries')),
    sa.PrimaryKeyConstraint('code_id', name=op.f('pk_entry_code'))
    )
    op.create_index('ix_entry_code_subject', 'entry_code', ['subject_id'])
    op.create_index('uq_entry_code_token', 'entry_code', ['token_hash'], unique=True)
    op.create_index('ix_entry_code_until', 'entry_code', ['until'])


def downgrade() -> None:
    op.drop_table('entry_code')
