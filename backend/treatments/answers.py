"""What may be answered to an offer in which state. Pure: the ledger does what this allows, under the customer's lock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal

from backend.engine.facts import TAKEN
from shared.kernel import dates
from shared.kernel.errors import AlreadyAnswered, Conflict, Expired, Invalid, NoLongerOffered
from shared.kernel.languages import gettext

Response = Literal["presented", "accepted", "declined", "deferred"]
RESPONSES: tuple[Response, ...] = ("presented", "accepted", "declined", "deferred")
LONGEST_WORD = 300
LONGEST_REASON = 500
LEAST_DOUBT, MOST_DOUBT = timedelta(seconds=0.3), timedelta(seconds=1)


def permit(offer: Any, response: Response, now: datetime, today: date, seen: int | None) -> bool:
    """Whether the answer changes the offer (False: it is presented already, and that is all that was said).

    Raises AlreadyAnswered where another answer was first, Expired after its date, NoLongerOffered where it was withdrawn,
    Conflict where the terms are not those that the asker saw.

    A decline may be reversed, and a deferral followed by an answer, by someone who could know of it: a request that came in
    before the earlier answer was settled was in a race with it, and lost.
    """
    if offer.state in ("withdrawn", "superseded"):
        raise NoLongerOffered(gettext("This is no longer offered."))
    if offer.state == "undone":
        raise AlreadyAnswered(gettext("This offer was accepted, and taken back."))
    if offer.state in TAKEN:
        raise AlreadyAnswered(gettext("This offer was accepted already."))
    if offer.state == "expired" or offer.valid_until < today:
        raise Expired(gettext("This offer has ended; its terms can no longer be given."))
    if offer.state == "declined" and (response != "accepted" or _raced(offer, now, seen)):
        raise AlreadyAnswered(gettext("This offer was declined already."))
    if offer.state == "deferred" and response != "presented" and _raced(offer, now, seen):
        raise AlreadyAnswered(gettext("This offer was put off just now."))
    if offer.state in ("open", "presented") and seen is not None and seen != offer.version:
        raise Conflict(
            gettext("The terms of this offer changed since this page was opened. Please look at them again.")
        )
    return response != "presented" or offer.state == "open"


def _raced(offer: Any, now: datetime, seen: int | None) -> bool:
    """Whether the asker answered without knowing of the earlier answer: by the version that they saw, else by the clock."""
    if seen is not None:
        return bool(seen != offer.version)
    return offer.settled_at is not None and now < offer.settled_at


def doubt(came_in: datetime, now: datetime) -> timedelta:
    """How long after an answer that may be taken back a request can still arrive that was sent before anyone knew of it.

    Two requests that are sent together may reach two servers far apart when machines are busy, and how busy they are shows
    in how long this answer itself took. Until that time is over the answer is not acknowledged, so nobody can know of it.
    """
    return min(max(4 * (now - came_in), LEAST_DOUBT), MOST_DOUBT)


def checked_until(until: date | None, today: date, valid_until: date) -> date:
    """The day on which a deferred offer comes back. Raises Invalid unless it is a day to come, within the offer's date."""
    if until is None:
        return min(date.fromordinal(today.toordinal() + 7), valid_until)
    if until <= today:
        raise Invalid(gettext("Choose a day after today."), {"until": "a day after today"})
    if until > valid_until:
        raise Invalid(
            gettext("The offer ends on %(day)s; choose that day or one before.", day=dates.long_day(valid_until)),
            {"until": f"no later than {valid_until.isoformat()}"},
        )
    return until


def checked_reason(reason: str | None) -> str | None:
    reason = (reason or "").strip()
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            f"A reason has at most {LONGEST_REASON} characters.", {"reason": f"at most {LONGEST_REASON} characters"}
        )
    return reason or None


def checked_word(word: str | None) -> str | None:
    """What an agent wrote for the customer; None for nothing. Raises Invalid."""
    word = (word or "").strip()
    if len(word) > LONGEST_WORD:
        at_most = f"at most {LONGEST_WORD} characters; there are {len(word)}"
        raise Invalid(f"A word for the customer has {at_most}.", {"word": at_most})
    return word or None
