"""By when what is due in a case: its service level over hours of work, less the time in which its clock stood still. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from backend.cases.types import Work
from backend.cases.worktime import WorkTime
from backend.matrix.service import Priority

FAR = datetime(9000, 1, 1, tzinfo=UTC)
"""When nothing is due: after all that is."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is due next: an answer, the resolution, nothing while the clock stands still, or nothing ever.

    `at` is None for the last two.
    """

    what: Literal["answer", "resolution", "paused", "none"]
    at: datetime | None = None
    late: bool = False


def due_times(
    time: WorkTime, priority: Priority, began_at: datetime, paused_seconds: int = 0
) -> tuple[datetime | None, datetime | None]:
    """By when the first answer and the resolution are due; None where the priority promises none."""
    stood = timedelta(seconds=paused_seconds)

    def due(hours: float | None) -> datetime | None:
        return None if hours is None else time.after(began_at, timedelta(hours=hours) + stood)

    return due(priority.first_answer), due(priority.resolution)


def moved_on(time: WorkTime, due: datetime | None, paused_at: datetime, now: datetime) -> datetime | None:
    """The due time after a pause: as much work time is left as there was when it began. What was late stays as it was."""
    if due is None or due <= paused_at:
        return due
    return time.after(now, time.between(paused_at, due))


def burns(status: str, first_due: datetime | None, solve_due: datetime | None, answered: bool) -> datetime:
    """When the case is due next, for the order of lists."""
    if status in ("pending", "resolved", "closed"):
        return FAR
    return (solve_due if answered or first_due is None else first_due) or FAR


def due_next(work: Work, now: datetime) -> Due:
    """What is due next in the case."""
    if not work.is_active:
        return Due("none")
    if work.status == "pending":
        return Due("paused")
    if work.answered_at is None and work.first_due is not None:
        return Due("answer", work.first_due, work.first_due < now)
    if work.solve_due is not None:
        return Due("resolution", work.solve_due, work.solve_due < now)
    return Due("none")
