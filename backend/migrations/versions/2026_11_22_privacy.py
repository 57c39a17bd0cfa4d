"""The ledger of consents with its wordings, verified callers, looks, kept records, erasures, and retention

Revision: 2026_11_22_privacy, after 2026_11_22_identities
"""

import hashlib
from datetime import UTC

import sqlalchemy as sa
from alembic import op

from shared.kernel import ids


revision = '2026_11_22_privacy'
down_revision = '2026_11_22_identities'
branch_labels = None
depends_on = None

STATES = "state IN ('granted', 'denied', 'withdrawn')"
BEFORE = "state IN ('granted', 'denied')"
MANY = 5_000


def upgrade() -> None:
    _consent(STATES)
    op.create_table('consent_wording',
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('purpose', 'version', name=op.f('pk_consent_wording')),
    sa.UniqueConstraint('purpose', 'digest', name=op.f('uq_consent_wording_purpose_digest'))
    )
    op.create_table('consent_entry',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('entry_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('wording_version', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_kind', sa.String(), nullable=False),
    sa.Column('by_name', sa.String(), nullable=False),
    sa.CheckConstraint(STATES, name=op.f('ck_consent_entry_state')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_consent_entry_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', 'entry_id', name=op.f('pk_consent_entry')),
    sqlite_with_rowid=False
    )
    _begin_ledger()
    op.create_table('erased_customer',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('swept_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_erased_customer'))
    )
    op.create_table('look',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.String(), nullable=False),
    sa.Column('page', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_kind', sa.String(), nullable=False),
    sa.Column('actor_name', sa.String(), nullable=False),
    sa.Column('interaction_id', sa.Uuid(), nullable=True),
    sa.PrimaryKeyConstraint('customer_id', 'since', 'actor_id', 'page', name=op.f('pk_look')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_look_since', 'look', ['since'], unique=False)
    op.create_table('kept_record',
    sa.Column('record_id', sa.Uuid(), nullable=False),
    sa.Column('of', sa.String(), nullable=False),
    sa.Column('ground', sa.String(), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('kept_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('record_id', name=op.f('pk_kept_record'))
    )
    op.create_index('ix_kept_record_until', 'kept_record', ['until'], unique=False)
    op.create_table('retention_run',
    sa.Column('run_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('of', sa.String(), nullable=False),
    sa.Column('before', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('run_id', name=op.f('pk_retention_run'))
    )
    op.add_column('interaction', sa.Column('verified_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('interaction', sa.Column('verified_how', sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column('interaction', 'verified_how')
    op.drop_column('interaction', 'verified_at')
    for table in ('retention_run', 'kept_record', 'look', 'erased_customer', 'consent_entry', 'consent_wording'):
        op.drop_table(table)
    op.execute("UPDATE consent SET state = 'denied' WHERE state = 'withdrawn'")
    if op.get_bind().dialect.name == 'sqlite':
        _anew(BEFORE, versioned=False)
    else:
        op.drop_column('consent', 'wording_version')
        _constrain(BEFORE)


def _consent(states: str) -> None:
    if op.get_bind().dialect.name == 'sqlite':
        _anew(states, versioned=True)
    else:
        op.add_column('consent', sa.Column('wording_version', sa.Integer(), server_default=sa.text('1'), nullable=False))
        _constrain(states)


def _constrain(states: str) -> None:
    op.drop_constraint(op.f('ck_consent_state'), 'consent', type_='check')
    op.create_check_constraint(op.f('ck_consent_state'), 'consent', states)


def _anew(states: str, *, versioned: bool) -> None:
    """SQLite changes no constraint in place: the table is made anew, in the order of its key as before."""
    more = [sa.Column('wording_version', sa.Integer(), server_default=sa.text('1'), nullable=False)] if versioned else []
    op.rename_table('consent', 'consent_before')
    op.create_table('consent',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('wording', sa.String(), nullable=False),
    *more,
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint(states, name=op.f('ck_consent_state')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_consent_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', 'purpose', 'channel', name=op.f('pk_consent')),
    sqlite_with_rowid=False
    )
    names = 'customer_id, purpose, channel, state, source, wording, at'
    op.execute(f'INSERT INTO consent ({names}) SELECT {names} FROM consent_before')
    op.drop_table('consent_before')


def _begin_ledger() -> None:
    """What stands is the first entry of each customer's ledger, and each text in use a version of its purpose's wording."""
    connection = op.get_bind()
    said = [sa.column(name, sa.String()) for name in ('purpose', 'channel', 'state', 'source', 'wording')]
    at, version = sa.column('at', sa.DateTime(timezone=True)), sa.column('wording_version', sa.Integer())
    consent = sa.table('consent', sa.column('customer_id', sa.Uuid()), *said, at, version)
    first = sa.func.min(consent.c.at, type_=sa.DateTime(timezone=True))
    texts = connection.execute(
        sa.select(consent.c.purpose, consent.c.wording, first.label('at'))
        .group_by(consent.c.purpose, consent.c.wording).order_by(consent.c.purpose, first, consent.c.wording)
    ).all()
    wording = sa.table(
        'consent_wording', *(sa.column(n, sa.String()) for n in ('purpose', 'digest', 'text')), sa.column('version', sa.Integer()),
        sa.column('at', sa.DateTime(timezone=True)),
    )
    known: list[str] = []
    for purpose, text, since in texts:
        known.append(purpose)
        nth = known.count(purpose)
        digest = hashlib.sha256(text.encode()).hexdigest()
        connection.execute(wording.insert().values(purpose=purpose, version=nth, digest=digest, text=text, at=since))
        if nth > 1:
            same = (consent.c.purpose == purpose) & (consent.c.wording == text)
            connection.execute(consent.update().where(same).values(wording_version=nth))
    entry = sa.table(
        'consent_entry', *(sa.column(n, sa.Uuid()) for n in ('customer_id', 'entry_id')),
        *(sa.column(n, sa.String()) for n in ('purpose', 'channel', 'state', 'source', 'by_kind', 'by_name')),
        sa.column('wording_version', sa.Integer()), sa.column('at', sa.DateTime(timezone=True)),
    )
    rows = [
        {
            'customer_id': row.customer_id, 'entry_id': ids.uuid7(row.at.replace(tzinfo=UTC)), 'purpose': row.purpose,
            'channel': row.channel, 'state': row.state, 'source': row.source, 'wording_version': row.wording_version,
            'at': row.at, 'by_kind': 'system', 'by_name': 'Evenhand',
        }
        for row in connection.execute(sa.select(consent))
    ]
    for start in range(0, len(rows), MANY):
        connection.execute(entry.insert(), rows[start:start + MANY])
