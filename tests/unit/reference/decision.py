"""The decision, step by step as it is documented, in plain Python.

decision = f(profile, ledger, published configuration, instant). Funnel: in force, eligible, applicable, suitable, consent, contact
policy, arbitration. Priority = P × (C × V × L − price) − attention. C = Σ w·q with w ∝ Π (n + ε); V = (1−β)·(equity − cost) +
β·experience. A live offer skips all but suitability, protective states and consent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from tests.unit.reference.customer import Customer, Failed, answer_of, customer_of

TAKEN = {"accepted", "fulfilled", "pending_approval"}


class Left(Exception):
    """The treatment leaves the funnel: step, rule, what the rule saw."""


@dataclass
class Place:
    """One treatment that stays, with every part of its priority."""

    treatment: str
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
    offer: dict[str, Any] | None = None


@dataclass
class Decision:
    customer: Customer
    ranked: list[Place]
    withheld: dict[str, tuple[str, str, dict[str, Any]]]
    weights: dict[str, float] = field(default_factory=dict)


def decide(
    profile: dict[str, Any], offers: list[dict[str, Any]], configuration: dict[str, Any], now: datetime
) -> Decision:
    """`configuration`: version and catalogue (a body) in force, older bodies by version, levers and prices by treatment."""
    body = configuration["catalogue"]
    customer = customer_of(profile, body, now)
    year = [o for o in offers if o.get("answered_on") and (customer.today - o["answered_on"]).days < 365]
    customer.names |= {
        "accepted": sorted({o["treatment"] for o in year if o["state"] in TAKEN}),
        "declined": sorted({o["treatment"] for o in year if o["state"] == "declined"}),
        "presentations_30d": _recent(offers, customer.today),
        "concessions_12m": _conceded(offers, customer.today),
    }
    case = _Case(customer, offers, configuration, body, weights_of(customer, body), beta_of(customer, body))
    ranked: list[Place] = []
    withheld: dict[str, tuple[str, str, dict[str, Any]]] = {}
    live = [o for o in offers if is_live(o, customer.today)]
    for offer in live:
        t = case.treatment(offer["treatment"], offer["version"])
        _try(case, t, offer, ranked, withheld)
    for t in treatments_in(body):
        if t["key"] not in {o["treatment"] for o in live}:
            _try(case, t, None, ranked, withheld)
    return Decision(customer, _ordered(case, ranked), withheld, case.weights)


def treatments_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [t for content in body["treatments"].values() for t in content["treatment"]]


@dataclass
class _Case:
    customer: Customer
    offers: list[dict[str, Any]]
    configuration: dict[str, Any]
    body: dict[str, Any]
    weights: dict[str, float]
    beta: float

    def treatment(self, key: str, version: int) -> dict[str, Any]:
        """The treatment as it was in that version of the catalogue."""
        whole = self.body if version == self.configuration["version"] else self.configuration["older"][version]
        return next(t for t in treatments_in(whole) if t["key"] == key)


def is_live(offer: dict[str, Any], today: date) -> bool:
    """Presented, within its date and unanswered; a deferred one again from its day on."""
    if offer["valid_until"] < today:
        return False
    return offer["state"] == "presented" or (offer["state"] == "deferred" and offer["until"] <= today)


def _recent(offers: list[dict[str, Any]], today: date, but: dict[str, Any] | None = None) -> int:
    return len([o for o in offers if o is not but and (today - o["presented_on"]).days < 30])


def _conceded(offers: list[dict[str, Any]], today: date) -> float:
    taken = [o for o in offers if o["state"] in TAKEN and (today - o["answered_on"]).days < 365]
    return sum((o.get("concession", 0.0) for o in taken), 0.0)


def weights_of(customer: Customer, body: dict[str, Any]) -> dict[str, float]:
    """w ∝ Π (x/Σx + ε) over life-cycle state, stage (the pack's default without a moment) and intent."""
    stage = customer.stage or body["pack"]["default_stage"]
    voices = [s["weights"] for s in body["lifecycle"]["state"] if s["key"] == customer.life_cycle]
    voices += [s["weights"] for s in body["matrix"]["stage_weights"] if s["stage"] == stage]
    voices += [i["weights"] for i in body["intents"]["intent"] if i["key"] == customer.intent]
    epsilon = body["pack"]["policies"]["epsilon"]
    raw = {
        o: math.prod(voice.get(o, 0.0) / math.fsum(voice.values()) + epsilon for voice in voices)
        for o in body["matrix"]["objectives"]
    }
    return {o: x / math.fsum(raw.values()) for o, x in raw.items()}


def beta_of(customer: Customer, body: dict[str, Any]) -> float:
    """The dial of the first segment that has one, else the pack's; never below the floor."""
    policies = body["pack"]["policies"]
    for segment in body["segments"]["segment"]:
        if segment["key"] in customer.segments and "beta" in segment:
            return max(segment["beta"], policies["beta_floor"])
    return max(policies["beta"], policies["beta_floor"])


def _try(
    case: _Case, t: dict[str, Any], offer: dict[str, Any] | None, ranked: list[Place], withheld: dict[str, Any]
) -> None:
    try:
        ranked.append(_considered(case, t, offer))
    except Left as left:
        withheld[t["key"]] = left.args


def _considered(case: _Case, t: dict[str, Any], offer: dict[str, Any] | None) -> Place:
    customer, names, policies = case.customer, case.customer.names, case.body["pack"]["policies"]
    if offer is None:
        begins, ends = t.get("in_force_from"), t.get("in_force_until")
        if (begins and customer.today < begins) or (ends and customer.today > ends):
            raise Left("in_force", "dates", {})
    for step in ("suitable",) if offer else ("eligible", "applicable", "suitable"):
        _must_hold(step, t["rules"][step], names)
    for state in case.body["pack"]["protective"]:
        if state["key"] in customer.protective and t["issue"] in state["silences"]:
            raise Left("suitable", f"protective:{state['key']}", {})
    try:
        experience = float(answer_of(t["value"]["experience"], names))
    except Failed:
        raise Left("suitable", "experience", {}) from None
    if experience < 0:
        raise Left("suitable", "experience", {"experience": experience})
    purpose = next(p for p in case.body["pack"]["purpose"] if p["key"] == t["purpose"])
    if purpose["needed"] and "granted" not in [
        s for k, s in customer.consents.items() if k.startswith(f"{t['purpose']}/")
    ]:
        raise Left("consent", f"purpose:{t['purpose']}", {})
    if offer is None:
        try:
            terms = [(term["key"], _term(term, names)) for term in t.get("term", [])]
        except Failed:
            raise Left("contact_policy", "terms", {}) from None
        _may_contact(case, t, terms)
    else:
        terms = list(offer["terms"])
    try:
        equity = float(answer_of(t["value"]["equity"], names)) - float(answer_of(t["value"]["cost"], names))
    except Failed:
        raise Left("arbitration", "value", {}) from None
    c = math.fsum(case.weights[o] * q for o, q in t["objectives"].items())
    v = (1 - case.beta) * equity + case.beta * experience
    lever, price = (
        case.configuration.get(what, {}).get(t["key"], neutral) for what, neutral in (("levers", 1.0), ("prices", 0.0))
    )
    attention = policies["attention_cost"] + policies["attention_per_recent"] * _recent(
        case.offers, customer.today, offer
    )
    priority = t["acceptance"] * (c * v * lever - price) - attention
    if offer is None and priority <= 0:
        raise Left("arbitration", "silence", {"priority": priority})
    return Place(
        treatment=t["key"], version=offer["version"] if offer else case.configuration["version"],
        propensity=t["acceptance"], context=c, value=v, lever=lever, price=price, attention=attention, priority=priority, terms=terms,
        valid_until=offer["valid_until"] if offer else customer.today + timedelta(days=t["valid_days"]),
        live=offer is not None, offer=offer,
        pinned=bool(offer and offer.get("first") and offer["moment"] == customer.moment_key),
    )  # fmt: skip


def _must_hold(step: str, rule: Any, names: dict[str, Any]) -> None:
    saw = {n: names[n] for n in rule.reads if n in names}
    try:
        held = answer_of(rule, names)
    except Failed:
        raise Left(step, str(rule), saw) from None
    if not held:
        raise Left(step, str(rule), saw)


def _term(term: dict[str, Any], names: dict[str, Any]) -> Any:
    """Within its bounds; money to the cent, half away from zero; whole units to the nearest, a half to the even one."""
    found = answer_of(term["value"], names)
    if term["unit"] == "text":
        return found
    found = min(max(float(found), term.get("low", -math.inf)), term.get("high", math.inf))
    if term["unit"] == "money":
        cents = (Decimal(repr(found)) * 100).quantize(Decimal("1e-9"))
        return int(cents.quantize(Decimal(1), ROUND_HALF_UP))
    whole = Decimal(repr(found)).quantize(Decimal(1), ROUND_HALF_EVEN)
    return float(found) if term["unit"] == "percent" else int(whole)


def _may_contact(case: _Case, t: dict[str, Any], terms: list[tuple[str, Any]]) -> None:
    today, policies = case.customer.today, case.body["pack"]["policies"]
    for o in sorted(
        (o for o in case.offers if o["treatment"] == t["key"]), key=lambda o: o["presented_at"], reverse=True
    ):
        if o["state"] == "deferred" and o["until"] > today and o["valid_until"] >= today:
            raise Left("contact_policy", "deferred", {"until": o["until"].isoformat()})
        if o["state"] in TAKEN and (today - o["answered_on"]).days < t["repeat_days"]:
            raise Left("contact_policy", "repeat", {"accepted_on": o["answered_on"].isoformat()})
        if o["state"] in ("declined", "undone") and (today - o["answered_on"]).days < t["cool_off_days"]:
            raise Left("contact_policy", "cool_off", {"declined_on": o["answered_on"].isoformat()})
    if t["issue"] == "sales":
        days = sorted(
            o["presented_on"] for o in case.offers if case.treatment(o["treatment"], o["version"])["issue"] == "sales"
        )
        within = [day for day in days if (today - day).days < 30]
        if len(within) >= policies["sales_cap_30d"]:
            raise Left("contact_policy", "cap:sales_30d", {"count": len(within), "days": 30})
        if days and (today - days[-1]).days < policies["sales_min_gap_days"]:
            raise Left("contact_policy", "gap:sales", {"last": days[-1].isoformat()})
    marked = [term["key"] for term in t.get("term", []) if term.get("concession")]
    concession = sum(value for key, value in terms if key in marked) / 100
    promised = [o for o in case.offers if o["state"] in ("presented", "deferred") and o["valid_until"] >= today]
    given = _conceded(case.offers, today) + sum(o.get("concession", 0.0) for o in promised)
    if concession and given + concession > policies["concession_cap"] + 1e-9:
        raise Left("contact_policy", "concession_cap", {"concessions_12m": given})


def _ordered(case: _Case, places: list[Place]) -> list[Place]:
    """First presented and still standing; then priority, ties by key; sales wait for what resolves the stated intent."""
    pinned = sorted((p for p in places if p.pinned), key=lambda p: (p.offer or {})["presented_at"])
    rest = sorted((p for p in places if not p.pinned), key=lambda p: (-p.priority, p.treatment))
    answered = any(
        o.get("answered_on")
        and o["moment"] == case.customer.moment_key
        and _resolves(case, o["treatment"], o["version"])
        for o in case.offers
    )
    ahead = 0 if answered else sum(_resolves(case, p.treatment, p.version) for p in rest)
    out: list[Place] = []
    waiting: list[Place] = []
    for place in rest:
        if ahead and case.treatment(place.treatment, place.version)["issue"] == "sales":
            waiting.append(place)
            continue
        out.append(place)
        if ahead and _resolves(case, place.treatment, place.version):
            ahead -= 1
            if not ahead:
                out += waiting
    return pinned + out


def _resolves(case: _Case, key: str, version: int) -> bool:
    t = case.treatment(key, version)
    return case.customer.stated and t["issue"] != "sales" and case.customer.intent in t.get("resolves", ())


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
    if channel not in t:
        return f"rendering:{channel}"
    purpose = next(p for p in body["pack"]["purpose"] if p["key"] == t["purpose"])
    state = customer.consents.get(f"{t['purpose']}/{channel}")
    if state == "denied" or (state is None and purpose["needed"]):
        return f"consent:{t['purpose']}/{channel}"
    return None
