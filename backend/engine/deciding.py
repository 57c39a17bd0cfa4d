"""The decision: a pure function of the profile's snapshot, the ledger and the published configuration.

The channel is not an argument. Each candidate walks the funnel (in force, eligible, applicable, suitable, consent, contact
policy, budget, holdout, arbitration) and leaves it at the first step that fails, with the rule and the values that the rule saw. What
stays is ranked by priority = P × (C × V × L − price) − attention.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import isfinite
from sys import float_info
from typing import Any

from backend.engine import contact
from backend.engine.catalogue import Treatment
from backend.engine.chances import Chances, with_firsts
from backend.engine.contact import History, history_of
from backend.engine.faces import met_by
from backend.engine.facts import Configuration, Ledger, OfferFact, TermValue
from backend.engine.holding_out import kept_back
from backend.engine.knowing import context_of, known_of, needed_by
from backend.engine.match import balance, context_value, objective_weights
from backend.engine.ordering import beside, first_of_each, in_order, pinned_first
from backend.engine.plan import Line, plan_of
from backend.engine.ruling import Factors, Ranked, Ruling, Seen, Withheld
from backend.engine.terms import concession_of, terms_of
from backend.engine.using import amounts_of
from backend.matrix.service import Pack, Protective
from backend.profiles.snapshot import Snapshot
from backend.rules.service import Context, Expression, RuleFailed, number_of
from shared.kernel import money

__all__ = [
    "ENGINE_VERSION", "STEPS", "Factors", "Ranked", "Ruling", "Withheld", "decide", "most_conceded", "overridable",
    "pinned_first", "uses",
]  # fmt: skip

ENGINE_VERSION = 4
"""Raised whenever equal inputs may give another result; decisions name the version that made them."""

STEPS = (
    "in_force", "eligible", "applicable", "suitable", "consent", "contact_policy", "budget", "holdout", "arbitration",
    "deliverable",
)  # fmt: skip


def decide(snapshot: Snapshot, ledger: Ledger, configuration: Configuration) -> Ruling:
    """What to do for this customer, in order, and why not the rest. Equal inputs give equal rulings, to the bit."""
    case = _case(snapshot, ledger, configuration)
    ranked: list[Ranked] = []
    withheld: list[Withheld] = []
    offered = set()
    for offer in case.live:
        offered.add((offer.treatment, offer.subject))
        found = _standing(case, offer)
        (ranked if type(found) is Ranked else withheld).append(found)  # type: ignore[arg-type]
    for line in plan_of(configuration.catalogue).lines.values():
        for subject in case.subjects(line) if line.subject else _CUSTOMER:
            if offered and (line.key, subject) in offered:
                continue
            found = _candidate(case, line, subject)
            (ranked if type(found) is Ranked else withheld).append(found)  # type: ignore[arg-type]
    ordered = in_order(ranked, snapshot, ledger, configuration)
    ordered = with_firsts(ordered, case.silent, case.chances, configuration, snapshot, ledger)
    kept, excluded = first_of_each(ordered, configuration.catalogue.conflicts)
    met = met_by(case.met, kept, configuration)
    return Ruling(kept, (*withheld, *excluded), case.weights, case.chances.features, met)


def overridable(snapshot: Snapshot, ledger: Ledger, configuration: Configuration) -> dict[tuple[str, str], Ranked]:
    """What an agent may choose in place of the recommended, by treatment and subject: relevance and priority are theirs to judge.

    All else has passed: in force, eligible, suitable, consent, contact policy, budget; and no live offer stands against it.
    """
    case = _case(snapshot, ledger, configuration)
    live = {(o.treatment, o.subject) for o in case.live}
    found = {}
    for line in plan_of(configuration.catalogue).lines.values():
        for subject in case.subjects(line) if line.subject else _CUSTOMER:
            if (line.key, subject) in live or beside(line.conflicts, subject, live):
                continue
            candidate = _candidate(case, line, subject, judged=True)
            if type(candidate) is Ranked:
                found[line.t.key, subject] = candidate
    return found


def most_conceded(snapshot: Snapshot, ledger: Ledger, configuration: Configuration) -> float:
    """What may be given away to this customer in twelve months, in major units; 0 where their margin cannot be worked out."""
    policies = configuration.catalogue.pack.policies
    if policies.margin is None:
        return policies.concession_cap
    context = context_of(snapshot, ledger, configuration, ())
    try:
        return contact.most_conceded(policies, policies.margin.number(context))
    except RuleFailed:
        return 0.0


def uses(snapshot: Snapshot, ledger: Ledger, configuration: Configuration, offer: OfferFact) -> dict[str, float]:
    """Budget → how much of it this offer takes when it is accepted now. Raises RuleFailed."""
    catalogue = configuration.catalogue_of(offer.catalogue_version)
    line = plan_of(catalogue).lines[offer.treatment]
    if not line.uses:
        return {}
    context = context_of(snapshot, ledger, configuration, [offer], offer.subject)
    figures = line.worked_out(context)
    return amounts_of(line.t, line.uses_of(figures), offer.terms, money.exponent(catalogue.pack.currency))


@dataclass(slots=True)
class _Case:
    """What all candidates of one decision share."""

    snapshot: Snapshot
    ledger: Ledger
    configuration: Configuration
    pack: Pack
    context: Context
    live: list[OfferFact]
    today: date
    weights: Mapping[str, float]
    beta: float
    allowed: frozenset[str]
    """The purposes that need no consent, and those to which the customer consented, in whichever channel."""
    silenced: Mapping[str, Protective]
    """Issue → the first protective state that silences it."""
    history: History
    attention: float
    digits: int
    chances: Chances
    verdicts: tuple[int, int]
    """Of the conditions of the treatments for the customer, those that hold and those that have no verdict."""
    contexts: dict[str, Context] = field(default_factory=dict)
    """Holding → the context with what is known of it."""
    verdicts_for: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Holding → the same of the treatments for it."""
    met: dict[str, str] = field(default_factory=dict)
    """Holdout → the customer's group, of those that a candidate came to."""
    days: dict[int, date] = field(default_factory=dict)
    """So many days → the day that is so far off."""
    silent: list[tuple[str, str, Factors]] = field(default_factory=list)
    """What a draw alone has silenced: it might have come first with another."""

    def subjects(self, line: Line) -> Sequence[str]:
        """What the treatment may be for: the customer, or each holding of its kind; "" alone where there is none of it."""
        return [h.holding_id for h in self.snapshot.holdings if h.kind == line.t.subject] or _CUSTOMER

    def context_for(self, subject: str) -> Context:
        """The customer's context, or one with what is known of the holding besides."""
        if not subject:
            return self.context
        context = self.contexts.get(subject)
        if context is None:
            values = self.context.values | known_of(self.snapshot, subject)
            context = self.contexts[subject] = Context(values, needed_by(self.configuration, self.live))
        return context

    def verdicts_of(self, line: Line, subject: str) -> tuple[int, int]:
        """Of the conditions of the treatments for this kind of holding, those that hold of this one, and those without a verdict."""
        found = self.verdicts_for.get(subject)
        if found is None:
            together = plan_of(self.configuration.catalogue).conditions[line.subject]
            found = self.verdicts_for[subject] = together.verdicts(self.context_for(subject))
        return found

    def in_days(self, days: int) -> date:
        """The customer's own day, so many days from today."""
        day = self.days.get(days)
        if day is None:
            day = self.days[days] = self.today + timedelta(days=days)
        return day


