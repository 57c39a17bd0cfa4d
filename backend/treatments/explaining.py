"""A stored decision explained to staff: every candidate, its numbers or the rule that removed it, made again from what was stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from backend.engine import service as engine
from backend.engine.catalogue import Catalogue, Treatment
from backend.engine.service import (
    ENGINE_VERSION,
    STEPS,
    Changes,
    Factors,
    Goal,
    Parts,
    Ranked,
    Withheld,
    World,
    lead_in_words,
    parts_of,
)
from backend.interactions import service as interactions
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.profiles.service import Profile, Snapshot
from backend.rules.service import Context, RuleFailed
from backend.treatments.asking import ranked_from
from backend.treatments.cards import (
    STEP_LABELS,
    TermLine,
    WithheldLine,
    agent_card,
    stand_in,
    term_lines,
)
from backend.treatments.inputs import Inputs, gather
from backend.treatments.masked import masked, masked_withheld
from backend.treatments.recommending import rules_context
from backend.treatments.replaying import Recalled, recall
from backend.treatments.weights import learned_words
from backend.treatments.withholding import withheld_line
from shared.kernel import clock, languages
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Invalid


@dataclass(frozen=True)
class RankLine:
    """One ranked treatment: `gap` is the priority by which it leads the next, None for the last; `lead` says so in words."""

    rank: int
    offer_id: UUID | None
    treatment: str
    subject: str
    name: str
    headline: str
    issue: str
    priority: float
    factors: Factors
    parts: Parts | None
    """None where an engine of another version can no longer work them out."""
    terms: tuple[TermLine, ...]
    valid_until: date
    reasons: tuple[str, ...]
    live: bool
    first: bool
    gap: float | None
    lead: str
    learned: tuple[str, ...]
    """What of the customer raised or lowered the chance that was learned, in words; empty where nothing was."""
    told: str
    """The reason as the customer may hear it, in their language; empty where none is theirs to hear."""


@dataclass(frozen=True)
class FunnelLine:
    """One step of the funnel, and how many treatments it removed."""

    step: str
    label: str
    removed: int


@dataclass(frozen=True)
class DecisionPage:
    """A decision with all that it was made from by version, its ranking and its withheld."""

    decision_id: UUID
    customer_id: UUID
    customer_name: str
    made_at: datetime
    stands_until: datetime
    profile_version: int
    ledger_version: int
    configuration_version: int
    catalogue_version: int
    model_epoch: int
    engine_version: int
    stage: str | None
    intent: str | None
    ranked: tuple[RankLine, ...]
    withheld: tuple[WithheldLine, ...]
    removed: tuple[Withheld, ...]
    """The withheld as the engine put them, for programs."""
    funnel: tuple[FunnelLine, ...]
    names: dict[str, str]
    """Key → name of every treatment of this decision, by name."""
    called: dict[str, str]
    """Key → what the treatment is called before the customer, in their language; its own name where it has no such words for all."""
    saw: tuple[tuple[str, str], ...]
    """What was known of the customer, in words, as far as this viewer may read it."""
    before: tuple[tuple[str, str, date | None], ...]
    """What was put to them until then: name, state and day."""
    stands: bool
    """Nothing that it was made from has changed since."""
    world: World = field(repr=False)
    """What changes are tried on: the customer as they are now where the decision stands, else as they were."""


@dataclass(frozen=True)
class ChangeLine:
    """One change that was tried and holds: its steps in words, and what then comes about."""

    steps: tuple[str, ...]
    outcome: str


@dataclass(frozen=True)
class WhatIf:
    """What would change a decision, in words for the agent. `treatment` is the one that was asked about; empty for none."""

    treatment: str
    question: str
    lines: tuple[ChangeLine, ...]
    nothing: str
    note: str
    changes: Changes | None


def decision_page(session: Session, decision_id: UUID, now: datetime, viewer: Actor = SYSTEM) -> DecisionPage:
    """The decision explained, as far as this viewer may read it. Raises NotFound, and Erased where its inputs were."""
    recalled = recall(session, decision_id)
    row, snapshot = recalled.row, recalled.snapshot
    profile = profiles.profile(session, row.customer_id)
    mask = interactions.mask_for(session, profile, recalled.configuration.catalogue.pack, viewer, (snapshot,))
    removed = tuple(masked_withheld(w, mask) for w in recalled.ruling.withheld)
    inputs = masked(Inputs(profile, snapshot, recalled.ledger, recalled.configuration), mask)
    names = _names(recalled)
    current = gather(session, row.customer_id, now)
    stands = _stands(current, recalled)
    # What was presented since moves no version, but counts all the same.
    ledger = current.ledger if stands else recalled.ledger
    return DecisionPage(
        decision_id=decision_id,
        customer_id=row.customer_id,
        customer_name=profile.name,
        made_at=row.made_at,
        stands_until=row.stands_until,
        profile_version=row.profile_version,
        ledger_version=row.ledger_version,
        configuration_version=row.configuration_version,
        catalogue_version=row.catalogue_version,
        model_epoch=row.model_epoch,
        engine_version=row.engine_version,
        stage=snapshot.stage,
        intent=snapshot.intent,
        ranked=_ranking(recalled, inputs, names),
        withheld=tuple(withheld_line(w, inputs) for w in removed),
        removed=removed,
        funnel=funnel_of(recalled.ruling.withheld),
        names=names,
        called=_called(recalled, names, profile.language),
        saw=_saw(inputs),
        before=tuple((names.get(o.treatment, o.treatment), o.state, o.presented_on) for o in recalled.ledger.offers),
        stands=stands,
        world=World(snapshot, ledger, recalled.configuration, _later(recalled, profile)),
    )


def what_would_change(page: DecisionPage, treatment: str = "") -> WhatIf:
    """What would bring this treatment in, or put it first; without one: what flips the first two, or brings anything at all.

    Pure, and takes up to a second: call it outside any transaction. Raises Invalid for a treatment that the decision did not know.
    """
    if treatment and treatment not in page.names:
        words = f"The catalogue of this decision has no treatment {treatment}."
        raise Invalid(words, {"treatment": "the key of a treatment of this decision"})
    world = page.world
    ruling = engine.decide(world.snapshot, world.ledger, world.configuration)
    goal = engine.goal_for(ruling, treatment)
    if goal is None:
        only = (
            f"“{page.names[ruling.ranked[0].treatment]}” is all that is offered: there is nothing to stand before it."
        )
        return WhatIf(treatment, "What would change the first two?", (), only, "", None)
    changes = engine.search(page.world, goal)
    lines = tuple(
        ChangeLine(tuple(step.text for step in one.steps), _outcome(goal, one, page)) for one in changes.suggestions
    )
    return WhatIf(
        treatment=treatment,
        question=_question(goal, page),
        lines=lines,
        nothing="" if lines else _nothing(changes),
        note=_note(page, changes),
        changes=changes,
    )


def funnel_of(withheld: Iterable[Withheld]) -> tuple[FunnelLine, ...]:
    """How many treatments each step removed, in the order of the steps; those that removed none are left out."""
    counts = Counter(w.step for w in withheld)
    return tuple(FunnelLine(step, STEP_LABELS[step], counts[step]) for step in STEPS if counts[step])


def _ranking(recalled: Recalled, inputs: Inputs, names: dict[str, str]) -> tuple[RankLine, ...]:
    context = rules_context(inputs)
    ranked = ranked_from(recalled.row.ranked)
    lines = []
    for rank, item in enumerate(ranked, 1):
        t = recalled.configuration.catalogue_of(item.catalogue_version).treatments[item.treatment]
        card = agent_card(t, item, rank, stand_in(item), inputs, context)
        follower = ranked[rank] if rank < len(ranked) else None
        lines.append(
            RankLine(
                rank=rank,
                offer_id=UUID(item.offer_id) if item.offer_id else None,
                treatment=item.treatment,
                subject=item.subject,
                name=t.name,
                headline=card.card.headline,
                issue=t.issue,
                priority=item.priority,
                factors=item.factors,
                parts=_parts(item, context, recalled),
                terms=term_lines(item.terms, inputs),
                valid_until=item.valid_until,
                reasons=card.reasons,
                live=item.live,
                first=item.pinned,
                gap=item.priority - follower.priority if follower else None,
                lead=lead_in_words(item, follower, names[follower.treatment] if follower else ""),
                learned=learned_words(item, tuple(recalled.row.features or ()), inputs, recalled.configuration),
                told=card.card.reason,
            )
        )
    return tuple(lines)


def _stands(current: Inputs, recalled: Recalled) -> bool:
    then = (recalled.snapshot, recalled.ledger.version, recalled.configuration.version, recalled.row.engine_version)
    return (current.snapshot, current.ledger.version, current.configuration.version, ENGINE_VERSION) == then


def _parts(item: Ranked, context: Context, recalled: Recalled) -> Parts | None:
    given = recalled.configuration
    try:
        return parts_of(item, context, recalled.ruling.weights, recalled.snapshot, recalled.ledger, given)
    except RuleFailed:
        return None


def _names(recalled: Recalled) -> dict[str, str]:
    known = {key: t.name for c in _catalogues(recalled) for key, t in c.treatments.items()}
    met = {w.treatment for w in recalled.ruling.withheld} | {r.treatment for r in recalled.ruling.ranked}
    met |= {row["treatment"] for row in recalled.row.ranked}
    return {key: known[key] for key in sorted(met, key=lambda key: (known[key].casefold(), key))}


def _called(recalled: Recalled, names: dict[str, str], language: str) -> dict[str, str]:
    known = {key: (t, c.pack) for c in _catalogues(recalled) for key, t in c.treatments.items()}
    with languages.speaking(languages.heard(language)):
        return {key: _for_customers(*known[key]) for key in names}


def _for_customers(t: Treatment, pack: Pack) -> str:
    if t.everyone is not None:
        return pack.said(t.everyone.headline)
    said = pack.said(t.portal.headline) if t.portal is not None else ""
    # What is filled in for one customer and one offer says nothing of an offer that was never made.
    return said if said and "{" not in said else t.name


def _saw(inputs: Inputs) -> tuple[tuple[str, str], ...]:
    """Attributes by label, in the pack's order; the empty ones are left out."""
    pack, snapshot = inputs.pack, inputs.snapshot
    lines = []
    for key, attribute in pack.attributes.items():
        said = inputs.mask.value(attribute, snapshot.attributes.get(key), pack.currency, languages.ENGLISH)
        if said:
            lines.append((attribute.label, said))
    return tuple(lines)


