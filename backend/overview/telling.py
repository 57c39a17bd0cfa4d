"""What customers did about their own account that an agent should know before saying a word. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from backend.cases.service import Case
from backend.interactions.service import ByPhone, Event, day
from backend.overview.types import Warning
from backend.profiles import service as profiles
from backend.profiles.service import Mask, Profile
from shared.kernel import clock

LATELY = timedelta(days=14)
_RATED = ("rating.given", "rating.low")
_CALLS = frozenset({"call", "contact"})
_WISHES = frozenset({"callback.requested", "callback.moved"})


def warnings(profile: Profile, events: Sequence[Event], now: datetime) -> Iterator[Warning]:
    """That the account is to be closed, and what they rated badly and have not taken back. `events`: the latest, newest first."""
    closes = profiles.closes_on(profile)
    if closes is not None:
        yield Warning("closing", f"Asked us to close the account: it is closed on {day(closes)}, unless they keep it")
    seen: set[str] = set()
    for event in events:
        thing = str(event.data.get("case_id") or event.data.get("offer_id") or "")
        if event.kind not in _RATED or thing in seen or now - event.at > LATELY:
            continue
        seen.add(thing)
        low = next((one for one in events if one.kind == "rating.low" and thing in one.data.values()), None)
        score = int(event.data.get("score") or 0)
        if low is not None and score <= int(low.data.get("score") or 0):
            words = f": “{event.data['words']}”" if event.data.get("words") else ""
            yield Warning(
                "rating",
                f"Rated {score} of 5, {day(clock.local_day(event.at, profile.timezone))}: {event.data.get('about', '')}{words}",
            )


def latest_contact(events: Sequence[Event], work: Sequence[Case]) -> Event | None:
    """With what they were last in touch: a call, a contact, or a wish for a call that is still open. `events`: newest first."""
    waiting = {str(case.case_id) for case in work if case.kind == "callback"}
    return next(
        (
            event
            for event in events
            if event.kind in _CALLS or (event.kind in _WISHES and event.data.get("case_id") in waiting)
        ),
        None,
    )


def read_by(wish: ByPhone | None, mask: Mask) -> ByPhone | None:
    """Where they left off, with dots where what they wrote would tell what is hidden."""
    return None if wish is None else replace(wish, draft=tuple((label, mask.text(text)) for label, text in wish.draft))
