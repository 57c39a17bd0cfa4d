"""What a decision reads beside the profile's snapshot: the customer's ledger, and the published configuration. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from backend.engine.catalogue import Catalogue, Treatment
from backend.learning.epoch import NOTHING_LEARNED, Epoch
from backend.proving.rules import Experiment

State = Literal[
    "open",
    "presented",
    "accepted",
    "fulfilled",
    "declined",
    "deferred",
    "expired",
    "withdrawn",
    "pending_approval",
    "superseded",
    "undone",
]
ANSWERED: frozenset[str] = frozenset({"accepted", "fulfilled", "declined", "pending_approval", "undone"})
TAKEN: frozenset[str] = frozenset({"accepted", "fulfilled", "pending_approval"})
SAID_NO: frozenset[str] = frozenset({"declined", "undone"})
"""What was taken back is a decline from that day on."""


class TermValue(NamedTuple):
    """A term's value as frozen: money in minor units, months and days as whole numbers, percent as a number."""

    key: str
    label: str
    unit: str
    value: int | float | str


@dataclass(frozen=True, slots=True)
class OfferFact:
    """One offer, as far as later decisions care. Days are the customer's local days."""

    offer_id: str
    treatment: str
    subject: str
    state: State
    catalogue_version: int
    terms: tuple[TermValue, ...]
    valid_until: date
    presented_at: str | None = None
    presented_on: date | None = None
    presented_first: bool = False
    moment_key: str = ""
    answered_on: date | None = None
    until: date | None = None
    concession: float = 0.0
    reason: str | None = None
    """Why it was declined, as one of the pack's reasons or in the customer's own words."""

    def live(self, today: date) -> bool:
        """Presented, unanswered and within its date: its terms are honoured and it stays in the ranking."""
        if self.valid_until < today or self.presented_on is None:
            return False
        return self.state == "presented" or (
            self.state == "deferred" and self.until is not None and self.until <= today
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """All offers of one customer at one version, oldest first; unpresented ones do not count and are left out."""

    version: int
    offers: tuple[OfferFact, ...] = ()
    assigned: Mapping[str, str] = field(default_factory=dict)
    """Holdout or experiment → the group that was written down when the customer first met it."""

    def to_json(self) -> dict[str, Any]:
        """Lossless; `from_json` gives an equal ledger back."""
        own = {"assigned": dict(self.assigned)} if self.assigned else {}
        return {"version": self.version, "offers": [_offer_json(o) for o in self.offers], **own}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Ledger:
        offers = tuple(_offer_from(o) for o in given["offers"])
        return cls(given["version"], offers, dict(given.get("assigned", {})))


_DATES = ("valid_until", "presented_on", "answered_on", "until")


def _offer_json(offer: OfferFact) -> dict[str, Any]:
    out = {name: getattr(offer, name) for name in OfferFact.__slots__}
    out["terms"] = [terms_json(t) for t in offer.terms]
    return out | {name: out[name].isoformat() if out[name] else None for name in _DATES}


def _offer_from(given: Mapping[str, Any]) -> OfferFact:
    dates = {name: date.fromisoformat(given[name]) if given[name] else None for name in _DATES}
    return OfferFact(**{**given, **dates, "terms": terms_from(given["terms"])})


def terms_json(term: TermValue) -> dict[str, Any]:
    return {"key": term.key, "label": term.label, "unit": term.unit, "value": term.value}


def terms_from(given: Sequence[Mapping[str, Any]]) -> tuple[TermValue, ...]:
    return tuple(TermValue(t["key"], t["label"], t["unit"], t["value"]) for t in given)


@dataclass(frozen=True)
class Configuration:
    """What is published: the catalogue in force, levers and bid prices; and the older catalogues that live offers name."""

    version: int
    catalogue: Catalogue
    older: Mapping[int, Catalogue] = field(default_factory=dict)
    levers: Mapping[str, float] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    """Bid price of one unit of each budget, in major units; none: zero."""
    epoch: Epoch = NOTHING_LEARNED
    """What was learned, as of the epoch that the customer's moment began with."""
    exhausted: frozenset[str] = frozenset()
    """Budgets of which nothing is left: all that a decision knows of them."""
    experiments: tuple[Experiment, ...] = ()
    """Those that run."""
    arms: Mapping[str, str] = field(default_factory=dict)
    """Experiment → the customer's arm, where `catalogue` and `levers` are those that this customer gets."""
    base: Catalogue | None = None
    """The catalogue in force for all, where this customer's is another."""

    @property
    def model_epoch(self) -> int:
        return self.epoch.number

    def catalogue_of(self, version: int) -> Catalogue:
        if version != self.catalogue.version:
            return self.older[version]
        return self.base if self.base is not None and self.base.version == version else self.catalogue

    def treatment_of(self, offer: OfferFact) -> Treatment:
        """The treatment as it was when the offer was made."""
        return self.catalogue_of(offer.catalogue_version).treatments[offer.treatment]

    def cool_off_of(self, reason: str | None) -> int:
        """The days for which a decline for this reason keeps a treatment away, whatever its own time; mostly 0."""
        return next((r.cool_off_days for r in self.catalogue.pack.decline_reasons if r.key == reason), 0)
