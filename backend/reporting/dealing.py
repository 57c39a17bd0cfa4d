"""Fair dealing: whether agents, and groups of customers, are dealt with alike; each share against its peers', with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from backend.reporting.groups import GROUPS, place
from backend.reporting.intervals import Share, apart
from backend.reporting.reading import Only, contact_sums, merged, offer_sums
from backend.reporting.spans import Span
from backend.reporting.who import Names


@dataclass(frozen=True, slots=True)
class Practice:
    """Something that agents do more or less often, and of how much it is counted."""

    key: str
    label: str
    meaning: str
    act: str
    column: str
    of_act: str
    """The act of which it is the share; "contact": of the contacts that they had."""


PRACTICES = (
    Practice("conceded", "Concessions", "Of the offers that were accepted with this agent: those that gave something away.",
             "accepted", "conceded", "accepted"),
    Practice("overridden", "Overrides", "Of the offers that this agent put to customers: those chosen in place of the recommended.",
             "overridden", "n", "presented"),
    Practice("leave", "“Wants to leave”", "How often this agent wrote down that a customer said they are leaving, for each contact.",
             "leave", "n", "contact"),
    Practice("undone", "Taken back", "Of the offers that were accepted with this agent: those that the customer took back.",
             "accepted", "undone", "accepted"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dealt:
    """One share, that of all peers together, and whether chance alone could tell them apart."""

    share: Share
    peers: Share
    stands: int


@dataclass(frozen=True, slots=True)
class AgentLine:
    staff: str
    name: str
    dealt: tuple[tuple[Practice, Dealt], ...]
    cost: int
    """What was given away with them, in minor units."""

    @property
    def stands_out(self) -> bool:
        return any(dealt.stands for _, dealt in self.dealt)


@dataclass(frozen=True, slots=True)
class GroupLine:
    """Of the offers that were presented to a group: those accepted that gave something away, against all other known groups."""

    key: str
    name: str
    dealt: Dealt
    cost: int


def agents(session: Session, span: Span, only: Only, names: Names) -> tuple[AgentLine, ...]:
    """Every agent who did something in the span, who stands out first. Peers are all others, of the same narrowing."""
    found = merged(offer_sums(session, span, ("act", "staff"), only, names), 1, lambda staff: (names.who(staff),))
    had = merged(contact_sums(session, span, ("kind", "staff"), only, names), 1, lambda staff: (names.who(staff),))
    acts = {**found, **{("contact", staff): sums for (kind, staff), sums in had.items() if kind == "contact"}}
    people = sorted({staff for _, staff in acts if staff})
    counted = {(staff, one.key): _share(acts, one, staff) for staff in people for one in PRACTICES}
    lines = []
    for staff in people:
        dealt = tuple((one, _against(counted[staff, one.key], [counted[peer, one.key] for peer in people if peer != staff])) for one in PRACTICES)  # fmt: skip
        cost = acts.get(("accepted", staff), {}).get("cost_minor", 0)
        lines.append(AgentLine(staff, names.called(staff), dealt, cost))
    return tuple(sorted(lines, key=lambda one: (not one.stands_out, one.name)))


def groups(session: Session, span: Span, names: Names) -> dict[str, tuple[GroupLine, ...]]:
    """By kind of group its lines, in the order of the bands; of whom it is not known stand last, and against nobody."""
    found = {}
    for split in GROUPS:
        sums = offer_sums(session, span, ("value",), Only(), names, split, ("presented",))
        shares = {key: Share(one["conceded"], one["n"]) for (key,), one in sums.items()}
        lines = []
        for key, share in shares.items():
            others = [] if key == "unknown" else [one for peer, one in shares.items() if peer not in (key, "unknown")]
            lines.append(
                GroupLine(
                    key, key if key != "unknown" else "Not known", _against(share, others), sums[key,]["cost_minor"]
                )
            )
        found[split] = tuple(sorted(lines, key=lambda one: place(one.key)))
    return found


def _share(acts: Mapping[tuple[Any, ...], Mapping[str, int]], one: Practice, staff: str) -> Share:
    many = acts.get((one.act, staff), {}).get(one.column, 0)
    return Share(many, max(many, acts.get((one.of_act, staff), {}).get("n", 0)))


def _against(share: Share, peers: list[Share]) -> Dealt:
    others = Share(sum(one.many for one in peers), sum(one.of for one in peers))
    return Dealt(share, others, apart(share, others))
