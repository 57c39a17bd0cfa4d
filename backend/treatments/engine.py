"""The decision: a pure function of the profile's snapshot, the ledger and the published configuration.

The channel is not an argument. Each candidate walks the funnel (in force, eligible, applicable, suitable, consent, contact
policy, arbitration) and leaves it at the first step that fails, with the rule and the values that the rule saw. What stays is
ranked by priority = P × (C × V × L − price) − attention.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from backend.matrix.service import Pack, Protective, Purpose
from backend.profiles.snapshot import Snapshot
from backend.rules.service import Context, Expression, RuleFailed
from backend.treatments import contact
from backend.treatments.catalogue import Treatment
from backend.treatments.facts import TAKEN, Configuration, Ledger, OfferFact, TermValue
from backend.treatments.match import balance, context_value, objective_weights
from backend.treatments.terms import concession_of, terms_of

ENGINE_VERSION = 1
"""Raised whenever equal inputs may give another result; decisions name the version that made them."""

STEPS = ("in_force", "eligible", "applicable", "suitable", "consent", "contact_policy", "arbitration", "deliverable")


@dataclass(frozen=True, slots=True)
class Factors:
    """The parts of a priority. Money in major units; `draw` stands in for the propensity while a treatment is explored."""

    propensity: float
    draw: float | None
    context: float
    value: float
    lever: float
    price: float
    attention: float

    @property
    def priority(self) -> float:
        chance = self.propensity if self.draw is None else self.draw
        return chance * (self.context * self.value * self.lever - self.price) - self.attention


@dataclass(frozen=True, slots=True)
class Ranked:
    """A treatment that survived: its factors, its terms, and the live offer that it stands on, if any."""

    treatment: str
    subject: str
    catalogue_version: int
    factors: Factors
    terms: tuple[TermValue, ...]
    valid_until: date
    live: bool
    pinned: bool
    offer_id: str | None = None
    """Of the live offer; an offer not yet presented is no input of the decision."""

    @property
    def priority(self) -> float:
        return self.factors.priority


@dataclass(frozen=True, slots=True)
class Withheld:
    """A treatment that left the funnel: at which step, by which rule, and what the rule saw."""

    treatment: str
    step: str
    rule: str
    detail: str
    values: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False
    """The rule could not be decided: a fault of the catalogue, not a matter of this customer."""


@dataclass(frozen=True)
class Ruling:
    """A decision's result: the ranked, best first, the withheld, and the weights that matched them."""

    ranked: tuple[Ranked, ...]
    withheld: tuple[Withheld, ...]
    weights: Mapping[str, float]


class _Out(Exception):
    """The candidate leaves the funnel here."""

    def __init__(
        self, step: str, rule: str, detail: str = "", values: Mapping[str, Any] | None = None, failed: bool = False
    ) -> None:
        self.left = (step, rule, detail, values or {}, failed)


def decide(snapshot: Snapshot, ledger: Ledger, configuration: Configuration) -> Ruling:
    """What to do for this customer, in order, and why not the rest. Equal inputs give equal rulings, to the bit."""
    catalogue = configuration.catalogue
    pack = catalogue.pack
    today = date.fromisoformat(snapshot.today)
    live = [o for o in ledger.offers if o.live(today)]
    context = context_of(snapshot, ledger, configuration, live)
    weights = objective_weights(snapshot, pack)
    beta = balance(snapshot, pack)
    case = _Case(
        snapshot, ledger, configuration, pack, context, today, weights, beta,
        purposes={p.key: p for p in pack.purposes},
        granted=frozenset(key.split("/")[0] for key, state in snapshot.consents.items() if state == "granted"),
        silenced={i: p for p in reversed(pack.protective) if p.key in snapshot.protective for i in p.silences},
        recent=contact.presentations(ledger, today),
    )  # fmt: skip
    ranked: list[Ranked] = []
    withheld: list[Withheld] = []
    for offer in live:
        _walk(case, configuration.treatment_of(offer), offer, ranked, withheld)
    offered = {o.treatment for o in live}
    for treatment in catalogue.treatments.values():
        if treatment.key not in offered:
            _walk(case, treatment, None, ranked, withheld)
    return Ruling(tuple(_order(case, ranked)), tuple(withheld), weights)


