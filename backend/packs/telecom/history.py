"""Two years of one customer's life, drawn so that it fits tenure, services, charges, payment method and leaving."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from backend.packs.telecom import contacts
from backend.packs.telecom.billing import Account, bills_of, month_before
from backend.packs.telecom.made import MadeBill, MadeEvent
from backend.packs.telecom.rows import Row

MONTHS = 24  # of history
YEAR = 365
FACT_DAYS = 366  # day buckets older than the longest window are of no use to anyone
_BAD_SHARE = {False: 0.05, True: 0.09}  # by "has left"
_OPEN_COMPLAINT_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Life:
    """What happened to one customer."""

    since: date
    left_on: date | None
    bills: tuple[MadeBill, ...]
    events: tuple[MadeEvent, ...]
    facts: dict[str, Any]


def live(row: Row, today: date, zone: ZoneInfo, rng: Random) -> Life:
    """One customer's history up to yesterday, or to the day on which they left (at most 30 days ago, as in IBM's sample)."""
    yesterday = today - timedelta(days=1)
    left_on = today - timedelta(days=rng.randint(1, 30)) if row["churned"] else None
    end = left_on or yesterday
    tenure = int(row["tenure"] or 0)
    # A bill for each full month of tenure, on the monthly day of joining; the last one less than a month before the end.
    last_bill = end - timedelta(days=rng.randint(0, 27))
    last_bill = last_bill.replace(day=min(last_bill.day, 28))
    since = month_before(last_bill, tenure) if tenure else end - timedelta(days=rng.randint(3, 25))
    first = max(since, month_before(end, MONTHS))
    diary = Diary(first, end, zone, rng)

    account = Account(row, since, last_bill, end, today, left_on is not None)
    bills = bills_of(account, diary, rng, MONTHS)
    contacts.everyday(row, since, left_on, diary)
    bad = None
    if rng.random() < _BAD_SHARE[left_on is not None] and (end - since).days > 4:
        bad = contacts.bad_experience(row, since, left_on, diary, complain=rng.random() < _OPEN_COMPLAINT_SHARE)
    return Life(
        since,
        left_on,
        bills,
        tuple(sorted(diary.events, key=_order)),
        _facts(row, since, left_on, bills, diary, bad, today),
    )


class Diary:
    """Collects events and, day by day, the counts that profiles keep of them; refuses what lies outside the history."""

    def __init__(self, first: date, end: date, zone: ZoneInfo, rng: Random) -> None:
        self.first, self.end, self.rng, self._zone = first, end, rng, zone
        self.events: list[MadeEvent] = []
        self.counts: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
        self.values: dict[str, int | float | str] = defaultdict(int)
        self.dates: dict[str, date] = {}
        self._contacts = 0

    def has(self, day: date) -> bool:
        return self.first <= day <= self.end

    def note(
        self,
        day: date,
        kind: str,
        channel: str,
        actor: tuple[str, str],
        data: dict[str, Any],
        *,
        minute: int = -1,
        lasting: int = 0,
        contact: int | None = None,
        stage: str | None = None,
    ) -> None:
        """Writes one event at the minute of the day, or at a likely hour; with `lasting`, one that ended minutes later."""
        if not self.first <= day <= self.end:
            raise ValueError(f"{kind} on {day} lies outside {self.first} to {self.end}")
        if minute < 0:
            minute = 8 * 60 + int(self.rng.random() * 12 * 60)
        at = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=UTC) - _offset(self._zone, day)
        ended_at = at + timedelta(minutes=lasting) if lasting else None
        self.events.append(MadeEvent(at, kind, channel, actor[0], actor[1], data, contact, ended_at, stage))

    def contact(self) -> int:
        """The number of a new interaction."""
        self._contacts += 1
        return self._contacts

    def count(self, what: str, day: date) -> None:
        self.counts[what][day] += 1

    def latest(self, what: str, day: date) -> None:
        self.dates[what] = max(day, self.dates.get(what, day))


@lru_cache(maxsize=8192)
def _offset(zone: ZoneInfo, day: date) -> timedelta:
    """The zone's distance from UTC at noon of the day: nobody here is awake when the clocks change."""
    return datetime.combine(day, time(12), zone).utcoffset() or timedelta()


def _order(event: MadeEvent) -> tuple[datetime, int, str]:
    return event.at, event.contact or 0, event.kind


def _facts(
    row: Row,
    since: date,
    left_on: date | None,
    bills: tuple[MadeBill, ...],
    diary: Diary,
    bad: dict[str, Any] | None,
    today: date,
) -> dict[str, Any]:
    """The facts of the profile, as the rooms would have written them while all this happened."""
    horizon = today - timedelta(days=FACT_DAYS)
    days = {
        what: {day.isoformat(): n for day, n in sorted(by_day.items()) if day > horizon}
        for what, by_day in sorted(diary.counts.items())
    }
    paid = [(b.paid_on, b.amount_minor) for b in bills if b.paid_on and b.paid_on > today - timedelta(days=YEAR)]
    days["payments"] = {day.isoformat(): sum(1 for other, _ in paid if other == day) for day, _ in sorted(paid)}
    days["paid"] = {
        day.isoformat(): sum(minor for other, minor in paid if other == day) / 100 for day, _ in sorted(paid)
    }
    values: dict[str, Any] = {
        "open_complaints": diary.values["open_complaints"],
        "open_cases": diary.values["open_cases"],
        "overdue_amount": sum(b.amount_minor for b in bills if b.status == "overdue") / 100,
        "last_bill": bills[0].amount_minor / 100 if bills else 0.0,
        "bill_change": (bills[0].amount_minor - bills[1].amount_minor) / 100 if len(bills) > 1 else 0.0,
        "one_off_charge": sum(line.amount_minor for line in bills[0].lines if line.text.startswith("One-off")) / 100
        if bills
        else 0.0,
    }
    dates = {key: day.isoformat() for key, day in sorted(diary.dates.items())}
    dates["joined"] = since.isoformat()
    if any(b.paid_on for b in bills):
        dates["last_payment"] = max(b.paid_on for b in bills if b.paid_on).isoformat()
    term = {"One year": 12, "Two year": 24}.get(str(row["contract"]))
    if term:
        dates["contract_started"] = month_before(since, -(int(row["tenure"] or 0) // term) * term).isoformat()
    if left_on:
        dates["left"] = left_on.isoformat()
    overdue = [b.due_on for b in bills if b.status == "overdue"]
    if overdue:
        dates["overdue_since"] = min(overdue).isoformat()
    if bad:
        dates["bad_experience"] = bad["on"]
    return {"days": {k: v for k, v in days.items() if v}, "values": values, "dates": dates, "bad_experience": bad}
