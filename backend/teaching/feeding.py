"""Examples follow from what stands: whoever something happened to is looked at anew, and only what differs is written.

An example is the same whoever writes it and however often; word of a customer and their examples are one transaction. So what
comes late, is undone, expires or is followed by leaving needs no rule of its own, and nothing is learned twice or missed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.learning import service as learning
from backend.learning.service import Example
from backend.matrix.service import Learning, Pack
from backend.profiles import service as profiles
from backend.rules.service import Context, RuleFailed
from backend.teaching.weighing import kept_days
from backend.treatments import service as treatments
from backend.treatments.service import Presented
from shared.kernel import clock
from shared.kernel.errors import NotFound

BATCH = 50
"""Customers in one transaction of those whose time for an answer is over."""


LATER = timedelta(days=1)
"""Nobody has left sooner after they were kept."""


def feed(session: Session, customer_ids: Collection[UUID], pack: Pack, now: datetime) -> int:
    """Brings the examples of these customers up to what stands; gives how many changed."""
    wanted = pack.learning
    if not wanted.feature or not customer_ids:
        return 0
    kept = learning.examples_of(session, customer_ids)
    changed, fresh, outcomes = 0, [], {}
    oldest = clock.local_day(now, pack.timezone) - timedelta(days=kept_days(wanted))
    kinds = _keeping(pack)
    for one in treatments.presented(session, customer_ids):
        row = kept.get(one.customer_id, {}).get(one.offer_id)
        if one.void:
            if row is not None:
                learning.forget(session, one.customer_id, [one.offer_id])
                changed += 1
            continue
        y = _outcome(session, one, wanted, kinds, pack, now)
        if row is None:
            if one.day >= oldest:
                fresh.append(one)
                outcomes[one.offer_id] = y
        elif row.state != learning.state_of(y):
            learning.settle(session, one.customer_id, one.offer_id, y, now)
            changed += 1
    new = _examples(session, fresh, outcomes, wanted) if fresh else []
    if new:
        learning.keep(session, new, now)
    return changed + len(new)


def feed_due(now: datetime, most: int = BATCH) -> int:
    """Counts as not taken what nobody answered in its time; gives how many customers. Opens its own transaction."""
    with db.reading() as session:
        customers = learning.due(session, now, most)
        if not customers:
            return 0
        pack = catalogues.pack_in_force(session)
    with db.transaction() as session:
        feed(session, customers, pack, now)
    return len(customers)


def feed_later(now: datetime) -> int:
    """Looks again at those who took up what was to keep them, or what is not done yet, some time ago at most.

    Gives how many examples changed. Opens its own transactions.
    """
    with db.reading() as session:
        try:
            pack = catalogues.pack_in_force(session)
        except NotFound:
            return 0
        wanted, today = pack.learning, clock.local_day(now, pack.timezone)
        if not wanted.feature:
            return 0
        since = today - timedelta(days=wanted.stays_days + wanted.window_days)
        kept = learning.taken_since(session, _keeping(pack), since)
        undone = treatments.never_done(session, since, today - timedelta(days=wanted.window_days))
        customers = sorted({*kept, *undone})
    changed = 0
    for nth in range(0, len(customers), BATCH):
        with db.transaction() as session:
            changed += feed(session, customers[nth : nth + BATCH], pack, now)
    return changed


def _keeping(pack: Pack) -> frozenset[str]:
    """The treatments that are to keep customers."""
    kept: frozenset[str] | None = pack.worked_out.get("keeping")
    if kept is None:
        written = (one for content in pack.treatments.values() for one in content.get("treatment", ()))
        kept = pack.worked_out["keeping"] = frozenset(one["key"] for one in written if one.get("issue") == "retention")
    return kept


def _outcome(
    session: Session, one: Presented, wanted: Learning, kinds: Collection[str], pack: Pack, now: datetime
) -> bool | None:
    """Whether it was taken up: a yes is none where they left soon after or nothing came of it, and no answer in its time is a no."""
    taken = one.taken
    if taken is None:
        return False if now >= _due_at(one, wanted) else None
    # Who took it up just now is looked at again later, by `feed_later`.
    if taken and not one.done and one.answered_on is not None:
        waited = clock.local_day(now, pack.timezone) - one.answered_on
        if waited >= timedelta(days=wanted.window_days):
            return False
    if taken and one.treatment in kinds and wanted.stays_days and now - one.at >= LATER:
        return not _left_after(session, one, wanted, pack, now)
    return taken


def _due_at(one: Presented, wanted: Learning) -> datetime:
    return one.at + timedelta(days=wanted.window_days)


def _left_after(session: Session, one: Presented, wanted: Learning, pack: Pack, now: datetime) -> bool:
    """Whether they left within the time that counts, after they took it up."""
    if wanted.left.text == "false":
        return False
    try:
        seen = profiles.snapshot(profiles.profile(session, one.customer_id), now, pack)
    except NotFound:
        return False
    context = Context(seen.names())
    try:
        if not wanted.left.test(context):
            return False
        left_on = date.fromisoformat(seen.today) - timedelta(days=wanted.left_days.number(context))
    except RuleFailed:
        return False
    begun = one.answered_on or one.day
    return begun <= left_on <= begun + timedelta(days=wanted.stays_days)


def _examples(
    session: Session, fresh: Sequence[Presented], outcomes: Mapping[UUID, bool | None], wanted: Learning
) -> list[Example]:
    """The numbers that the decisions knew which presented them; none of those that knew none."""
    lessons = treatments.lessons(session, fresh)
    shapes: dict[int, tuple[str, ...]] = {}
    found = []
    for one in fresh:
        known = lessons.get(one.offer_id)
        if known is None:
            continue
        columns = shapes.get(known.catalogue_version)
        if columns is None:
            columns = catalogues.catalogue_of(session, known.catalogue_version).pack.learning.columns
            shapes[known.catalogue_version] = columns
        x = (*known.features, *(known.history or (0.0,) * (len(columns) - len(known.features))))
        if len(x) == len(columns):
            found.append(
                Example(
                    one.customer_id, one.offer_id, one.treatment, one.day, one.channel, columns, x, known.chance, known.epoch,
                    outcomes[one.offer_id], _due_at(one, wanted),
                )
            )  # fmt: skip
    return found
