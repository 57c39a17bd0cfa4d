"""Lists to read: decisions and offers of a customer, treatments of the catalogue in force, cells and weights of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.engine.catalogue import Catalogue, Treatment
from backend.engine.service import balance_of, segments_own
from backend.matrix.service import EffectiveCell, Pack, Vector, effective_cell
from backend.profiles import service as profiles
from backend.profiles.service import Page
from backend.treatments.cards import OfferLine
from backend.treatments.recommending import offers_of
from backend.treatments.tables import DecisionRow
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid, NotFound

T = TypeVar("T")
MOST = 100
_DECISION = db.table_of(DecisionRow)
_HEAD = (
    "decision_id", "made_at", "stands_until", "profile_version", "ledger_version", "configuration_version",
    "catalogue_version", "model_epoch", "engine_version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One stored decision at a glance: when, from what, and what it ranked, best first."""

    decision_id: UUID
    made_at: datetime
    stands_until: datetime
    profile_version: int
    ledger_version: int
    configuration_version: int
    catalogue_version: int
    model_epoch: int
    engine_version: int
    treatments: tuple[str, ...]


@dataclass(frozen=True)
class InForce:
    """The catalogue in force, and since when and by whom."""

    catalogue: Catalogue
    configuration_version: int
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class EffectiveWeights:
    """What one stage, life-cycle state or intent weighs the objectives, unnormalised. `sources`: objective → "base" or a segment's key."""

    of: Literal["stage", "life_cycle", "intent"]
    key: str
    weights: Mapping[str, float]
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Weighing:
    """All weights as they hold for a customer of some segments, and β. `beta_source`: "base", a segment's key, or "floor"."""

    weights: tuple[EffectiveWeights, ...]
    beta: float
    beta_source: str


def decisions_of(session: Session, customer_id: UUID, limit: int = 25, cursor: str | None = None) -> Page[DecisionLine]:
    """The customer's decisions, newest first. Raises NotFound, and Invalid for a limit or cursor that is none."""
    _checked(limit)
    owner = profiles.profile(session, customer_id).customer_id
    asked = select(*(_DECISION.c[name] for name in _HEAD), _DECISION.c.ranked).where(_DECISION.c.customer_id == owner)
    if cursor is not None:
        asked = asked.where(_DECISION.c.decision_id < _id(cursor))
    # The id is made when the decision is stored: its order is that of time, and it is the primary key.
    rows = session.execute(asked.order_by(_DECISION.c.decision_id.desc()).limit(limit + 1)).all()
    lines = tuple(_line(row) for row in rows[:limit])
    return Page(lines, str(lines[-1].decision_id) if len(rows) > limit else None)


def decisions_between(
    session: Session, customer_id: UUID, since: datetime, before: datetime, most: int = MOST
) -> tuple[DecisionLine, ...]:
    """The customer's decisions from `since` until before `before`, the last first, at most so many. Raises NotFound."""
    owner = profiles.profile(session, customer_id).customer_id
    asked = (
        select(*(_DECISION.c[name] for name in _HEAD), _DECISION.c.ranked)
        .where(_DECISION.c.customer_id == owner, _DECISION.c.made_at >= since, _DECISION.c.made_at < before)
        .order_by(_DECISION.c.decision_id.desc())
        .limit(most)
    )
    return tuple(_line(row) for row in session.execute(asked))


def days_decided(session: Session, customer_id: UUID, most: int = 400) -> tuple[datetime, ...]:
    """When the last decisions of the customer were made, the last first: by these one chooses a day. Raises NotFound."""
    owner = profiles.profile(session, customer_id).customer_id
    asked = select(_DECISION.c.made_at).where(_DECISION.c.customer_id == owner)
    return tuple(session.execute(asked.order_by(_DECISION.c.decision_id.desc()).limit(most)).scalars())


def _line(row: Any) -> DecisionLine:
    return DecisionLine(
        treatments=tuple(r["treatment"] for r in row.ranked), **{name: getattr(row, name) for name in _HEAD}
    )


