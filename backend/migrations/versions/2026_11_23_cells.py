"""Contacts are counted by when they began, over all customers; so is what was done with offers, and what customers thought

Revision: 2026_11_23_cells, after 2026_11_23_floor
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_cells'
down_revision = '2026_11_23_floor'
branch_labels = None
depends_on = None


def upgrade() -> None:
    counted = sa.text("kind IN ('case.written', 'offer.presented', 'offer.accepted', 'offer.declined', 'offer.deferred')")
    op.create_index('ix_interaction_started', 'interaction', ['started_at'])
    op.create_index('ix_event_counted', 'event', ['event_id'], sqlite_where=counted, postgresql_where=counted)
    op.create_index('ix_rating_changed_at', 'rating', ['changed_at'])


def downgrade() -> None:
    op.drop_index('ix_rating_changed_at', 'rating')
    op.drop_index('ix_event_counted', 'event')
    op.drop_index('ix_interaction_started', 'interaction')
