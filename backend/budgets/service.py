"""Budgets: what is scarce is reserved under a guard in the database, and given back when nothing comes of it. Never oversold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from backend import db, moving
from backend.budgets.tables import BidPriceRow, BudgetPeriodRow, ReservationRow
from backend.catalogue import service as catalogues
from backend.engine.catalogue import Treatment
from backend.matrix.service import Budget, Pack
from backend.moving import Kept, Moved, Since
from backend.record import service as record
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Invalid, NoLongerOffered, NotFound

_PERIOD = db.table_of(BudgetPeriodRow)
_RESERVATION = db.table_of(ReservationRow)
_PRICE = db.table_of(BidPriceRow)
_SLACK = 1e-6
"""Money adds up in binary: a millionth of a dollar more is no oversale."""


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """One month or day of a budget: how much there is, and how much is taken."""

    period: str
    amount: float
    used: float

    @property
    def left(self) -> float:
        return max(self.amount - self.used, 0.0)


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """What is left of a budget in the periods that can be taken now. Money in major units."""

    key: str
    label: str
    unit: str
    per: str
    price: float
    """Bid price of one unit."""
    periods: tuple[PeriodLine, ...]

    @property
    def left(self) -> float:
        return sum(period.left for period in self.periods)

    @property
    def exhausted(self) -> bool:
        """Not one more place, or nothing at all of the money."""
        least = 1.0 if self.unit == "places" else 0.005
        return not any(period.left >= least - _SLACK for period in self.periods)


def take(
    session: Session,
    customer_id: UUID,
    offer_id: UUID,
    t: Treatment,
    amounts: Mapping[str, float],
    at: str,
    pack: Pack,
    today: date,
    now: datetime,
    on: date | None = None,
) -> None:
    """Reserves what the offer takes of the budgets that are reserved at this point (`presented` or `accepted`).

    What it holds already stays, but for a day that has passed, or is not the one `on` which it has to be. `today` is the
    customer's local day. Raises NoLongerOffered where nothing is left: nothing is taken then.
    """
    held = {r.budget: r for r in _held(session, customer_id, [offer_id])}
    # In one order for everyone, so that two who take of two budgets never wait for each other.
    for key in sorted(amounts):
        budget = next((b for b in pack.budgets if b.key == key), None)
        if budget is None or not amounts[key] or (at == "presented" and budget.reserve == "accepted"):
            continue
        periods = list(_periods(budget, pack, today, now, t))
        if on is not None and budget.per == "day":
            periods = [period for period in periods if period == on.isoformat()]
        if key in held:
            if budget.per == "month" or held[key].period in periods:
                continue
            _release(session, [held[key]])
        period = next((p for p in periods if _taken(session, budget, p, amounts[key])), None)
        if period is None:
            raise NoLongerOffered(f"{budget.label}: nothing is left. Somebody else was first.")
        session.execute(
            insert(_RESERVATION).values(
                customer_id=customer_id,
                offer_id=offer_id,
                budget=key,
                period=period,
                amount=amounts[key],
                reserved_at=now,
            )
        )


def give_back(session: Session, customer_id: UUID, offer_ids: Iterable[UUID]) -> None:
    """Frees what these offers hold; nothing where they hold nothing."""
    _release(session, _held(session, customer_id, list(offer_ids)))


def reserved_day(session: Session, customer_id: UUID, offer_id: UUID) -> date | None:
    """The day that the offer holds a place on; None where it holds none."""
    days = [r.period for r in _held(session, customer_id, [offer_id]) if len(r.period) == len("2026-11-23")]
    return date.fromisoformat(min(days)) if days else None


def free_days(
    session: Session, customer_id: UUID, offer_id: UUID, t: Treatment, pack: Pack, today: date, now: datetime
) -> frozenset[str] | None:
    """The days on which every budget of days that the treatment takes of has a place, what the offer holds among them.

    None where it takes of no such budget: then any day will do.
    """
    named = {use.budget for use in t.use}
    found: frozenset[str] | None = None
    for budget in (b for b in pack.budgets if b.key in named and b.per == "day"):
        used = {
            row.period: row.used
            for row in session.execute(
                select(_PERIOD).where(_PERIOD.c.budget == budget.key, _PERIOD.c.period >= today.isoformat())
            )
        }
        mine = {r.period for r in _held(session, customer_id, [offer_id]) if r.budget == budget.key}
        days = frozenset(
            day
            for day in _periods(budget, pack, today, now, t)
            if day in mine or used.get(day, 0.0) + 1.0 <= budget.amount + _SLACK
        )
        found = days if found is None else found & days
    return found


def lines(session: Session, pack: Pack, now: datetime) -> tuple[BudgetLine, ...]:
    """What is left of each of the pack's budgets, by the house's own day."""
    today = clock.local_day(now, pack.timezone)
    used = {
        (row.budget, row.period): row.used
        for row in session.execute(select(_PERIOD).where(_PERIOD.c.period >= f"{today:%Y-%m}"))
    }
    prices = _prices(session)
    return tuple(
        BudgetLine(
            b.key, b.label, b.unit, b.per, prices.get(b.key, 0.0),
            tuple(PeriodLine(p, b.amount, used.get((b.key, p), 0.0)) for p in _periods(b, pack, today, now)),
        )
        for b in pack.budgets
    )  # fmt: skip


def set_price(session: Session, budget: str, price: float, actor: Actor, now: datetime) -> None:
    """Writes what one unit of a budget is worth at the margin; decisions read it from the next configuration on.

    Raises Invalid for a price below zero, NotFound for a budget that the pack in force does not have.
    """
    if not 0 <= price < 1e9:
        raise Invalid("A bid price is a sum of money, zero or more.", {"price": "zero or more"})
    if budget not in {b.key for b in catalogues.pack_in_force(session).budgets}:
        raise NotFound(f"There is no budget {budget}.")
    record.audit(
        session, actor=actor, action="budget.priced", subject=f"budget:{budget}", customer_id=None,
        payload={"before": {"price": _prices(session).get(budget, 0.0)}, "after": {"price": price}}, now=now,
    )  # fmt: skip
    row = {"budget": budget, "price": price, "written_at": now, "written_by": actor.name}
    db.upsert(session, BidPriceRow, [row], key=("budget",), update=("price", "written_at", "written_by"))


def refresh(now: datetime) -> int:
    """Publishes which budgets are exhausted and what the others cost, where that changed; gives 1 then, else 0."""
    with db.reading() as session:
        if not _moved(session, now):
            return 0
    with db.transaction() as session:
        catalogues.hold(session)
        moved = _moved(session, now)
        if moved:
            configuration, exhausted, prices = moved
            catalogues.configure(
                session, configuration.catalogue.version, dict(configuration.levers), prices, SYSTEM, now, exhausted
            )
    return int(bool(moved))


def _moved(session: Session, now: datetime) -> tuple[Any, frozenset[str], dict[str, float]] | None:
    """The configuration in force with what should be published in its place; None where it says so already."""
    try:
        configuration = catalogues.in_force(session)
    except NotFound:
        return None
    found = lines(session, configuration.catalogue.pack, now)
    exhausted = frozenset(line.key for line in found if line.exhausted)
    prices = {line.key: line.price for line in found if line.price}
    if (exhausted, prices) == (configuration.exhausted, dict(configuration.prices)):
        return None
    return configuration, exhausted, prices


def _periods(budget: Budget, pack: Pack, today: date, now: datetime, t: Treatment | None = None) -> Iterator[str]:
    """The periods of which may be taken now, soonest first: the house's month, or the days to come that have places."""
    if budget.per == "month":
        yield f"{clock.local_day(now, pack.timezone):%Y-%m}"
        return
    first = today + timedelta(days=budget.lead_days)
    if t is not None:
        first = max(first, earliest_day(t, today))
    for ahead in range(budget.horizon_days + 1):
        day = first + timedelta(days=ahead)
        if day > today + timedelta(days=budget.horizon_days):
            return
        if day.isoweekday() in budget.weekdays:
            yield day.isoformat()


