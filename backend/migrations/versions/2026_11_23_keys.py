"""Passkeys, authenticators, and codes on paper

Revision: 2026_11_23_keys, after 2026_11_23_entry_codes
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_keys'
down_revision = '2026_11_23_entry_codes'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('passkey',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('passkey_id', sa.Uuid(), nullable=False),
    sa.Column('credential_id', sa.String(), nullable=False),
    sa.Column('public_key', sa.String(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('subject_id', 'passkey_id', name=op.f('pk_passkey')),
    sqlite_with_rowid=False
    )
    op.create_index('uq_passkey_credential', 'passkey', ['subject_id', 'credential_id'], unique=True)
    op.create_table('authenticator',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('secret', sa.String(), nullable=False),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('subject_id', name=op.f('pk_authenticator')),
    sqlite_with_rowid=False
    )
    op.create_table('recovery_code',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('code_hash', sa.String(), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('subject_id', 'code_hash', name=op.f('pk_recovery_code')),
    sqlite_with_rowid=False
    )


def downgrade() -> None:
    for name in ('recovery_code', 'authenticator', 'passkey'):
        op.drop_table(name)
