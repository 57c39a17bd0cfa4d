"""The contact policy, rule by rule as it is documented. Plain Python."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.unit.reference.customer import Failed, answer_of
from tests.unit.reference.facts import (
    TAKEN,
    Left,
    Offer,
    Sight,
    Treatment,
    conceded,
    conflict,
    subject_of,
    touching,
)
from tests.unit.reference.terms import terms_of


def may_contact(sight: Sight, t: Treatment, subject: str, names: dict[str, Any]) -> list[tuple[str, Any]]:
    """The terms that may be offered. Raises Left at the first rule against it."""
    _its_own_past(sight, t, subject)
    _beside(sight, t, subject)
    for cap in sight.body["pack"].get("cap", ()):
        _capped(sight, t, cap)
    for gap in sight.body["pack"].get("gap", ()):
        _too_soon(sight, t, gap)
    try:
        terms = terms_of(t, names)
        _concession(sight, t, terms, names)
    except Failed:
        raise Left("contact_policy", "terms", {}) from None
    return terms


def _its_own_past(sight: Sight, t: Treatment, subject: str) -> None:
    for o in reversed(sight.offers):
        if (o["treatment"], subject_of(o)) != (t["key"], subject):
            continue
        if o["state"] == "deferred" and o["until"] > sight.today and o["valid_until"] >= sight.today:
            raise Left("contact_policy", "deferred", {"until": o["until"].isoformat()})
        if o["state"] in TAKEN and (sight.today - o["answered_on"]).days < t["repeat_days"]:
            raise Left("contact_policy", "repeat", {"accepted_on": o["answered_on"].isoformat()})
        reasons = {r["key"]: r.get("cool_off_days", 0) for r in sight.body["pack"]["decline_reason"]}
        days = max(t["cool_off_days"], reasons.get(o.get("reason"), 0))
        if o["state"] in ("declined", "undone") and (sight.today - o["answered_on"]).days < days:
            raise Left("contact_policy", "cool_off", {"declined_on": o["answered_on"].isoformat()})


def _beside(sight: Sight, t: Treatment, subject: str) -> None:
    for o in sight.offers:
        if (
            o["state"] not in TAKEN
            or not touching(subject, subject_of(o))
            or not conflict(sight, t["key"], o["treatment"])
        ):
            continue
        if sight.today < o["answered_on"] + timedelta(days=sight.made_as(o)["repeat_days"]):
            raise Left("contact_policy", f"beside:{o['treatment']}", {"accepted_on": o["answered_on"].isoformat()})


def _capped(sight: Sight, t: Treatment, cap: dict[str, Any]) -> None:
    within = _in_scope(sight, t, cap)
    if within is None:
        return
    days = [_outcome_on(o, cap["outcome"]) for o in within]
    count = sum(day is not None and day > sight.today - timedelta(days=cap["days"]) for day in days)
    if count >= cap["most"]:
        raise Left("contact_policy", f"cap:{cap['key']}", {"count": count, "days": cap["days"]})


def _too_soon(sight: Sight, t: Treatment, gap: dict[str, Any]) -> None:
    within = _in_scope(sight, t, gap)
    if not within:
        return
    last = max(o["presented_on"] for o in within)
    if sight.today < last + timedelta(days=gap["days"]):
        raise Left("contact_policy", f"gap:{gap['key']}", {"last": last.isoformat()})


def _in_scope(sight: Sight, t: Treatment, limit: dict[str, Any]) -> list[Offer] | None:
    """The offers that this limit counts for this treatment; None where the limit is not about it."""
    of = limit["of"]
    if of == "all":
        return sight.offers
    field = "key" if of == "treatment" else of
    if limit.get("name") and t[field] != limit["name"]:
        return None
    return [o for o in sight.offers if sight.made_as(o)[field] == t[field]]


def _outcome_on(o: Offer, outcome: str) -> date | None:
    """The day on which the offer had this outcome; None where it had not."""
    if outcome == "presented":
        # One whose terms were altered is told of by the one in its place.
        return None if o["state"] == "superseded" else o["presented_on"]
    states = {"declined"} if outcome == "declined" else TAKEN
    return o["answered_on"] if o["state"] in states else None


def _concession(sight: Sight, t: Treatment, terms: list[tuple[str, Any]], names: dict[str, Any]) -> None:
    marked = [term["key"] for term in t.get("term", []) if term.get("concession")]
    concession = sum(value for key, value in terms if key in marked) / 100
    if not concession:
        return
    policies = sight.body["pack"]["policies"]
    most = policies["concession_cap"]
    if "margin" in policies:
        margin = max(float(answer_of(policies["margin"], names)), 0.0)
        most = min(most, policies.get("concession_share", 1.0) * margin)
    promised = [o for o in sight.offers if o["state"] in ("presented", "deferred") and o["valid_until"] >= sight.today]
    given = conceded(sight.offers, sight.today) + sum(o.get("concession", 0.0) for o in promised)
    if given + concession > most + 1e-9:
        raise Left("contact_policy", "concession_cap", {"concessions_12m": given})
