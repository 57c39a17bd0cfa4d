"""Near matches that are suggested, and merges of two customers with all that they moved

Revision: 2026_11_22_identities, after 2026_11_22_extensions
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_identities'
down_revision = '2026_11_22_extensions'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('duplicate_suggestion',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('other_id', sa.Uuid(), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('weights', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(), nullable=True),
    sa.Column('decided_by_id', sa.String(), nullable=True),
    sa.CheckConstraint("state IN ('open', 'merged', 'distinct')", name=op.f('ck_duplicate_suggestion_state')),
    sa.CheckConstraint('customer_id <> other_id', name=op.f('ck_duplicate_suggestion_two')),
    sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f('ck_duplicate_suggestion_decided')),
    sa.PrimaryKeyConstraint('customer_id', 'other_id', name=op.f('pk_duplicate_suggestion')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_duplicate_suggestion_other_id', 'duplicate_suggestion', ['other_id'])
    op.create_index('ix_duplicate_suggestion_open', 'duplicate_suggestion', ['score', 'customer_id', 'other_id'],
    sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    op.create_table('match_key',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'key', name=op.f('pk_match_key')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_match_key_key', 'match_key', ['key'])
    op.create_table('match_seen',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_match_seen')),
    sqlite_with_rowid=False
    )
    op.create_table('customer_merge',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('merge_id', sa.Uuid(), nullable=False),
    sa.Column('into_id', sa.Uuid(), nullable=False),
    sa.Column('from_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('merged_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('merged_by', sa.String(), nullable=False),
    sa.Column('merged_by_id', sa.String(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('unmerged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('unmerged_by', sa.String(), nullable=True),
    sa.CheckConstraint('(unmerged_at IS NULL) = (unmerged_by IS NULL)', name=op.f('ck_customer_merge_unmerged')),
    sa.PrimaryKeyConstraint('customer_id', 'merge_id', name=op.f('pk_customer_merge'))
    )
    op.create_index('ix_customer_merge_merge_id', 'customer_merge', ['merge_id'])
    op.create_index('ix_customer_merge_from_id', 'customer_merge', ['from_id'],
    sqlite_where=sa.text('unmerged_at IS NULL'), postgresql_where=sa.text('unmerged_at IS NULL'))


    _spell_anew()


# As the rules were on the day of this migration.
PLUS = ("gmail.com", "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "fastmail.com", "proton.me", "protonmail.com")
OLD = {"googlemail.com": "gmail.com", "protonmail.com": "proton.me"}


def _spelled(value: str) -> str:
    name, _, domain = value.partition("@")
    domain = OLD.get(domain, domain)
    if domain in PLUS:
        name = name.partition("+")[0] or name
    if domain == "gmail.com":
        name = name.replace(".", "") or name
    return f"{name}@{domain}"


def _spell_anew() -> None:
    """E-mail addresses that a provider takes for one are one identifier; of two customers who had them, the first keeps it."""
    connection = op.get_bind()
    claims = sa.table("identifier_claim", sa.column("kind"), sa.column("value"), sa.column("customer_id", sa.Uuid()))
    own = sa.table("identifier", sa.column("customer_id", sa.Uuid()), sa.column("kind"), sa.column("value"))
    at = [claims.c.value.like(f"%@{domain}") for domain in (*PLUS, *OLD)]
    found = connection.execute(sa.select(claims).where(claims.c.kind == "email", sa.or_(*at)).order_by(claims.c.customer_id)).all()
    for row in found:
        value = _spelled(row.value)
        if value == row.value:
            continue
        theirs = (own.c.customer_id == row.customer_id, own.c.kind == "email", own.c.value == row.value)
        this = (claims.c.kind == "email", claims.c.value == row.value)
        holder = connection.execute(sa.select(claims.c.customer_id).where(claims.c.kind == "email", claims.c.value == value)).scalar()
        if holder is not None:
            connection.execute(sa.delete(own).where(*theirs))
            connection.execute(sa.delete(claims).where(*this))
            continue
        connection.execute(sa.update(own).where(*theirs).values(value=value))
        connection.execute(sa.update(claims).where(*this).values(value=value))


def downgrade() -> None:
    op.drop_table('customer_merge')
    op.drop_table('match_seen')
    op.drop_table('match_key')
    op.drop_table('duplicate_suggestion')
