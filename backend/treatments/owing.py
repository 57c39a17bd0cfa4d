"""A bill was paid: what was offered about paying, and is not answered yet, must not ask for more than is owed now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.budgets import service as budgets
from backend.engine import service as engine
from backend.engine.facts import terms_from
from backend.interactions import service as interactions
from backend.treatments import cards
from backend.treatments.inputs import Inputs, gather
from backend.treatments.ledger import write
from backend.treatments.locking import lock_ledger, move_ledger
from shared.kernel.actors import SYSTEM

ABOUT_PAYING = "collections"
"""The issue of treatments that are about paying what is owed."""
_NO_MORE = frozenset({"eligible", "applicable", "suitable"})


def bill_paid(session: Session, customer_id: UUID, payload: dict[str, Any], now: datetime) -> None:
    """Withdraws offers about paying whose terms are others now, or for which there is no reason left; a decision makes them anew.

    All other offers keep the terms that were presented: a promise is a promise. Done again, it does nothing.
    """
    lock_ledger(session, customer_id)
    inputs = gather(session, customer_id, now)
    about = [
        row for row in inputs.offers if row.state in ("presented", "deferred") and _issue(row, inputs) == ABOUT_PAYING
    ]
    if not about:
        return
    ids = {str(row.offer_id) for row in about}
    others = tuple(one for one in inputs.ledger.offers if one.offer_id not in ids)
    ruling = engine.decide(inputs.snapshot, replace(inputs.ledger, offers=others), inputs.configuration)
    terms = {(one.treatment, one.subject): one.terms for one in ruling.ranked}
    no_more = {(one.treatment, one.subject) for one in ruling.withheld if one.step in _NO_MORE}
    for row in about:
        key = (row.treatment, row.subject)
        # What an agent altered for them is theirs, as long as there is a reason for it.
        changed = row.supersedes is None and key in terms and terms[key] != terms_from(row.terms)
        if key in no_more or changed:
            _withdraw(session, row, inputs, now)


def _withdraw(session: Session, row: Any, inputs: Inputs, now: datetime) -> None:
    write(session, row, {"state": "withdrawn", "version": row.version + 1})
    budgets.give_back(session, row.customer_id, [row.offer_id])
    interactions.record(session, row.customer_id, "offer.withdrawn", None, SYSTEM, cards.event_data(row, inputs), now)
    move_ledger(session, row.customer_id)


def _issue(row: Any, inputs: Inputs) -> str:
    return inputs.configuration.catalogue_of(row.catalogue_version).treatments[row.treatment].issue
