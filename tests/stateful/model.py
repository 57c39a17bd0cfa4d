"""A simple model of one customer's ledger: offers by state and version, and who may answer what. It imports nothing of the product.

What is offered is worked out by the separate reference; everything else is a handful of rules about states.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from tests.unit.reference import decision as reference
from tests.unit.reference.customer import Customer, customer_of
from tests.unit.reference.facts import TAKEN, Sight, conceded, conflict, is_live, touching, treatments_in

Offer = dict[str, Any]
Place = tuple[str, str, int, list[tuple[str, Any]]]
"""Treatment, subject, catalogue version and terms: what a ranking promises."""
LIVE = ("presented", "deferred")


class Model:
    """What must be true of the customer, their offers and the catalogue, after each act."""

    def __init__(self, profile: dict[str, Any], version: int, body: dict[str, Any]) -> None:
        self.profile = profile
        self.bodies = {version: body}
        self.version = version
        self.offers: list[Offer] = []
        """Those that the customer was told of, in the order in which they were."""
        self.fulfilled: list[Any] = []
        """The id of each offer for which something was done, as often as it was."""

    def publish(self, version: int, body: dict[str, Any]) -> None:
        self.version, self.bodies[version] = version, body

    @property
    def body(self) -> dict[str, Any]:
        return self.bodies[self.version]

    @property
    def configuration(self) -> dict[str, Any]:
        older = {version: body for version, body in self.bodies.items() if version != self.version}
        return {"version": self.version, "catalogue": self.body, "older": older, "levers": {}, "prices": {}}

    def customer(self, now: datetime) -> Customer:
        return customer_of(self.profile, self.body, now)

    def decision(self, now: datetime) -> reference.Decision:
        return reference.decide(self.profile, self.offers, self.configuration, now)

    def offer(self, offer_id: Any) -> Offer | None:
        return next((o for o in self.offers if o["id"] == offer_id), None)

    def words_of(self, treatment: str, version: int) -> dict[str, Any]:
        return next(t for t in treatments_in(self.bodies[version]) if t["key"] == treatment)

    def first(self, now: datetime, decision: reference.Decision) -> Offer | None:
        """What must be first in every channel: put to them first in this moment, standing, and still good for them."""
        customer, hidden = decision.customer, decision.withheld
        pinned = [
            o
            for o in self.offers
            if o["first"] and is_live(o, customer.today) and o["moment"] == customer.moment_key
            and reference.name_of(o["treatment"], o["subject"]) not in hidden
        ]  # fmt: skip
        return min(pinned, key=lambda o: str(o["presented_at"]), default=None)

    def expire(self, now: datetime) -> None:
        """Whatever its last day is behind the customer has ended."""
        today = self.customer(now).today
        for o in self.offers:
            if o["state"] in LIVE and o["valid_until"] < today:
                o |= {"state": "expired", "number": o["number"] + 1}

    def refusal(self, row: Any, response: str, now: datetime, seen: int | None, ranked: list[Place]) -> str | None:
        """The name of the refusal of this answer; None where it counts. `ranked`: what the decision of this instant offers."""
        known = self.offer(row.offer_id)
        state, number = (known["state"], known["number"]) if known else ("open", row.version)
        stale = seen is not None and seen != number
        if state in ("withdrawn", "superseded"):
            return "NoLongerOffered"
        if state == "undone" or state in TAKEN:
            return "AlreadyAnswered"
        if state == "expired" or row.valid_until < self.customer(now).today:
            return "Expired"
        if state == "declined" and (response != "accepted" or stale):
            return "AlreadyAnswered"
        if state == "deferred" and response != "presented" and stale:
            return "AlreadyAnswered"
        if state in ("open", "presented") and stale:
            return "Conflict"
        if state != "open":
            return None
        mine = (row.treatment, row.subject, row.catalogue_version, terms_of(row))
        if mine not in ranked or self._too_much(row, now):
            return "NoLongerOffered"
        return None

    def _too_much(self, row: Any, now: datetime) -> bool:
        today = self.customer(now).today
        promised = [o for o in self.offers if o["state"] in LIVE and o["valid_until"] >= today]
        given = conceded(self.offers, today) + sum(o["concession"] for o in promised)
        most = self.body["pack"]["policies"]["concession_cap"]
        return bool(row.concession and given + row.concession > most + 1e-9)

    def present(self, row: Any, now: datetime, first: bool) -> Offer:
        customer = self.customer(now)
        self.offers.append(
            {
                "id": row.offer_id, "treatment": row.treatment, "subject": row.subject, "version": row.catalogue_version,
                "state": "presented", "number": row.version, "terms": terms_of(row), "valid_until": row.valid_until,
                "concession": row.concession, "presented_at": now.isoformat(), "presented_on": customer.today, "first": first,
                "moment": customer.moment_key, "answered_on": None, "until": None, "reason": None, "undo_until": None,
            }
        )  # fmt: skip
        return self.offers[-1]

    def answer(self, o: Offer, response: str, now: datetime, reason: str | None, until: date | None) -> None:
        """An answer that counts."""
        today = self.customer(now).today
        if response == "deferred":
            until = until or min(today + timedelta(days=7), o["valid_until"])
        if response == "accepted":
            days = self.words_of(o["treatment"], o["version"])["fulfilment"].get("undo_days", 0)
            o["undo_until"] = today + timedelta(days=days) if days else None
        o |= {
            "state": response, "number": o["number"] + 1, "answered_on": today, "reason": reason,
            "until": until if response == "deferred" else None,
        }  # fmt: skip
        if response == "accepted":
            self._withdraw_beside(o)

    def _withdraw_beside(self, taken: Offer) -> None:
        sight = Sight(None, [], {}, self.body, {}, 0.0)  # type: ignore[arg-type]
        for o in self.offers:
            if (
                o["state"] in LIVE
                and touching(o["subject"], taken["subject"])
                and conflict(sight, o["treatment"], taken["treatment"])
            ):
                o |= {"state": "withdrawn", "number": o["number"] + 1}

    def fulfil(self) -> None:
        """All that was accepted is done, once."""
        for o in self.offers:
            if o["state"] == "accepted":
                o |= {"state": "fulfilled", "number": o["number"] + 1}
                self.fulfilled.append(o["id"])
                act = self.words_of(o["treatment"], o["version"])["fulfilment"]
                self.profile["attributes"] |= act.get("set", {})

    def undoing(self, row: Any, now: datetime, seen: int | None) -> str | None:
        """The name of the refusal of taking it back; None where it counts."""
        o = self.offer(row.offer_id) or {"state": "open"}
        if o["state"] == "undone":
            return "AlreadyAnswered"
        if o["state"] not in ("accepted", "fulfilled"):
            return "NoLongerOffered"
        if o["undo_until"] is None:
            return "NotUndoable"
        if self.customer(now).today > o["undo_until"]:
            return "TooLate"
        if seen not in (None, o["number"]) and not (o["state"] == "fulfilled" and seen == o["number"] - 1):
            return "Conflict"
        return None

    def undo(self, o: Offer, now: datetime) -> None:
        o |= {"state": "undone", "number": o["number"] + 1, "answered_on": self.customer(now).today, "reason": None}


def terms_of(row: Any) -> list[tuple[str, Any]]:
    """An offer row's terms as the reference writes them."""
    return [(term["key"], term["value"]) for term in row.terms]
