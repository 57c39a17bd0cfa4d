"""The decision, step by step as it is documented, in plain Python.

decision = f(profile, ledger, published configuration, instant). Funnel, for each treatment and each subject that it is for: in
force, what must come before, eligible, applicable, suitable, consent, contact policy, budget, arbitration. Priority = P × (C × V ×
L − price) − attention. C = Σ w·q with w ∝ Π (n + ε); V = (1−β)·(equity − cost) + β·experience; price = Σ bid price × use. A live
offer skips all but suitability, protective states and consent. Of two that exclude each other the one ranked higher stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.unit.reference.contact import may_contact
from tests.unit.reference.customer import Customer, Failed, answer_of, customer_of
from tests.unit.reference.facts import (
    TAKEN,
    Left,
    Offer,
    Sight,
    Treatment,
    conceded,
    conflict,
    is_live,
    recent,
    subject_of,
    touching,
    treatments_in,
)
from tests.unit.reference.holding_out import kept_from
from tests.unit.reference.match import beta_of, weights_of

Evidence = tuple[str, str, dict[str, Any]]
"""Step, rule, and what the rule saw."""


@dataclass
class Place:
    """One treatment that stays, with every part of its priority."""

    treatment: str
    subject: str
    version: int
    propensity: float
    context: float
    value: float
    lever: float
    price: float
    attention: float
    priority: float
    terms: list[tuple[str, Any]]
    valid_until: date
    live: bool
    pinned: bool
    offer: Offer | None = None

    @property
    def name(self) -> str:
        return name_of(self.treatment, self.subject)


@dataclass
class Decision:
    """`withheld` is by name: `films`, or `speed@line1` for one of several subjects."""

    customer: Customer
    ranked: list[Place]
    withheld: dict[str, Evidence]
    weights: dict[str, float] = field(default_factory=dict)


def name_of(treatment: str, subject: str) -> str:
    return f"{treatment}@{subject}" if subject else treatment


def decide(profile: dict[str, Any], offers: list[Offer], configuration: dict[str, Any], now: datetime) -> Decision:
    """`configuration`: version and catalogue (a body) in force, older bodies by version, levers by treatment, prices by budget,
    and the budgets of which nothing is left."""
    sight = _sight(profile, offers, configuration, now)
    ranked: list[Place] = []
    withheld: dict[str, Evidence] = {}
    live = [o for o in sight.offers if is_live(o, sight.today)]
    for offer in live:
        _try(sight, sight.made_as(offer), subject_of(offer), offer, ranked, withheld)
    standing = {(o["treatment"], subject_of(o)) for o in live}
    for t in treatments_in(sight.body):
        for subject in _subjects(sight, t, {} if (t["key"], "") in standing else withheld):
            if (t["key"], subject) not in standing:
                _try(sight, t, subject, None, ranked, withheld)
    return Decision(
        sight.customer, _without_excluded(sight, _ordered(sight, ranked), withheld), withheld, sight.weights
    )


def overridable(
    profile: dict[str, Any], offers: list[Offer], configuration: dict[str, Any], now: datetime
) -> dict[tuple[str, str], Place]:
    """What an agent may choose besides: all that stays without `applicable` and without silence, and stands against no live offer."""
    sight = _sight(profile, offers, configuration, now)
    live = [(o["treatment"], subject_of(o)) for o in sight.offers if is_live(o, sight.today)]
    found: list[Place] = []
    for t in treatments_in(sight.body):
        for subject in _subjects(sight, t, {}):
            against = [k for k, s in live if touching(subject, s) and conflict(sight, t["key"], k)]
            if (t["key"], subject) not in live and not against:
                _try(sight, t, subject, None, found, {}, chosen=True)
    return {(place.treatment, place.subject): place for place in found}


def _sight(profile: dict[str, Any], offers: list[Offer], configuration: dict[str, Any], now: datetime) -> Sight:
    body = configuration["catalogue"]
    customer = customer_of(profile, body, now)
    offers = sorted(offers, key=lambda o: o["presented_at"])
    year = [o for o in offers if o.get("answered_on") and (customer.today - o["answered_on"]).days < 365]
    customer.names |= {
        "accepted": sorted({o["treatment"] for o in year if o["state"] in TAKEN}),
        "declined": sorted({o["treatment"] for o in year if o["state"] == "declined"}),
        "presentations_30d": recent(offers, customer.today),
        "concessions_12m": conceded(offers, customer.today),
    }
    return Sight(
        customer,
        offers,
        configuration,
        body,
        weights_of(customer, body),
        beta_of(customer, body),
        profile.get("number", 1),
    )


def _subjects(sight: Sight, t: Treatment, withheld: dict[str, Evidence]) -> list[str]:
    """What the treatment may be offered for: the customer, or each holding of its kind."""
    kind = t.get("subject", "")
    if not kind:
        return [""]
    found = [h["holding_id"] for h in sight.customer.holdings if h["kind"] == kind]
    if not found:
        withheld[t["key"]] = ("eligible", f"subject:{kind}", {})
    return found


def _try(
    sight: Sight,
    t: Treatment,
    subject: str,
    offer: Offer | None,
    ranked: list[Place],
    withheld: dict[str, Evidence],
    *,
    chosen: bool = False,
) -> None:
    try:
        ranked.append(_considered(sight, t, subject, offer, chosen))
    except Left as left:
        withheld[name_of(t["key"], subject)] = left.args  # type: ignore[assignment]


def _considered(sight: Sight, t: Treatment, subject: str, offer: Offer | None, chosen: bool) -> Place:
    version = offer["version"] if offer else sight.configuration["version"]
    names = dict(sight.customer.names)
    for holding in sight.customer.holdings:
        if holding["holding_id"] == subject:
            names |= holding["names"]
    members = sight.members(t, version)
    if offer is None:
        _may_begin(sight, t)
        for part in (t, *members):
            _must_hold("eligible", part["rules"]["eligible"], names)
        if not chosen:
            _must_hold("applicable", t["rules"]["applicable"], names)
    experience = _good_for_them(sight, t, members, names)
    terms = list(offer["terms"]) if offer else may_contact(sight, t, subject, names)
    if offer is None:
        for use in t.get("use", ()):
            if use["budget"] in sight.configuration.get("exhausted", ()):
                raise Left("budget", f"budget:{use['budget']}", {})
    if offer is None:
        kept_from(sight, (t, *members))
    place = _priced(sight, t, names, experience, offer, terms)
    if offer is None and not chosen and place["priority"] <= 0:
        raise Left("arbitration", "silence", {"priority": place["priority"]})
    return Place(
        treatment=t["key"], subject=subject, version=version, terms=terms, live=offer is not None, offer=offer,
        valid_until=offer["valid_until"] if offer else sight.today + timedelta(days=t["valid_days"]),
        pinned=bool(offer and offer.get("first") and offer["moment"] == sight.customer.moment_key), **place,
    )  # fmt: skip


def _may_begin(sight: Sight, t: Treatment) -> None:
    """In force today, and what must have come before it did."""
    begins, ends = t.get("in_force_from"), t.get("in_force_until")
    if (begins and sight.today < begins) or (ends and sight.today > ends):
        raise Left("in_force", "dates", {})
    taken = [o for o in sight.offers if o["state"] in TAKEN]
    had = {id(o): [o["treatment"], *sight.made_as(o).get("bundle", ())] for o in taken}
    for key in t.get("requires", ()):
        if not any(key in had[id(o)] for o in taken):
            raise Left("eligible", f"requires:{key}", {})
    if "follows" not in t:
        return
    rule = f"follows:{t['follows']['after']}"
    before = [o for o in taken if t["follows"]["after"] in had[id(o)]]
    last = max(reversed(before), key=lambda o: o["answered_on"], default=None)
    if last is None or last["state"] != "fulfilled":
        raise Left("applicable", rule, {})
    days = (sight.today - last["answered_on"]).days
    if not t["follows"].get("from_days", 0) <= days <= t["follows"].get("within_days", 90):
        raise Left("applicable", rule, {"days": days})


def _good_for_them(sight: Sight, t: Treatment, members: list[Treatment], names: dict[str, Any]) -> float:
    """What it is worth to the customer, if it and all its parts suit them, nothing protects them from it, and they consent."""
    parts = [t, *members]
    for part in parts:
        _must_hold("suitable", part["rules"]["suitable"], names)
    for state in sight.body["pack"]["protective"]:
        if state["key"] in sight.customer.protective and {p["issue"] for p in parts} & set(state["silences"]):
            raise Left("suitable", f"protective:{state['key']}", {})
    try:
        experience = float(answer_of(t["value"]["experience"], names))
    except Failed:
        raise Left("suitable", "experience", {}) from None
    if experience < 0:
        raise Left("suitable", "experience", {"experience": experience})
    for part in parts:
        purpose = next(p for p in sight.body["pack"]["purpose"] if p["key"] == part["purpose"])
        given = [s for k, s in sight.customer.consents.items() if k.startswith(f"{part['purpose']}/")]
        if purpose["needed"] and "granted" not in given:
            raise Left("consent", f"purpose:{part['purpose']}", {})
    return experience


def _priced(
    sight: Sight,
    t: Treatment,
    names: dict[str, Any],
    experience: float,
    offer: Offer | None,
    terms: list[tuple[str, Any]],
) -> dict[str, float]:
    """Every part of the priority, and the priority."""
    policies, prices = sight.body["pack"]["policies"], sight.configuration.get("prices", {})
    held = dict(terms)
    try:
        equity = float(answer_of(t["value"]["equity"], names)) - float(answer_of(t["value"]["cost"], names))
        uses = [(u["budget"], _amount(u, held, names)) for u in t.get("use", ())]
        price = math.fsum(prices.get(budget, 0.0) * amount for budget, amount in uses)
    except Failed:
        raise Left("arbitration", "value", {}) from None
    c = math.fsum(sight.weights[o] * q for o, q in t["objectives"].items())
    v = (1 - sight.beta) * equity + sight.beta * experience
    lever = sight.configuration.get("levers", {}).get(t["key"], 1.0)
    attention = policies["attention_cost"] + policies["attention_per_recent"] * recent(sight.offers, sight.today, offer)
    return {
        "propensity": t["acceptance"], "context": c, "value": v, "lever": lever, "price": price, "attention": attention,
        "priority": t["acceptance"] * (c * v * lever - price) - attention,
    }  # fmt: skip


def _amount(use: dict[str, Any], terms: dict[str, Any], names: dict[str, Any]) -> float:
    """How much of the budget one acceptance takes: what a term of money says, or what the rule says; never less than nothing."""
    return max(terms[use["term"]] / 100 if "term" in use else float(answer_of(use.get("amount", 1), names)), 0.0)


def _must_hold(step: str, rule: Any, names: dict[str, Any]) -> None:
    saw = {n: names[n] for n in rule.reads if n in names}
    try:
        held = answer_of(rule, names)
    except Failed:
        raise Left(step, str(rule), saw) from None
    if not held:
        raise Left(step, str(rule), saw)


def _ordered(sight: Sight, places: list[Place]) -> list[Place]:
    """First presented and still standing; then priority, ties by key; sales wait for what resolves the stated intent."""
    pinned = sorted((p for p in places if p.pinned), key=lambda p: (p.offer or {})["presented_at"])
    rest = sorted((p for p in places if not p.pinned), key=lambda p: (-p.priority, p.treatment, p.subject))
    answered = any(
        o.get("answered_on") and o["moment"] == sight.customer.moment_key and _resolves(sight, sight.made_as(o))
        for o in sight.offers
    )
    ahead = 0 if answered else sum(_resolves(sight, _made_as(sight, p)) for p in rest)
    out: list[Place] = []
    waiting: list[Place] = []
    for place in rest:
        if ahead and _made_as(sight, place)["issue"] == "sales":
            waiting.append(place)
            continue
        out.append(place)
        if ahead and _resolves(sight, _made_as(sight, place)):
            ahead -= 1
            if not ahead:
                out += waiting
    return pinned + out


def _made_as(sight: Sight, place: Place) -> Treatment:
    return sight.treatment(place.treatment, place.version)


def _resolves(sight: Sight, t: Treatment) -> bool:
    return sight.customer.stated and t["issue"] != "sales" and sight.customer.intent in t.get("resolves", ())


def _without_excluded(sight: Sight, ordered: list[Place], withheld: dict[str, Evidence]) -> list[Place]:
    """Live offers stay; a candidate leaves when one of them, or one kept above it, cannot be had beside it."""
    kept = [p for p in ordered if p.live]
    for place in ordered:
        if place.live:
            continue
        against = [
            p.treatment
            for p in kept
            if touching(place.subject, p.subject) and conflict(sight, place.treatment, p.treatment)
        ]
        if against:
            withheld[place.name] = ("arbitration", f"excludes:{min(against)}", {"priority": place.priority})
        else:
            kept.append(place)
    return [p for p in ordered if p in kept]


def undeliverable(decision: Decision, place: Place, configuration: dict[str, Any], channel: str) -> str | None:
    """The rule by which the channel cannot deliver this place; None where it can. The one step that knows the channel."""
    body, customer = configuration["catalogue"], decision.customer
    whole = body if place.version == configuration["version"] else configuration["older"][place.version]
    t = next(t for t in treatments_in(whole) if t["key"] == place.treatment)
    stage = customer.stage or body["pack"]["default_stage"]
    own = [c for s in body["segments"]["segment"] if s["key"] in customer.segments for c in s.get("cell", ())]
    cells = [c for c in [*own, *body["matrix"]["cell"]] if (c["stage"], c["channel"]) == (stage, channel)]
    if not cells or t["objective"] not in cells[0]["objectives"]:
        return f"cell:{stage}/{channel}"
    rule = next((c["rule"] for c in cells if "rule" in c), None)
    try:
        if rule is not None and not answer_of(rule, customer.names):
            return f"cell:{stage}/{channel}"
    except Failed:
        return f"cell:{stage}/{channel}"
    if channel not in t:
        return f"rendering:{channel}"
    purpose = next(p for p in body["pack"]["purpose"] if p["key"] == t["purpose"])
    state = customer.consents.get(f"{t['purpose']}/{channel}")
    if state == "denied" or (state is None and purpose["needed"]):
        return f"consent:{t['purpose']}/{channel}"
    return None