def _catalogues(recalled: Recalled) -> tuple[Catalogue, ...]:
    return (*recalled.configuration.older.values(), recalled.configuration.catalogue)


def _later(recalled: Recalled, profile: Profile) -> engine.Later | None:
    """How the customer will be on later days, where they still are as the decision saw them: windows of days cannot be told else."""
    pack = recalled.configuration.catalogue.pack
    if profiles.snapshot(profile, recalled.row.made_at, pack) != recalled.snapshot:
        return None
    return lambda day: _on(day, profile, pack)


def _on(day: date, profile: Profile, pack: Pack) -> Sequence[Snapshot]:
    """At the day's first and last instant: a moment may fade in between."""
    begins = clock.midnight_after(day - timedelta(days=1), profile.timezone)
    ends = clock.midnight_after(day, profile.timezone) - timedelta(microseconds=1)
    first, moment = profiles.snapshot(profile, begins, pack), profile.moment
    if moment is None or moment.live(begins) == moment.live(ends):
        return (first,)  # nothing else of a customer depends on the hour
    last = profiles.snapshot(profile, ends, pack)
    return (first,) if first == last else (first, last)


def _question(goal: Goal, page: DecisionPage) -> str:
    if goal.kind == "anything":
        return "What would bring anything at all?"
    name = page.names[goal.treatment]
    if goal.kind == "before":
        return f"What would put “{name}” before “{page.names[goal.other]}”?"
    return f"What would put “{name}” first?" if goal.kind == "first" else f"What would bring “{name}”?"


def _outcome(goal: Goal, one: engine.Suggestion, page: DecisionPage) -> str:
    first = page.names.get(one.first, one.first)
    if goal.kind == "anything":
        return f"Then “{first}” is offered."
    if one.rank == 1:
        return "Then it stands first."
    if goal.kind == "before":
        return f"Then it goes before it, in place {one.rank}; “{first}” stands first."
    return f"Then it is offered, in place {one.rank}; “{first}” stands first."


def _note(page: DecisionPage, changes: Changes) -> str:
    if page.stands and changes.waiting:
        return ""
    then = "Tried on the customer as they were when this was decided: something has changed since."
    return then if changes.waiting else f"{then} Waiting was not tried."


def _nothing(changes: Changes) -> str:
    ways = f"{changes.tried:,} ways were tried"
    if not changes.complete:
        return f"Nothing was found before the search ended; {ways}."
    wait = ", and no wait of up to a year," if changes.waiting else ""
    return f"Nothing that anyone can act on{wait} would do it: {ways}."
