"""What the rules may read of one customer: the names of the profile's snapshot, what the ledger tells, and the holding's. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from backend.engine import contact
from backend.engine.facts import TAKEN, Configuration, Ledger, OfferFact
from backend.profiles.snapshot import Snapshot
from backend.rules.service import Context


def context_of(
    snapshot: Snapshot, ledger: Ledger, configuration: Configuration, live: Iterable[OfferFact], subject: str = ""
) -> Context:
    """All that rules may read: the snapshot's names, what the ledger tells, and what is known of the holding, if for one."""
    today = date.fromisoformat(snapshot.today)
    year_ago = today - timedelta(days=365)
    recent = [o for o in ledger.offers if o.answered_on is not None and o.answered_on > year_ago]
    values = snapshot.names() | {
        "accepted": sorted({o.treatment for o in recent if o.state in TAKEN}),
        "declined": sorted({o.treatment for o in recent if o.state == "declined"}),
        "presentations_30d": contact.presentations(ledger, today),
        "concessions_12m": contact.concessions(ledger, today),
    }
    return Context(values | known_of(snapshot, subject), needed_by(configuration, live))


def known_of(snapshot: Snapshot, subject: str) -> dict[str, Any]:
    """The names that rules read of one holding; none where the customer does not have it any more."""
    holding = next((h for h in snapshot.holdings if h.holding_id == subject), None) if subject else None
    return {f"{holding.kind}_{key}": value for key, value in holding.attributes.items()} if holding else {}


def needed_by(configuration: Configuration, live: Iterable[OfferFact]) -> frozenset[str]:
    """The names that rules of the catalogue in force read, and of those that these offers were made with."""
    needed = configuration.catalogue.needed
    for offer in live:
        needed |= configuration.catalogue_of(offer.catalogue_version).needed
    return needed