_CUSTOMER = ("",)
_MOST = float_info.max
_made = tuple.__new__
"""A named tuple made in one step: a decision makes hundreds."""


def _case(snapshot: Snapshot, ledger: Ledger, configuration: Configuration) -> _Case:
    catalogue = configuration.catalogue
    pack, today = catalogue.pack, date.fromisoformat(snapshot.today)
    live = [o for o in ledger.offers if o.live(today)]
    context = context_of(snapshot, ledger, configuration, live)
    history = history_of(ledger, pack, configuration, today)
    return _Case(
        snapshot, ledger, configuration, pack, context, live, today,
        weights=objective_weights(snapshot, pack),
        beta=balance(snapshot, pack),
        allowed=frozenset({key.split("/")[0] for key, state in snapshot.consents.items() if state == "granted"})
        | {p.key for p in pack.purposes if not p.needed},
        silenced={i: p for p in reversed(pack.protective) if p.key in snapshot.protective for i in p.silences},
        history=history,
        attention=contact.attention_of(pack, history.recent),
        digits=money.exponent(pack.currency),
        chances=Chances(snapshot, ledger, configuration, context),
        verdicts=plan_of(catalogue).conditions[""].verdicts(context),
    )  # fmt: skip


def _candidate(case: _Case, line: Line, subject: str, *, judged: bool = False) -> Ranked | Withheld:
    """A treatment not yet put to the customer walks every step; `judged`: an agent judges its relevance and its worth."""
    t = line.t
    if line.subject and not subject:
        return Withheld(
            line.key, "eligible", f"subject:{line.subject}", f"The customer has no {_kind(case, line.subject)}."
        )
    if line.apart and (left := _out_of_turn(case, t, subject)):
        return left
    context, (held, undecided) = case.context, case.verdicts
    if subject:
        context, (held, undecided) = case.context_for(subject), case.verdicts_of(line, subject)
    for step, rule, every, bits in line.rules:
        if (held & bits == bits) if every else (held & bits):
            continue
        if judged and step == "applicable":
            continue
        if not undecided & bits:
            return _made(Withheld, (line.key, step, rule.text, "", Seen(rule, context), subject, False))
        if left := _refused(line.key, step, rule, context, subject):
            return left
    figures = line.worked_out(context)
    experience = figures[0]
    plain = not case.silenced and type(experience) is float and 0 <= experience <= _MOST
    if not plain and (left := _unsuited(case, line, experience, subject)):
        return left
    if not line.purposes <= case.allowed and (left := _unasked(case, line, subject)):
        return left
    history = case.history
    if (history.answers or history.stopped) and (refused := contact.refusal(t, subject, history)):
        return Withheld(t.key, "contact_policy", *refused, subject=subject)
    terms: tuple[TermValue, ...] = ()
    if line.terms:
        try:
            terms = terms_of(t, figures[line.terms :], case.digits)
            if t.concession and (refused := _one_too_many(case, t, terms)):
                return Withheld(t.key, "contact_policy", *refused, subject=subject)
        except RuleFailed as failed:
            words = f"Its terms could not be worked out: {failed}."
            return Withheld(t.key, "contact_policy", "terms", words, subject=subject, failed=True)
    for use in t.use if line.uses else ():
        if use.budget in case.configuration.exhausted:
            return Withheld(t.key, "budget", f"budget:{use.budget}", f"{_budget(case, use.budget)}: nothing is left.", subject=subject)  # fmt: skip
    if line.holdouts and (left := kept_back(line, subject, case.snapshot, case.ledger.assigned, case.met)):
        return left
    try:
        factors = _factors(case, line, figures, terms, None, subject)
    except RuleFailed as failed:
        words = f"Its value could not be worked out: {failed}."
        return Withheld(t.key, "arbitration", "value", words, subject=subject, failed=True)
    priority = factors.priority
    if priority <= 0 and not judged:
        if factors.draw is not None:
            case.silent.append((line.key, subject, factors))
        detail = "Silence is better: its priority is not above zero."
        return Withheld(t.key, "arbitration", "silence", detail, {"priority": priority}, subject)
    had = case.chances.history_of(t.key)
    return _made(Ranked, (t.key, subject, line.version, factors, terms, case.in_days(t.valid_days), False, False, None, 0.0, had))  # fmt: skip


