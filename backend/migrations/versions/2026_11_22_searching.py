"""Customers are found by trigrams, work by its reference; letters that are no accents are folded too

Revision: 2026_11_22_searching, after 2026_11_22_away
"""

import sqlalchemy as sa
from alembic import op

from backend.migrations import search_index

revision = '2026_11_22_searching'
down_revision = '2026_11_22_rfm'
branch_labels = None
depends_on = None

FOLDED = (("ø", "o"), ("ł", "l"), ("đ", "d"), ("ð", "d"), ("þ", "th"), ("æ", "ae"), ("œ", "oe"), ("ı", "i"))


def upgrade() -> None:
    text, several = "search_text", []
    for letter, plain in FOLDED:
        text = f"replace({text}, '{letter}', '{plain}')"
        several.append(f"search_text LIKE '%{letter}%'")
    op.get_bind().execute(sa.text(f"UPDATE customer SET search_text = {text} WHERE {' OR '.join(several)}"))
    op.create_index('ix_customer_case_reference', 'customer_case', ['reference'])
    search_index.ensure(op.get_bind())


def downgrade() -> None:
    search_index.drop(op.get_bind())
    op.drop_index('ix_customer_case_reference', 'customer_case')