def context_of(snapshot: Snapshot, ledger: Ledger, configuration: Configuration, live: list[OfferFact]) -> Context:
    """All that rules may read: the snapshot's names, and what the ledger tells."""
    today = date.fromisoformat(snapshot.today)
    year_ago = today - timedelta(days=365)
    recent = [o for o in ledger.offers if o.answered_on is not None and o.answered_on > year_ago]
    values = snapshot.names() | {
        "accepted": sorted({o.treatment for o in recent if o.state in TAKEN}),
        "declined": sorted({o.treatment for o in recent if o.state == "declined"}),
        "presentations_30d": contact.presentations(ledger, today),
        "concessions_12m": contact.concessions(ledger, today),
    }
    needed = set(configuration.catalogue.needed)
    for offer in live:
        needed |= configuration.catalogue_of(offer.catalogue_version).needed
    return Context(values, needed)


@dataclass(frozen=True, slots=True)
class _Case:
    """What all candidates of one decision share."""

    snapshot: Snapshot
    ledger: Ledger
    configuration: Configuration
    pack: Pack
    context: Context
    today: date
    weights: Mapping[str, float]
    beta: float
    purposes: Mapping[str, Purpose]
    granted: frozenset[str]
    """The purposes to which the customer consented, in whichever channel."""
    silenced: Mapping[str, Protective]
    """Issue → the first protective state that silences it."""
    recent: int
    """Presentations of the last 30 days."""


def _walk(case: _Case, t: Treatment, offer: OfferFact | None, ranked: list[Ranked], withheld: list[Withheld]) -> None:
    try:
        ranked.append(_standing(case, t, offer) if offer else _candidate(case, t))
    except _Out as out:
        withheld.append(Withheld(t.key, *out.left))


def _candidate(case: _Case, t: Treatment) -> Ranked:
    """A treatment not yet put to the customer walks every step."""
    if (t.in_force_from and case.today < t.in_force_from) or (t.in_force_until and case.today > t.in_force_until):
        raise _Out("in_force", "dates", "The catalogue has it in force at another time.")
    for step in ("eligible", "applicable", "suitable"):
        _require(case, step, getattr(t.rules, step))
    experience = _suits(case, t)
    _consented(case, t)
    try:
        terms = terms_of(t, case.context, case.pack.currency)
    except RuleFailed as failed:
        raise _Out("contact_policy", "terms", f"Its terms could not be worked out: {failed}.", failed=True) from None
    concession = concession_of(t, terms, case.pack.currency)
    refused = contact.refusal(t, case.ledger, case.pack.policies, case.configuration, case.today, concession)
    if refused:
        raise _Out("contact_policy", *refused)
    factors = _factors(case, t, experience, None)
    if factors.priority <= 0:
        raise _Out(
            "arbitration",
            "silence",
            "Silence is better: its priority is not above zero.",
            {"priority": factors.priority},
        )
    valid_until = case.today + timedelta(days=t.valid_days)
    return Ranked(
        t.key, "", case.configuration.catalogue.version, factors, terms, valid_until, live=False, pinned=False
    )


def _standing(case: _Case, t: Treatment, offer: OfferFact) -> Ranked:
    """A live offer is honoured as it was made: only suitability, protective states and consent may hide it."""
    _require(case, "suitable", t.rules.suitable)
    experience = _suits(case, t)
    _consented(case, t)
    pinned = offer.presented_first and offer.moment_key == case.snapshot.moment_key
    return Ranked(
        t.key, offer.subject, offer.catalogue_version, _factors(case, t, experience, offer), offer.terms, offer.valid_until,
        live=True, pinned=pinned, offer_id=offer.offer_id,
    )  # fmt: skip


def _require(case: _Case, step: str, rule: Expression) -> None:
    try:
        held = rule.test(case.context)
    except RuleFailed as failed:
        words, seen = f"The rule could not be decided: {failed}.", case.context.seen_by(rule)
        raise _Out(step, rule.text, words, seen, failed=True) from None
    if not held:
        raise _Out(step, rule.text, "", case.context.seen_by(rule))


