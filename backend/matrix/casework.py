"""How a pack wants cases to be worked: their types, teams, service levels, working hours, and words that are used again."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from backend.matrix.parts import Clock, Key, Labelled, Part

Hours = Annotated[float, Field(gt=0, le=24 * 365)]
Fault = tuple[str, str, int, str, str]
"""The file, the table and which of its entries, what it is called, and what is wrong with it."""
FILE = "cases.toml"
VARIABLES = {
    "customer.first_name": "the customer's first name",
    "customer.name": "the customer's whole name",
    "customer.number": "the customer number",
    "case.reference": "the case's reference, as it is said aloud",
    "case.subject": "what the case is about",
    "agent.name": "who writes",
    "agent.first_name": "the first name of who writes",
    "company.phone": "the telephone number of the pack",
}
"""What a canned reply may fill in; nothing else is."""
CALLBACKS = "callbacks"
"""The name of the slots of calls back, where a treatment lets the customer choose a time."""
VARIABLE = re.compile(r"\{([^{}]*)\}")


class Shift(Part):
    """Hours of work on these weekdays (1 is Monday). Passing midnight, they belong to the day on which they begin."""

    days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(min_length=1)
    begin: Clock = Field(alias="from")
    until: Clock
    """The end; the same as the beginning means all day and night."""


class Holiday(Part):
    """A local day on which nobody works."""

    day: date
    label: str = Field(min_length=1)


class Priority(Labelled):
    """How urgent a case is, with its service levels in hours of work; None: no promise is made."""

    first_answer: Hours | None = None
    resolution: Hours | None = None


class CaseType(Labelled):
    """What a case is about, who looks into it unless somebody says otherwise, and how urgent it is then."""

    team: Key | None = None
    priority: Key | None = None
    own: str = ""
    """As a customer says it who writes to us; empty where customers are not asked for it."""


class CannedReply(Labelled):
    """An answer that is often given. `types`: of which cases; of all where none is named."""

    text: str = Field(min_length=1, max_length=10_000)
    types: tuple[Key, ...] = ()


class Macro(Labelled):
    """Several acts at once, in this order: reply, note, type, priority, who has it, tags, state."""

    types: tuple[Key, ...] = ()
    reply: Key | None = None
    """A canned reply, which the customer gets."""
    note: str = Field(default="", max_length=2_000)
    type: Key | None = None
    priority: Key | None = None
    assign: Literal["", "me"] = ""
    team: Key | None = None
    tags: tuple[Key, ...] = ()
    state: Literal["", "open", "pending", "resolved"] = ""
    wait_days: int = Field(default=0, ge=0, le=365)
    """With `state` pending: after so many days it comes back, where nobody answers before."""
    outcome: str = Field(default="", max_length=500)
    """With `state` resolved: how it came out, which the customer reads."""


class Calendar(Labelled):
    """Times that customers choose among when they accept: cut from its own hours, else from the hours of work."""

    slot_minutes: int = Field(default=240, ge=5, le=720)
    places: int = Field(default=1, ge=1, le=1000)
    """So many may have the same time."""
    days_ahead: int = Field(default=14, ge=1, le=90)
    lead_minutes: int = Field(default=60, ge=0, le=43200)
    """A time can be taken until so long before it begins."""
    hours: tuple[Shift, ...] = ()

    def places_of(self, team: str) -> int:
        return self.places


class Callbacks(Part):
    """Calls back, booked into slots of the hours of work."""

    team: Key | None = None
    """Who calls back, unless another team is chosen."""
    slot_minutes: int = Field(default=30, ge=5, le=240)
    places: int = Field(default=2, ge=1, le=1000)
    """So many calls a slot takes for each team, unless `team_places` says otherwise."""
    team_places: Mapping[Key, Annotated[int, Field(ge=0, le=1000)]] = Field(default_factory=dict)
    days_ahead: int = Field(default=7, ge=1, le=60)
    lead_minutes: int = Field(default=15, ge=0, le=1440)
    """A slot can be taken until so long before it begins."""
    tries: int = Field(default=3, ge=1, le=20)
    """Not reached so often, it is no longer called: a case says so."""
    again_minutes: int = Field(default=120, ge=0, le=10080)
    """Not reached, the next slot is at least so much later."""

    def places_of(self, team: str) -> int:
        return self.team_places.get(team, self.places)


_ANY = CaseType(key="general", label="General")
_NORMAL = Priority(key="normal", label="Normal")


class Casework(Part):
    """All of it. A pack that says nothing has one type, one priority, no promised times, and a day of 24 hours."""

    default_type: Key = "general"
    default_priority: Key = "normal"
    timezone: str = ""
    """Of the hours of work; the pack's own where it is empty."""
    close_days: int = Field(default=7, ge=1, le=365)
    """A resolved case is closed after so many days, and then only a new one is opened."""
    attachment_megabytes: int = Field(default=10, ge=1, le=50)
    hours: tuple[Shift, ...] = ()
    holiday: tuple[Holiday, ...] = ()
    team: tuple[Labelled, ...] = ()
    priority: tuple[Priority, ...] = (_NORMAL,)
    case_type: tuple[CaseType, ...] = (_ANY,)
    canned_reply: tuple[CannedReply, ...] = ()
    macro: tuple[Macro, ...] = ()
    callbacks: Callbacks = Field(default_factory=Callbacks)
    calendar: tuple[Calendar, ...] = ()

    def calendar_of(self, key: str) -> Calendar | None:
        """The calendar of this key; None for one that is no longer in the pack."""
        return next((one for one in self.calendar if one.key == key), None)

    def type_of(self, key: str) -> CaseType:
        """The type of this key; one that is no longer in the pack goes by its own name."""
        return next((one for one in self.case_type if one.key == key), CaseType(key="gone", label=key or "General"))

    def priority_of(self, key: str) -> Priority:
        return next((one for one in self.priority if one.key == key), Priority(key="gone", label=key or "Normal"))

    def team_label(self, key: str) -> str:
        return next((one.label for one in self.team if one.key == key), key)