def _standing(case: _Case, offer: OfferFact) -> Ranked | Withheld:
    """A live offer is honoured as it was made: only suitability, protective states and consent may hide it."""
    catalogue = case.configuration.catalogue_of(offer.catalogue_version)
    line, subject = plan_of(catalogue).lines[offer.treatment], offer.subject
    context = case.context_for(subject)
    for rule in line.suitable:
        if left := _refused(line.key, "suitable", rule, context, subject):
            return left
    figures = line.worked_out(context)
    if left := _unsuited(case, line, figures[0], subject) or _unasked(case, line, subject):
        return left
    try:
        factors = _factors(case, line, figures, offer.terms, offer, subject)
    except RuleFailed as failed:
        words = f"Its value could not be worked out: {failed}."
        return Withheld(line.t.key, "arbitration", "value", words, subject=subject, failed=True)
    pinned = offer.presented_first and offer.moment_key == case.snapshot.moment_key
    return Ranked(
        offer.treatment, subject, offer.catalogue_version, factors, offer.terms, offer.valid_until,
        live=True, pinned=pinned, offer_id=offer.offer_id, history=case.chances.history_of(offer.treatment),
    )  # fmt: skip


def _out_of_turn(case: _Case, t: Treatment, subject: str) -> Withheld | None:
    """It is in force at another time; or what must come before it has not, or has but at another time."""
    if (t.in_force_from and case.today < t.in_force_from) or (t.in_force_until and case.today > t.in_force_until):
        return Withheld(t.key, "in_force", "dates", "The catalogue has it in force at another time.", subject=subject)
    taken = case.history.taken
    for key in t.requires:
        if key not in taken:
            return Withheld(t.key, "eligible", f"requires:{key}", f"It comes after {key}, which the customer has not taken.", subject=subject)  # fmt: skip
    if t.follows is None:
        return None
    before = taken.get(t.follows.after)
    on = before.answered_on if before is not None and before.state == "fulfilled" else None
    rule = f"follows:{t.follows.after}"
    if on is None:
        return Withheld(t.key, "applicable", rule, f"It follows {t.follows.after}, which has not been done for the customer.", subject=subject)  # fmt: skip
    days = (case.today - on).days
    if not t.follows.from_days <= days <= t.follows.within_days:
        detail = (
            f"It follows {t.follows.after} after {t.follows.from_days} to {t.follows.within_days} days; it is {days}."
        )
        return Withheld(t.key, "applicable", rule, detail, {"days": days}, subject)
    return None


