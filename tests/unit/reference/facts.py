"""What one decision looks at: the customer, their offers, the catalogues; and what can be counted of them. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.unit.reference.customer import Customer

TAKEN = {"accepted", "fulfilled", "pending_approval"}
Treatment = dict[str, Any]
Offer = dict[str, Any]


class Left(Exception):
    """The treatment leaves the funnel: step, rule, what the rule saw."""


@dataclass
class Sight:
    """Everything that the decision is made from. `offers`: oldest first."""

    customer: Customer
    offers: list[Offer]
    configuration: dict[str, Any]
    body: dict[str, Any]
    weights: dict[str, float]
    beta: float
    number: int = 1
    """The customer's id."""

    @property
    def today(self) -> date:
        return self.customer.today

    def treatment(self, key: str, version: int) -> Treatment:
        """The treatment as it was in that version of the catalogue."""
        return next(t for t in treatments_in(self._whole(version)) if t["key"] == key)

    def made_as(self, offer: Offer) -> Treatment:
        return self.treatment(offer["treatment"], offer["version"])

    def members(self, t: Treatment, version: int) -> list[Treatment]:
        """The parts of a bundle, in its order, as they were in that version."""
        return [self.treatment(key, version) for key in t.get("bundle", ())]

    def _whole(self, version: int) -> dict[str, Any]:
        return self.body if version == self.configuration["version"] else self.configuration["older"][version]


def treatments_in(body: dict[str, Any]) -> list[Treatment]:
    return [t for content in body["treatments"].values() for t in content["treatment"]]


def is_live(offer: Offer, today: date) -> bool:
    """Presented, within its date and unanswered; a deferred one again from its day on."""
    if offer["valid_until"] < today:
        return False
    return offer["state"] == "presented" or (offer["state"] == "deferred" and offer["until"] <= today)


def subject_of(offer: Offer) -> str:
    return str(offer.get("subject", ""))


def recent(offers: list[Offer], today: date, but: Offer | None = None) -> int:
    """How many were put to the customer in thirty days."""
    return len(
        [o for o in offers if o is not but and o["state"] != "superseded" and (today - o["presented_on"]).days < 30]
    )


def conceded(offers: list[Offer], today: date) -> float:
    """What was given away in twelve months."""
    taken = [o for o in offers if o["state"] in TAKEN and (today - o["answered_on"]).days < 365]
    return sum((o.get("concession", 0.0) for o in taken), 0.0)


def conflict(sight: Sight, one: str, other: str) -> bool:
    """Whether the catalogue in force lets nobody have both: named or bundled by either, or both of one exclusive group."""
    known = {t["key"]: t for t in treatments_in(sight.body)}
    if one == other or one not in known or other not in known:
        return False
    a, b = known[one], known[other]
    if other in (*a.get("excludes", ()), *a.get("bundle", ())) or one in (*b.get("excludes", ()), *b.get("bundle", ())):
        return True
    return a["group"] == b["group"] and a["group"] in sight.body["pack"]["policies"].get("exclusive_groups", ())


def touching(one: str, other: str) -> bool:
    """Whether two subjects are the same, or one of them is the customer as a whole."""
    return one == other or "" in (one, other)
