"""What needs the customer, each one line and one act, the most pressing first: bills, an answer, a visit, an offer that ends. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from backend.cases.types import Case
from backend.interactions.service import day
from backend.overview.types import Need
from backend.treatments.cards import CustomerCard
from shared.kernel.languages import gettext as _

MOST = 3
SOON = timedelta(days=7)
_FIRST = ("closing", "payment", "bill", "answer", "appointment", "offer", "complaint", "case")


@dataclass(frozen=True, slots=True)
class Known:
    """What else is known, beside the bills, when the first page is drawn."""

    work: tuple[Case, ...]
    waiting: Mapping[UUID, str]
    """The cases in which we wait for them, with what each is about."""
    cards: Sequence[CustomerCard]
    closes_on: date | None


def needs(known_already: Sequence[Need], known: Known, today: date) -> tuple[Need, ...]:
    """At most three, those of the bills among them."""
    more = [*known_already, *_more(known, today)]
    if known.waiting:
        more = [one for one in more if one.kind != "case"]
    return tuple(sorted(more, key=lambda one: _FIRST.index(one.kind) if one.kind in _FIRST else len(_FIRST))[:MOST])


def _more(known: Known, today: date) -> Iterator[Need]:
    if known.closes_on is not None:
        yield Need("closing", _("Your account closes on %(day)s.", day=day(known.closes_on)), _("Keep it"), "closing")
    for case_id, subject in known.waiting.items():
        text = _("We wait for your answer: %(subject)s", subject=subject or _("Your case"))
        yield Need("answer", text, _("Answer"), "case", case_id)
    visits = [one for one in known.work if one.kind == "appointment" and one.day is not None and one.day >= today]
    for visit in sorted(visits, key=lambda one: (one.day or today, one.case_id))[:1]:
        text = _("We come on %(day)s: %(subject)s", day=day(visit.day), subject=visit.subject)
        where = ("offer", visit.offer_id) if visit.offer_id else ("cases", None)
        yield Need("appointment", text, _("See the visit"), *where)
    for card in known.cards[:1]:
        if card.valid_until <= today + SOON:
            text = _("Yours until %(day)s: %(headline)s", day=day(card.valid_until), headline=card.headline)
            yield Need("offer", text, _("Look at it"), "offer", card.offer_id)
