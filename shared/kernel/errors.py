"""The one tree of errors that a person may come to see. Each app renders it in its own way; views catch nothing."""

from typing import Any, ClassVar
from uuid import UUID

from shared.kernel.languages import gettext, noted


class EvenhandError(Exception):
    """An act that cannot be done, and why: `str(error)` is fit for a person, `code` for a program, `extra` adds facts."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = noted("Something went wrong")

    def __init__(self, message: str = "", **extra: Any) -> None:
        super().__init__(message or f"{gettext(self.title)}.")
        self.extra = extra


class NotFound(EvenhandError):
    """What was asked for is not there, or not for this person to know of."""

    status = 404
    code = "not_found"
    title = noted("Not found")


class Unauthenticated(EvenhandError):
    """Nobody has signed in, or the sign-in did not hold."""

    status = 401
    code = "unauthenticated"
    title = noted("Please sign in")


class Forbidden(EvenhandError):
    """Signed in, but without the right to do this."""

    status = 403
    code = "forbidden"
    title = noted("Not allowed")


class Restricted(Forbidden):
    """Only some teams may open this customer; `customer_id` says whom, for whoever hands them over."""

    code = "restricted"
    title = noted("Only for some teams")

    def __init__(self, customer_id: UUID) -> None:
        super().__init__("Only some teams may open this customer.", customer_id=str(customer_id))
        self.customer_id = customer_id


class Invalid(EvenhandError):
    """What was sent cannot be taken; `errors` says which field and why."""

    status = 422
    code = "invalid"
    title = noted("Please check what was entered")

    def __init__(self, message: str = "", errors: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(message, errors=errors or {}, **extra)
        self.errors: dict[str, str] = errors or {}


class Conflict(EvenhandError):
    """Something else happened first."""

    status = 409
    code = "conflict"
    title = noted("Something changed in the meantime")


class AlreadyAnswered(Conflict):
    """The offer has its final answer; extra says which, who, when, where."""

    code = "already_answered"
    title = noted("Already answered")


class NoLongerOffered(Conflict):
    """The offer was withdrawn or superseded."""

    code = "no_longer_offered"
    title = noted("No longer offered")


class NoAuthority(Conflict):
    """The person with whom the agent speaks may not do this in the customer's place."""

    code = "no_authority"
    title = noted("Not theirs to decide")


class NotUndoable(Conflict):
    """What was done cannot be taken back."""

    code = "not_undoable"
    title = noted("This can't be taken back")


class TooLate(Conflict):
    """The time in which it could be taken back is over."""

    code = "too_late"
    title = noted("Too late to take this back")


class Expired(Conflict):
    """The offer's date has passed."""

    code = "expired"
    title = noted("This offer has ended")


class StillRunning(Conflict):
    """The same request, with the same idempotency key, is being worked on."""

    code = "still_running"
    title = noted("Still being worked on")


class Erased(NotFound):
    """It was there, and was erased as the customer asked."""

    status = 410
    code = "erased"
    title = noted("Erased")


class KeyReused(EvenhandError):
    """An idempotency key came again with another body."""

    status = 422
    code = "idempotency_key_reused"
    title = noted("This idempotency key was used for another request")


class TooMany(EvenhandError):
    """Too many tries in too short a time; extra `retry_after` counts the seconds to wait."""

    status = 429
    code = "too_many"
    title = noted("Too many tries")


class Unavailable(EvenhandError):
    """The database does not answer just now; nothing was done. Trying again in a moment is right."""

    status = 503
    code = "unavailable"
    title = noted("Not available just now")
