"""The one place that asks what time it is. Each request asks once, at its edge, and passes the answer down."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)


def now() -> datetime:
    """The present instant, aware and in UTC; the frozen one inside `frozen`."""
    return _frozen.get() or datetime.now(UTC)


@contextmanager
def frozen(instant: datetime) -> Iterator[datetime]:
    """Makes `now` answer this instant inside the block, for tests and loads. Raises ValueError for a naive one."""
    at = utc(instant)
    token = _frozen.set(at)
    try:
        yield at
    finally:
        _frozen.reset(token)


def utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError for a naive one: its zone would be a guess."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no time zone.")
    return instant.astimezone(UTC)


@lru_cache(maxsize=512)
def zone_named(zone: str) -> ZoneInfo:
    """The IANA zone. Raises ValueError for a name that is none."""
    try:
        return ZoneInfo(zone)
    except (KeyError, OSError, ValueError) as unknown:
        raise ValueError(f"{zone!r} is not a time zone.") from unknown


def local_day(instant: datetime, zone: str) -> date:
    """The calendar day that people in this zone call today at the instant."""
    return instant.astimezone(zone_named(zone)).date()


def midnight_after(day: date, zone: str) -> datetime:
    """The instant, in UTC, at which that local day ends: where clocks skip midnight, the first instant of the next day."""
    tz = zone_named(zone)
    # fold=0 takes the offset from before a gap, so 00:00 inside one maps to the gap's very end.
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=tz).astimezone(UTC)