def casework_faults(casework: Casework) -> Iterator[Fault]:
    """All that points at nothing, stands twice, or fills in what there is not."""
    types, teams = {one.key for one in casework.case_type}, {one.key for one in casework.team}
    priorities, replies = {one.key for one in casework.priority}, {one.key for one in casework.canned_reply}
    if casework.default_type not in types:
        yield FILE, "case_type", 0, "default_type", f"{casework.default_type} is no type of case"
    if casework.default_priority not in priorities:
        yield FILE, "priority", 0, "default_priority", f"{casework.default_priority} is no priority"
    if casework.timezone and casework.timezone not in zoneinfo.available_timezones():
        yield FILE, "hours", 0, "timezone", f"{casework.timezone} is no time zone"
    for name in (casework.callbacks.team, *casework.callbacks.team_places):
        if name and name not in teams:
            yield FILE, "callbacks", 0, "callbacks", f"{name} is no team"
    for nth, calendar in enumerate(casework.calendar):
        # Places are counted by the name of who takes them.
        if calendar.key in teams or calendar.key == CALLBACKS:
            yield (
                FILE,
                "calendar",
                nth,
                calendar.key,
                "a calendar is called as nothing else: no team, and not callbacks",
            )
    for table in ("case_type", "team", "priority", "canned_reply", "macro", "calendar"):
        yield from _twice(table, [one.key for one in getattr(casework, table)])
    yield from _twice("holiday", [one.day.isoformat() for one in casework.holiday])

    def known(table: str, nth: int, key: str, named: Iterable[tuple[str | None, set[str], str]]) -> Iterator[Fault]:
        yield from (
            (FILE, table, nth, key, f"{name} is no {what}") for name, among, what in named if name and name not in among
        )

    for nth, kind in enumerate(casework.case_type):
        named = [(kind.team, teams, "team"), (kind.priority, priorities, "priority")]
        yield from known("case_type", nth, kind.key, named)
    for nth, one in enumerate(casework.priority):
        if one.first_answer and one.resolution and one.first_answer > one.resolution:
            yield FILE, "priority", nth, one.key, "the first answer is promised after the resolution"
    for nth, reply in enumerate(casework.canned_reply):
        yield from known("canned_reply", nth, reply.key, [(name, types, "type of case") for name in reply.types])
        yield from ((FILE, "canned_reply", nth, reply.key, why) for why in unknown_variables(reply.text))
    for nth, macro in enumerate(casework.macro):
        named = [
            (macro.reply, replies, "canned reply"), (macro.team, teams, "team"), (macro.priority, priorities, "priority"),
            (macro.type, types, "type of case"), *((name, types, "type of case") for name in macro.types),
        ]  # fmt: skip
        yield from known("macro", nth, macro.key, named)
        yield from ((FILE, "macro", nth, macro.key, why) for why in unknown_variables(macro.note + macro.outcome))
        if macro.wait_days and macro.state != "pending":
            yield FILE, "macro", nth, macro.key, "wait_days needs state pending"
        if macro.outcome and macro.state != "resolved":
            yield FILE, "macro", nth, macro.key, "outcome needs state resolved"
        if not any(
            (macro.reply, macro.note, macro.type, macro.priority, macro.assign, macro.team, macro.tags, macro.state)
        ):
            yield FILE, "macro", nth, macro.key, "does nothing"


def unknown_variables(text: str) -> Iterator[str]:
    """What the text would fill in and nobody knows; a lone brace is no variable either."""
    for name in VARIABLE.findall(text):
        if name not in VARIABLES:
            yield f"{{{name}}} is nothing that can be filled in; there are {', '.join(sorted(VARIABLES))}"
    if re.search(r"[{}]", VARIABLE.sub("", text)):
        yield "a brace stands alone: a variable is written {customer.first_name}"


def _twice(table: str, keys: list[str]) -> Iterator[Fault]:
    yield from ((FILE, table, nth, key, "stands twice") for nth, key in enumerate(keys) if keys.index(key) != nth)