def _refused(key: str, step: str, rule: Expression, context: Context, subject: str) -> Withheld | None:
    try:
        if rule.test(context):
            return None
    except RuleFailed as failed:
        detail = f"The rule could not be decided: {failed}."
        return Withheld(key, step, rule.text, detail, Seen(rule, context), subject, True)
    return Withheld(key, step, rule.text, "", Seen(rule, context), subject)


def _unsuited(case: _Case, line: Line, experience: Any, subject: str) -> Withheld | None:
    """Where it is a loss for the customer, or a protective state silences its issue or that of something bundled in it."""
    if case.silenced:
        for part in line.parts:
            if state := case.silenced.get(part.issue):
                words = f"{state.label}: nothing in {part.issue} is put to this customer."
                return Withheld(line.key, "suitable", f"protective:{state.key}", words, subject=subject)
    if type(experience) is not float or not isfinite(experience):
        try:
            experience = number_of(_one_of(experience))
        except RuleFailed as failed:
            words = f"The customer's gain could not be worked out: {failed}."
            return Withheld(line.key, "suitable", "experience", words, subject=subject, failed=True)
    if experience < 0:
        words = "It would leave the customer worse off."
        return Withheld(line.key, "suitable", "experience", words, {"experience": experience}, subject)
    return None


def _unasked(case: _Case, line: Line, subject: str) -> Withheld | None:
    """The purpose's consent, in whichever channel it was given; the channel's own is asked at delivery."""
    for key in dict.fromkeys(part.purpose for part in line.parts):
        if key not in case.allowed:
            # A live offer may have a purpose that the pack dropped since: then nothing but the customer's own word allows it.
            purpose = next((p for p in case.pack.purposes if p.key == key), None)
            label = purpose.label.lower() if purpose else key
            return Withheld(line.key, "consent", f"purpose:{key}", f"No consent to {label}.", subject=subject)
    return None


def _one_too_many(case: _Case, t: Treatment, terms: tuple[TermValue, ...]) -> contact.Refusal | None:
    """Raises RuleFailed where the customer's margin cannot be worked out."""
    concession = concession_of(t, terms, case.pack.currency)
    if not concession:
        return None
    margin = case.pack.policies.margin
    most = contact.most_conceded(case.pack.policies, None if margin is None else margin.number(case.context))
    return contact.too_much_conceded(case.history, concession, most)


def _factors(
    case: _Case, line: Line, figures: Sequence[Any], terms: Sequence[TermValue], offer: OfferFact | None, subject: str
) -> Factors:
    """Raises RuleFailed."""
    experience, equity, cost = figures[:3]
    if not type(equity) is type(cost) is type(experience) is float:
        experience, equity, cost = (number_of(_one_of(figure)) for figure in (experience, equity, cost))
    value = (1 - case.beta) * (equity - cost) + case.beta * experience
    if not isfinite(value):
        raise RuleFailed("gave no finite number")
    configuration, price = case.configuration, 0.0
    if line.uses:
        # Without a price too: what cannot be worked out could not be reserved when it is accepted.
        amounts = amounts_of(line.t, line.uses_of(figures), terms, case.digits)
        price = sum(configuration.prices.get(budget, 0.0) * amount for budget, amount in amounts.items())
    attention = case.attention
    if offer is not None:
        recent = contact.presentations(case.ledger, case.today, without=offer.offer_id)
        attention = contact.attention_of(case.pack, recent)
    lever = configuration.levers.get(line.key, 1.0) if configuration.levers else 1.0
    chance = case.chances.of(line, subject)
    return _made(
        Factors,
        (chance.propensity, chance.draw, context_value(case.weights, line.scores), value, lever, price, attention),
    )


def _one_of(figure: Any) -> Any:
    if isinstance(figure, RuleFailed):
        raise figure
    return figure


def _kind(case: _Case, kind: str) -> str:
    return case.pack.label_of(case.pack.holdings, kind).lower()


def _budget(case: _Case, key: str) -> str:
    return case.pack.label_of(case.pack.budgets, key)
