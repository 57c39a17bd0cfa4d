"""Treatments at work: what was presented and what became of it, by treatment, agent, team, channel and segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlmodel import Session

from backend.catalogue import service as catalogues
from backend.reporting.facts import BY_STAFF
from backend.reporting.intervals import Share, apart
from backend.reporting.reading import Only, merged, offer_sums
from backend.reporting.spans import Span
from backend.reporting.who import Names

By = Literal["treatment", "agent", "team", "channel", "segment", "stage"]
BYS: dict[str, str] = {
    "treatment": "Treatment",
    "channel": "Channel",
    "agent": "Agent",
    "team": "Team",
    "segment": "Segment",
    "stage": "Stage",
}
ENOUGH = 5
"""A choice of the agents' is told of from so many on."""
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Work:
    """What became of the offers of one line; money in minor units."""

    presented: int = 0
    taken: int = 0
    """Of the presented ones, those that were accepted since, on whichever day."""
    accepted: int = 0
    declined: int = 0
    deferred: int = 0
    overridden: int = 0
    unfulfilled: int = 0
    """Accepted, and neither arranged nor taken back."""
    undone: int = 0
    value: int = 0
    cost: int = 0

    @property
    def rate(self) -> Share:
        return Share(self.taken, self.presented)

    def __add__(self, other: Work) -> Work:
        return Work(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Work)))


@dataclass(frozen=True, slots=True)
class WorkLine:
    key: str
    name: str
    work: Work


@dataclass(frozen=True, slots=True)
class Beside:
    """One treatment's rate in one channel; `stands` is 1 or -1 where it is surely above or below that of the other channels."""

    treatment: str
    name: str
    channel: str
    channel_name: str
    rate: Share
    stands: int


@dataclass(frozen=True, slots=True)
class Reason:
    treatment: str
    name: str
    reason: str
    label: str
    many: int


@dataclass(frozen=True, slots=True)
class Hint:
    """What agents chose in place of the recommended, and how often it was taken; `recommended` is how often that was, put by staff."""

    chosen: str
    chosen_name: str
    instead: str
    instead_name: str
    chosen_rate: Share
    recommended: Share
    stands: int
    """1 where the choice surely did better, -1 where surely worse, 0 where it cannot be told yet."""


def work(session: Session, span: Span, by: By, only: Only, names: Names) -> tuple[WorkLine, ...]:
    """A line for each, what was presented most first. A customer of several segments, and an agent of several teams, count in each."""
    column = {"treatment": "treatment", "channel": "channel", "agent": "staff", "team": "staff"}.get(by, "value")
    found = offer_sums(session, span, ("act", column), only, names, by if column == "value" else "")
    if by == "agent":
        found = merged(found, 1, lambda staff: (names.who(staff),))
    elif by == "team":
        found = merged(found, 1, lambda staff: names.teams_of(staff) or ("(alone)",))
    called = _called(session, by, names)
    keys = sorted({key for act, key in found if act != "leave"})
    lines = [
        WorkLine(key, called(key), _work({act: sums for (act, one), sums in found.items() if one == key}))
        for key in keys
    ]
    return tuple(sorted(lines, key=lambda one: (-one.work.presented, -one.work.accepted, one.name)))


def reasons(session: Session, span: Span, names: Names, treatment: str = "") -> tuple[Reason, ...]:
    """Why treatments were declined, the commonest first."""
    labels = {one.key: one.label for one in names.pack.decline_reasons} | {OTHER: "In their own words"}
    called = treatment_names(session)
    found = offer_sums(session, span, ("treatment", "value"), Only(), names, "reason", ("declined",))
    lines = [
        Reason(key, called.get(key, key), reason, labels.get(reason, reason), sums["n"])
        for (key, reason), sums in found.items()
        if treatment in ("", key)
    ]
    return tuple(sorted(lines, key=lambda one: (-one.many, one.name, one.label)))


def by_channel(session: Session, span: Span, names: Names) -> tuple[Beside, ...]:
    """The same treatment's rates in each channel where it was presented, side by side, each against its other channels."""
    found = offer_sums(session, span, ("treatment", "channel"), Only(), names, "", ("presented",))
    called = treatment_names(session)
    rates = {key: Share(sums["taken"], sums["n"]) for key, sums in found.items()}
    lines = []
    for (treatment, channel), rate in rates.items():
        others = [one for (other, where), one in rates.items() if other == treatment and where != channel]
        rest = Share(sum(one.many for one in others), sum(one.of for one in others))
        lines.append(
            Beside(
                treatment, called.get(treatment, treatment), channel, names.channel(channel), rate, apart(rate, rest)
            )
        )
    return tuple(sorted(lines, key=lambda one: (one.name, -one.rate.of, one.channel_name)))


def hints(session: Session, span: Span, names: Names) -> tuple[Hint, ...]:
    """What agents chose in place of the recommended, from `ENOUGH` times on: what surely did better first.

    The recommended one's rate is that of its presentations by staff where the decision had ranked it: not those that agents chose.
    """
    called = treatment_names(session)
    chosen = offer_sums(session, span, ("treatment", "value"), Only(), names, "reason", ("overridden",))
    acts = offer_sums(
        session, span, ("act", "treatment", "value"), Only(), names, "treatment", ("presented", "overridden")
    )
    put: dict[str, Share] = {}
    for (act, treatment, by), sums in acts.items():
        if by == BY_STAFF:
            sign, had = (1 if act == "presented" else -1), put.get(treatment, Share(0, 0))
            put[treatment] = Share(had.many + sign * sums["taken"], had.of + sign * sums["n"])
    lines = []
    for (treatment, instead), sums in chosen.items():
        if sums["n"] < ENOUGH:
            continue
        mine, theirs = Share(sums["taken"], sums["n"]), put.get(instead, Share(0, 0))
        names_ = called.get(treatment, treatment), called.get(instead, instead)
        lines.append(Hint(treatment, names_[0], instead, names_[1], mine, theirs, apart(mine, theirs)))
    return tuple(sorted(lines, key=lambda one: (-one.stands, -one.chosen_rate.of, one.chosen_name)))


def treatment_names(session: Session) -> dict[str, str]:
    """As the catalogue in force calls them; what it has no more is called by its key."""
    return {key: one.name for key, one in catalogues.in_force(session).catalogue.treatments.items()}


def _called(session: Session, by: By, names: Names) -> Any:
    if by == "treatment":
        called = treatment_names(session)
        return lambda key: called.get(key, key)
    if by == "segment":
        return lambda key: names.pack.label_of(names.pack.segments, key)
    if by == "stage":
        return lambda key: names.pack.label_of(names.pack.stages, key)
    if by == "team":
        return lambda key: "By themselves" if key == "(alone)" else names.team(key)
    return names.channel if by == "channel" else names.called


def _work(acts: Mapping[str, Mapping[str, int]]) -> Work:
    def many(act: str, name: str = "n") -> int:
        return acts.get(act, {}).get(name, 0)

    accepted, undone = many("accepted"), many("accepted", "undone")
    return Work(
        many("presented"), many("presented", "taken"), accepted, many("declined"), many("deferred"), many("overridden"),
        max(0, accepted - many("accepted", "fulfilled")), undone, many("accepted", "value_minor"), many("accepted", "cost_minor"),
    )  # fmt: skip