def earliest_day(t: Treatment, today: date) -> date:
    """The first day on which someone can come: so many working days after today as the treatment asks for."""
    day, left = today, t.fulfilment.lead_days
    while left:
        day += timedelta(days=1)
        left -= day.isoweekday() <= 5
    return day


def _taken(session: Session, budget: Budget, period: str, amount: float) -> bool:
    """The guard: the database itself adds only where it fits, whoever else is adding."""
    key = {"budget": budget.key, "period": period}
    db.upsert(session, BudgetPeriodRow, [key | {"used": 0.0}], key=("budget", "period"))
    done = session.execute(
        update(_PERIOD)
        .where(_PERIOD.c.budget == budget.key, _PERIOD.c.period == period)
        .where(_PERIOD.c.used + amount <= budget.amount + _SLACK)
        .values(used=_PERIOD.c.used + amount)
    )
    return db.touched(done) == 1


def _held(session: Session, customer_id: UUID, offer_ids: list[UUID]) -> list[Any]:
    mine = select(_RESERVATION).where(_RESERVATION.c.customer_id == customer_id, _RESERVATION.c.offer_id.in_(offer_ids))
    return list(session.execute(mine.order_by(_RESERVATION.c.budget, _RESERVATION.c.period)))


def _release(session: Session, reservations: Iterable[Any]) -> None:
    for r in reservations:
        session.execute(
            update(_PERIOD)
            .where(_PERIOD.c.budget == r.budget, _PERIOD.c.period == r.period)
            .values(used=_PERIOD.c.used - r.amount)
        )
        session.execute(
            delete(_RESERVATION).where(
                _RESERVATION.c.customer_id == r.customer_id, _RESERVATION.c.offer_id == r.offer_id,
                _RESERVATION.c.budget == r.budget,
            )
        )  # fmt: skip