def _suits(case: _Case, t: Treatment) -> float:
    """The customer's gain in money. Raises _Out where it is a loss, or where a protective state silences the issue."""
    state = case.silenced.get(t.issue)
    if state is not None:
        words = f"{state.label}: nothing in {t.issue} is put to this customer."
        raise _Out("suitable", f"protective:{state.key}", words)
    try:
        experience = t.value.experience.number(case.context)
    except RuleFailed as failed:
        words = f"The customer's gain could not be worked out: {failed}."
        raise _Out("suitable", "experience", words, failed=True) from None
    if experience < 0:
        raise _Out("suitable", "experience", "It would leave the customer worse off.", {"experience": experience})
    return experience


def _consented(case: _Case, t: Treatment) -> None:
    """The purpose's consent, in whichever channel it was given; the channel's own is asked at delivery."""
    # A live offer may have a purpose that the pack dropped since: then nothing but the customer's own word allows it.
    purpose = case.purposes.get(t.purpose)
    if (purpose is None or purpose.needed) and t.purpose not in case.granted:
        label = purpose.label.lower() if purpose else t.purpose
        raise _Out("consent", f"purpose:{t.purpose}", f"No consent to {label}.")


def _factors(case: _Case, t: Treatment, experience: float, offer: OfferFact | None) -> Factors:
    try:
        equity = t.value.equity.number(case.context) - t.value.cost.number(case.context)
    except RuleFailed as failed:
        raise _Out("arbitration", "value", f"Its value could not be worked out: {failed}.", failed=True) from None
    policies = case.pack.policies
    others = contact.presentations(case.ledger, case.today, without=offer.offer_id) if offer else case.recent
    return Factors(
        propensity=t.acceptance,
        draw=None,
        context=context_value(case.weights, t.objectives),
        value=(1 - case.beta) * equity + case.beta * experience,
        lever=case.configuration.levers.get(t.key, 1.0),
        price=case.configuration.prices.get(t.key, 0.0),
        attention=policies.attention_cost + policies.attention_per_recent * others,
    )


def _order(case: _Case, ranked: list[Ranked]) -> list[Ranked]:
    """What was presented first and still stands; then priority, ties by key; no sale above what resolves the stated intent."""
    presented = {o.offer_id: o.presented_at or "" for o in case.ledger.offers}
    pinned = sorted(
        (r for r in ranked if r.pinned), key=lambda r: (presented[r.offer_id or ""], r.treatment, r.subject)
    )
    rest = sorted((r for r in ranked if not r.pinned), key=lambda r: (-r.priority, r.treatment, r.subject))
    treatments = {r.treatment: _treatment(case, r) for r in rest}
    last = max((n for n, r in enumerate(rest) if _resolves(case, treatments[r.treatment])), default=-1)
    if last < 0 or _resolved(case):
        return pinned + rest
    above = rest[: last + 1]
    sales = [r for r in above if treatments[r.treatment].issue == "sales"]
    return pinned + [r for r in above if r not in sales] + sales + rest[last + 1 :]


def pinned_first(ranked: Sequence[Ranked], ledger: Ledger, moment_key: str) -> tuple[Ranked, ...]:
    """A stored ranking as presentations since then have it: what was presented first in this moment goes before the rest.

    Presenting moves no version, so that a decision goes on standing; this keeps the same first in every channel meanwhile.
    """
    pins = {
        (o.treatment, o.subject): o
        for o in ledger.offers
        if o.presented_first and o.moment_key == moment_key and o.state == "presented"
    }
    held = [r for r in ranked if r.pinned or (r.treatment, r.subject) in pins]
    if [*ranked[: len(held)]] == held:
        return tuple(ranked)
    held.sort(
        key=lambda r: (
            not r.pinned,
            pins[r.treatment, r.subject].presented_at or "" if (r.treatment, r.subject) in pins else "",
        )
    )
    return (*(replace(r, pinned=True) for r in held), *(r for r in ranked if r not in held))


def _treatment(case: _Case, ranked: Ranked) -> Treatment:
    return case.configuration.catalogue_of(ranked.catalogue_version).treatments[ranked.treatment]


def _resolves(case: _Case, t: Treatment) -> bool:
    return (
        case.snapshot.stated
        and case.snapshot.intent is not None
        and case.snapshot.intent in t.resolves
        and t.issue != "sales"
    )


def _resolved(case: _Case) -> bool:
    """Whether a treatment that resolves the stated intent was answered in this very moment."""
    return any(
        o.moment_key == case.snapshot.moment_key
        and o.answered_on is not None
        and _resolves(case, case.configuration.treatment_of(o))
        for o in case.ledger.offers
    )
