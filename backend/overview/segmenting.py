"""A segment before it is saved: how many customers its rule would take in, some of them, and the text that says so in a draft."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.catalogue import service as catalogues
from backend.matrix.service import Pack, Segment
from backend.people.service import Permission
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from backend.rules.service import Context, Expression, RuleFailed, compiled, lint
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid

MOST = 5_000
"""So many customers are looked at; of more, that many spread over all, and the size is an estimate."""
PLACES = 50
SHOWN = 10
FILE = "segments.toml"
_Z = 1.96
_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class Member:
    """A customer whom the rule takes in, and what it saw of them."""

    customer_id: UUID
    number: str
    name: str
    why: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """How large a segment would be. Not `exact`: an estimate from those looked at, with 95 % between `low` and `high`."""

    customers: int
    looked_at: int
    size: int
    low: int
    high: int
    exact: bool
    undecided: int
    """Of those looked at: of whom the rule could say nothing. They would not be in it."""
    sample: tuple[Member, ...]


def preview(session: Session, rule: str, actor: Actor, now: datetime) -> Preview:
    """Looks for whom the rule would hold, by the pack in force. Writes nothing. Raises Forbidden, Invalid for a rule that is none."""
    catalogues.require(actor, Permission.SEE_CATALOGUE)
    pack = catalogues.pack_in_force(session)
    expression = _rule(rule, pack)
    total = profiles.count(session)
    looked = members = undecided = 0
    found: list[Member] = []
    for one in _some(session, total):
        looked += 1
        held = _holds(expression, one, pack, now)
        undecided += held is None
        if held:
            members += 1
            if len(found) < SHOWN:
                why = profiles.why(expression, profiles.snapshot(one, now, pack), pack)
                found.append(Member(one.customer_id, one.number, one.name, why))
    exact = looked >= total
    low, high = (members, members) if exact else _interval(members, looked, total)
    size = members if exact else round(members / max(looked, 1) * total)
    return Preview(total, looked, size, low, high, exact, undecided, tuple(found))


def save(
    session: Session, key: str, label: str, rule: str, beta: float | None, draft_id: UUID | None, actor: Actor, now: datetime
) -> UUID:  # fmt: skip
    """Writes the segment into a draft, a new one where none is named, and gives the draft's id; there it is checked and approved.

    One of that key is changed in its label, rule and balance dial; the rest of it stays. Raises Forbidden, Invalid, NotFound,
    and Conflict for a draft that is over.
    """
    catalogues.require(actor, Permission.AUTHOR)
    label = " ".join(label.split())
    errors = {}
    if not _KEY.fullmatch(key):
        errors["key"] = "small letters, digits and underscores, a letter first"
    if not label or len(label) > 120:
        errors["label"] = "1 to 120 characters"
    if errors:
        raise Invalid("That is no segment.", errors)
    rule = _rule(rule, catalogues.pack_in_force(session)).text
    if draft_id is None:
        draft_id = catalogues.begin_draft(session, f"Segment {label}", actor, now)
    known = catalogues.open_draft(session, draft_id)
    before = known.files.get(FILE, "")
    after = with_segment(before, key, label, rule, beta)
    seen = catalogues.name_of(before) if FILE in known.files else ""
    catalogues.save_file(session, draft_id, FILE, after, seen, actor, now)
    return draft_id


def segments(session: Session) -> tuple[Segment, ...]:
    """Those of the pack in force, in its order."""
    return catalogues.pack_in_force(session).segments


def with_segment(text: str, key: str, label: str, rule: str, beta: float | None) -> str:
    """The file with this segment in it: in its place where it stands there already, else at the end. Pure.

    Raises Conflict where its entry cannot be told apart from the rest.
    """
    lines = [f"key = {_quoted(key)}", f"label = {_quoted(label)}", f"rule = {_quoted(rule)}"]
    lines += [] if beta is None else [f"beta = {beta!r}"]
    blocks = re.split(r"(?m)^(?=\[\[segment\]\][ \t]*$)", text)
    mine = [n for n, block in enumerate(blocks) if re.search(rf'(?m)^\s*key\s*=\s*"{re.escape(key)}"', block)]
    if len(mine) > 1:
        raise Conflict(f"{key} stands twice in {FILE}: mend that first.")
    if not mine:
        return f"{text.rstrip()}\n\n[[segment]]\n" + "\n".join(lines) + "\n"
    block = blocks[mine[0]]
    head, parts = re.match(r"\[\[segment\]\][ \t]*\n", block), re.split(r"(?m)^(?=\[)", block)
    if head is None:
        raise Conflict(f"{key} stands in {FILE} in a way that only a person can change.")
    # What belongs to the segment beside these (its own cells and weights) follows its first part.
    rest = "".join(parts[2:])
    lines += re.findall(r"(?m)^kind\s*=.*$", "".join(parts[:2]))
    gap = "\n" if rest else "\n\n" if mine[0] < len(blocks) - 1 else "\n"
    blocks[mine[0]] = head.group() + "\n".join(lines) + gap + (f"\n{rest}" if rest else "")
    return "".join(blocks)


def _quoted(text: str) -> str:
    """As TOML writes it on one line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _rule(text: str, pack: Pack) -> Expression:
    found = lint(text, pack.segment_names, "bool")
    if found:
        raise Invalid("That is no rule.", {"rule": "; ".join(found)[:1000]})
    return compiled(text)


def _holds(rule: Expression, one: Profile, pack: Pack, now: datetime) -> bool | None:
    """Whether the rule holds for the customer; None where it cannot say."""
    try:
        return rule.test(Context(profiles.snapshot(one, now, pack).names()))
    except RuleFailed:
        return None


def _some(session: Session, total: int) -> list[Profile]:
    """Everyone, or as many as are looked at, taken in stretches at even distances."""
    if total <= MOST:
        starts = profiles.beginnings(session, max(total, 1))
        return profiles.some_from(session, starts[0], MOST) if starts else []
    starts = profiles.beginnings(session, -(-total // PLACES))
    each = MOST // len(starts)
    return [one for start in starts for one in profiles.some_from(session, start, each)]


def _interval(members: int, looked: int, total: int) -> tuple[int, int]:
    """Wilson's interval for a share, in customers (E. B. Wilson, 1927)."""
    share = members / looked
    middle = share + _Z**2 / (2 * looked)
    half = _Z * math.sqrt(share * (1 - share) / looked + _Z**2 / (4 * looked**2))
    below = 1 + _Z**2 / looked
    return max(0, math.floor((middle - half) / below * total)), min(total, math.ceil((middle + half) / below * total))