def _prices(session: Session) -> dict[str, float]:
    return {row.budget: row.price for row in session.execute(select(_PRICE))}


def export_customer(session: Session, customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """What is reserved for the customer."""
    mine = select(_RESERVATION).where(_RESERVATION.c.customer_id == customer_id)
    return {_RESERVATION.name: [dict(row._mapping) for row in session.execute(mine)]}


def erase_customer(session: Session, customer_id: UUID) -> int:
    """Forgets for whom what was reserved; what is taken stays taken. Gives how many rows there were."""
    return db.touched(session.execute(delete(_RESERVATION).where(_RESERVATION.c.customer_id == customer_id)))


def move_customer(session: Session, from_id: UUID, to_id: UUID, doubled: Iterable[UUID]) -> list[Moved]:
    """What is reserved for the one is reserved for the other; what the offers in `doubled` hold is free again."""
    held = [r for customer_id in (from_id, to_id) for r in _held(session, customer_id, list(doubled))]
    _release(session, held)
    moved = moving.move(session, _RESERVATION, from_id, to_id)
    moved.before = [moving.plain(r._mapping) for r in held]
    return [moved]


def move_customer_back(session: Session, from_id: UUID, to_id: UUID, kept: Kept, since: Since) -> set[UUID]:
    """Takes again what the merge set free, and gives the offers for which nothing is left."""
    moved = kept[_RESERVATION.name]
    moving.move_back(session, _RESERVATION, from_id, to_id, {moved.table: Moved(moved.table, moved.keys)}, since)
    without: set[UUID] = set()
    for row in (moving.typed(_RESERVATION, plain) for plain in moved.before):
        fits = (_PERIOD.c.budget == row["budget"], _PERIOD.c.period == row["period"])
        budget = next((b for b in catalogues.pack_in_force(session).budgets if b.key == row["budget"]), None)
        if budget is None:
            continue
        taken = session.execute(
            update(_PERIOD)
            .where(*fits, _PERIOD.c.used + row["amount"] <= budget.amount + _SLACK)
            .values(used=_PERIOD.c.used + row["amount"])
        )
        if db.touched(taken) == 1:
            session.execute(insert(_RESERVATION).values(**row))
        else:
            without.add(row["offer_id"])
    return without


def keys_of(session: Session, customer_id: UUID, offers: Iterable[str]) -> list[list[str]]:
    """The keys of what is reserved for these offers of the customer's."""
    return [[str(r.offer_id), r.budget] for r in _held(session, customer_id, [UUID(one) for one in sorted(offers)])]
