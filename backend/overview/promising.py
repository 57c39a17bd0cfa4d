"""What a contact promised, as it follows from what happened in it; and as promises are kept: tasks, by times of the house."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from backend.cases import service as cases
from backend.interactions.service import Event, Interaction
from backend.matrix.service import Pack
from backend.overview.types import Promised

MIDDAY = time(12)
A_DAY_OF_WORK = timedelta(hours=8)
MOST_PROMISED = 8


def promised(events: Iterable[Event], contact: Interaction, pack: Pack, now: datetime) -> tuple[Promised, ...]:
    """Offers put off to a day are come back to on it; who waits for an approval is told how it came out, within a day of work."""
    work = cases.time_of(pack)
    found: dict[str, Promised] = {}
    for event in events:
        headline = str(event.data.get("headline") or "")
        if event.actor_name != contact.staff or event.at < contact.started_at or not headline:
            continue
        if event.kind == "offer.deferred" and event.data.get("until"):
            until = datetime.combine(date.fromisoformat(str(event.data["until"])[:10]), MIDDAY, tzinfo=work.zone)
            found.setdefault(headline, Promised(f"Come back to: {headline}"[: cases.LONGEST_TASK], until))
        elif event.kind == "offer.asked":
            until = work.after(now, A_DAY_OF_WORK) or now + timedelta(days=1)
            what = f"Tell them whether it is approved: {headline}"
            found.setdefault(headline, Promised(what[: cases.LONGEST_TASK], until.replace(second=0, microsecond=0)))
    return tuple(one for one in found.values() if one.until > now)[:MOST_PROMISED]


def wrong_with(promises: Sequence[Promised], now: datetime) -> str:
    """What is wrong with them, in words; empty where they can be kept."""
    if any(len(one.what) > cases.LONGEST_TASK for one in promises):
        return f"Keep each promise to {cases.LONGEST_TASK} characters."
    late = [one.what for one in promises if one.until <= now]
    return f"That time has passed: {late[0]}" if late else ""