def offers_page(
    session: Session, customer_id: UUID, actor: Actor, now: datetime, limit: int = 25, cursor: str | None = None
) -> Page[OfferLine]:
    """Every offer that the customer got, newest first. Raises NotFound and Invalid."""
    return _part(offers_of(session, customer_id, actor, now), lambda line: str(line.offer_id), limit, cursor)


def catalogue_in_force(session: Session) -> InForce:
    """Raises NotFound before the first catalogue."""
    configuration = catalogues.in_force(session)
    published = catalogues.published(session, configuration.catalogue.version)
    return InForce(configuration.catalogue, configuration.version, *published)


def treatments_page(catalogue: Catalogue, limit: int = 25, cursor: str | None = None) -> Page[Treatment]:
    """The catalogue's treatments, in its own order. Raises Invalid."""
    return _part(tuple(catalogue.treatments.values()), lambda t: t.key, limit, cursor)


def treatment_of(catalogue: Catalogue, key: str) -> Treatment:
    """Raises NotFound."""
    if key not in catalogue.treatments:
        raise NotFound(f"The catalogue has no treatment {key}.")
    return catalogue.treatments[key]


def cells(pack: Pack, segments: Collection[str]) -> tuple[EffectiveCell, ...]:
    """Every cell as it holds for a customer of these segments, stage by stage. Raises Invalid for a segment that is none."""
    _known(pack, segments)
    found = (effective_cell(pack, segments, s.key, c.key) for s in pack.stages for c in pack.channels)
    return tuple(cell for cell in found if cell is not None)


def weighing(pack: Pack, segments: Collection[str]) -> Weighing:
    """What stages, states and intents weigh for a customer of these segments, and β. Raises Invalid for a segment that is none."""
    _known(pack, segments)
    voices: tuple[tuple[Literal["stage", "life_cycle", "intent"], str, Mapping[str, Vector]], ...] = (
        (
            "stage",
            "stage_weights",
            {s.key: pack.stage_weights[s.key] for s in pack.stages if s.key in pack.stage_weights},
        ),
        ("life_cycle", "life_cycle_weights", {state.key: state.weights for state in pack.life_cycle}),
        ("intent", "intent_weights", {key: intent.weights for key, intent in pack.intents.items()}),
    )
    found = (
        EffectiveWeights(of, key, *segments_own(pack, segments, what, key, base))
        for of, what, base in voices
        for key in base
    )
    return Weighing(tuple(found), *balance_of(pack, segments))


def _known(pack: Pack, segments: Collection[str]) -> None:
    known = [s.key for s in pack.segments]
    for unknown in set(segments) - set(known):
        raise Invalid(f"This pack has no segment {unknown}.", {"segment": f"one of {', '.join(known)}"})


def cells_page(
    pack: Pack, segments: Collection[str], limit: int = MOST, cursor: str | None = None
) -> Page[EffectiveCell]:
    """The same, page by page. Raises Invalid."""
    return _part(cells(pack, segments), lambda e: f"{e.cell.stage}/{e.cell.channel}", limit, cursor)


def _part(things: Sequence[T], name: Callable[[T], str], limit: int, cursor: str | None) -> Page[T]:
    """The things after the one that the cursor names."""
    _checked(limit)
    start = 0
    if cursor is not None:
        start = next((nth for nth, thing in enumerate(things, 1) if name(thing) == cursor), 0)
        if not start:
            raise Invalid("That is not a cursor of this list.", {"cursor": "take it from next_cursor"})
    part = tuple(things[start : start + limit])
    return Page(part, name(part[-1]) if start + limit < len(things) else None)


def _checked(limit: int) -> None:
    if not 1 <= limit <= MOST:
        raise Invalid(f"A page holds 1 to {MOST} entries.", {"limit": f"1 to {MOST}"})


def _id(cursor: str) -> UUID:
    try:
        return UUID(cursor)
    except ValueError:
        raise Invalid("That is not a cursor of this list.", {"cursor": "take it from next_cursor"}) from None
