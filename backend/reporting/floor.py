"""The floor in numbers: how contacts, visits and ratings went in a span, against the span before, each with what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlmodel import Session

from backend.reporting.reading import Only, contact_sums, merged
from backend.reporting.spans import Span
from backend.reporting.who import Names

Unit = Literal["number", "seconds", "share", "score", "times"]
By = Literal["team", "agent", "channel"]
BYS: dict[str, str] = {"agent": "Agent", "team": "Team", "channel": "Channel"}


@dataclass(frozen=True, slots=True)
class Measure:
    """One number: what is divided by what, of which kind of fact, and what it means in words."""

    key: str
    label: str
    meaning: str
    unit: Unit
    kind: str
    above: Mapping[str, int]
    below: Mapping[str, int]
    better: Literal["more", "less", ""]
    behind: tuple[str, int] | None
    """The column and value of the facts that stand behind it; None: all of its kind."""
    shown: str
    """What these are called above their list."""

    def of(self, sums: Mapping[str, int]) -> float | None:
        """The value; None where there is nothing to divide by."""
        if not self.below:
            return float(_weighed(self.above, sums))
        many = _weighed(self.below, sums)
        return _weighed(self.above, sums) / many if many else None

    def many(self, sums: Mapping[str, int]) -> int:
        """Of how many it is told."""
        return _weighed(self.below or self.above, sums)


MEASURES = (
    Measure("contacts", "Contacts", "Contacts with staff that ended in these days and were wrapped up, whoever began them.",
            "number", "contact", {"n": 1}, {}, "", None, "All contacts"),
    Measure("handle", "Handle time", "From the beginning of a contact to the end of its wrap-up, on average: talking, holding and after-call work.",
            "seconds", "contact", {"handle_seconds": 1}, {"handled": 1}, "less", ("handled", 1), "The contacts it is the average of"),
    Measure("after", "After-call work", "From the end of a contact until it was wrapped up, on average. Contacts that a load entered without a wrap-up are left out.",
            "seconds", "contact", {"after_seconds": 1}, {"wrapped": 1}, "less", ("wrapped", 1), "The contacts it is the average of"),
    Measure("resolution", "First-contact resolution", "Of the contacts that customers began and whose reason is known: the share after which they did not come again for the same reason within 7 days. The last 7 days may yet change.",
            "share", "contact", {"asked": 1, "followed": -1}, {"asked": 1}, "more", ("followed", 1), "Contacts after which they came again for the same reason"),
    Measure("repeat", "Repeat rate", "Of the same contacts: the share for which the customer had come within the 7 days before, for the same reason.",
            "share", "contact", {"repeated": 1}, {"asked": 1}, "less", ("repeated", 1), "Contacts that were repeats"),
    Measure("transfer", "Transfer rate", "The share of contacts that were handed to another agent at least once.",
            "share", "contact", {"transferred": 1}, {"n": 1}, "less", ("transferred", 1), "Contacts that were handed on"),
    Measure("effort", "Effort", "How many contacts a matter took: contacts with a known reason, for each that was not a repeat. 1.0 is the least.",
            "times", "contact", {"asked": 1}, {"asked": 1, "repeated": -1}, "less", ("repeated", 1), "Contacts that were repeats"),
    Measure("satisfaction", "Satisfaction", "The customers' own ratings of cases and offers once they were done, 1 to 5, on average. It counts for the agent who acted on the offer last; of cases for nobody.",
            "score", "rating", {"score": 1}, {"n": 1}, "more", None, "The ratings"),
    Measure("containment", "Contained in self-service", "Of the visits to the portal: the share after which the customer asked nobody of the staff within 24 hours. Visits of the last day may yet change.",
            "share", "visit", {"contained": 1}, {"n": 1}, "more", ("contained", 0), "Visits after which they asked staff"),
)  # fmt: skip
BY_KEY = {one.key: one for one in MEASURES}
OF_STAFF = tuple(one for one in MEASURES if one.kind != "visit")


@dataclass(frozen=True, slots=True)
class Point:
    day: date
    value: float | None
    many: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure in the span, in the one before, and day by day."""

    measure: Measure
    value: float | None
    before: float | None
    many: int
    points: tuple[Point, ...]

    @property
    def change(self) -> float | None:
        """How much more it is than before, in its own unit."""
        return None if self.value is None or self.before is None else self.value - self.before

    @property
    def verdict(self) -> Literal["better", "worse", ""]:
        change = self.change
        if not change or not self.measure.better:
            return ""
        return "better" if (change > 0) == (self.measure.better == "more") else "worse"


@dataclass(frozen=True, slots=True)
class Line:
    """One of those by whom the numbers are split; `cells` in the order of `MEASURES`: the value and of how many."""

    key: str
    name: str
    cells: tuple[tuple[Measure, float | None, int], ...]


def figures(session: Session, span: Span, only: Only, names: Names) -> tuple[Figure, ...]:
    """Every measure, narrowed as asked; visits have neither agent nor team."""
    whole = Span(span.before.first, span.last, span.zone)
    found = contact_sums(session, whole, ("day", "kind"), only, names)
    return tuple(_figure(measure, span, found) for measure in MEASURES)


def split(session: Session, span: Span, by: By, only: Only, names: Names) -> tuple[Line, ...]:
    """The measures for each team, agent or channel, the busiest first. Somebody of several teams counts in each."""
    column = "channel" if by == "channel" else "staff"
    found = contact_sums(session, span, ("kind", column), only, names)
    if by == "agent":
        found = merged(found, 1, lambda staff: (names.who(staff),))
    elif by == "team":
        found = merged(found, 1, names.teams_of)
    keys = sorted({key for kind, key in found if key or by != "agent"})
    called = {"agent": names.called, "team": names.team, "channel": names.channel}[by]
    shown = MEASURES if by == "channel" else OF_STAFF
    lines = [Line(key, called(key), tuple(_cell(measure, key, found) for measure in shown)) for key in keys]
    return tuple(sorted(lines, key=lambda one: (-one.cells[0][2], one.name)))


def _figure(measure: Measure, span: Span, found: Mapping[tuple[Any, ...], Mapping[str, int]]) -> Figure:
    mine = {day: sums for (day, kind), sums in found.items() if kind == measure.kind}
    now = _added(sums for day, sums in mine.items() if day >= span.first)
    then = _added(sums for day, sums in mine.items() if day < span.first)
    points = tuple(
        Point(day, measure.of(mine[day]) if day in mine else (None if measure.below else 0.0), measure.many(mine.get(day, {})))
        for day in span.each_day
    )  # fmt: skip
    return Figure(measure, measure.of(now), measure.of(then), measure.many(now), points)


def _cell(
    measure: Measure, key: str, found: Mapping[tuple[Any, ...], Mapping[str, int]]
) -> tuple[Measure, float | None, int]:
    sums = found.get((measure.kind, key), {})
    return (measure, measure.of(sums) if sums else None, measure.many(sums))


def _added(all_sums: Any) -> dict[str, int]:
    total: dict[str, int] = {}
    for sums in all_sums:
        for name, many in sums.items():
            total[name] = total.get(name, 0) + many
    return total


def _weighed(weights: Mapping[str, int], sums: Mapping[str, int]) -> int:
    return sum(weight * sums.get(name, 0) for name, weight in weights.items())
