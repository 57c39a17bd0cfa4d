"""Words that are used again: canned replies with what they fill in, and macros, which are several acts at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session

from backend.cases import service as cases
from backend.cases.types import Case
from backend.casework import acts
from backend.matrix.service import VARIABLE, CannedReply, Macro, Pack
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from shared.kernel.errors import NotFound
from shared.kernel.languages import heard, speaking

Reusable = TypeVar("Reusable", CannedReply, Macro)


def fitting(some: Iterable[Reusable], type: str) -> tuple[Reusable, ...]:
    """Those that are for cases of this type."""
    return tuple(one for one in some if not one.types or type in one.types)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled in; nothing in it, or in the values, is ever evaluated. What nobody knows stays."""
    return VARIABLE.sub(lambda found: values.get(found.group(1), found.group(0)), text).strip()


def values_for(session: Session, customer_id: UUID, case: Case, pack: Pack, actor: Actor) -> dict[str, str]:
    """What may be filled in, for this case and whoever writes."""
    profile = profiles.profile(session, customer_id)
    return {
        "customer.first_name": profile.name.split(" ")[0], "customer.name": profile.name, "customer.number": profile.number,
        "case.reference": f"{case.reference[:3]} {case.reference[3:]}", "case.subject": case.subject,
        "agent.name": actor.name, "agent.first_name": actor.name.split(" ")[0], "company.phone": pack.phone,
    }  # fmt: skip


def canned(session: Session, customer_id: UUID, case_id: UUID, key: str, pack: Pack, actor: Actor) -> str:
    """The canned reply in the customer's language, filled in. Raises NotFound for one that the pack has not."""
    reply = next((one for one in pack.casework.canned_reply if one.key == key), None)
    if reply is None:
        raise NotFound("There is no such canned reply.")
    case = cases.case_of(session, customer_id, case_id)
    values = values_for(session, customer_id, case, pack, actor)
    return filled(_for_customer(session, customer_id, reply.text, pack), values)


def _for_customer(session: Session, customer_id: UUID, text: str, pack: Pack) -> str:
    """A text of the pack in the language of the customer who reads it."""
    with speaking(heard(profiles.profile(session, customer_id).language)):
        return pack.said(text)


@dataclass(frozen=True, slots=True)
class MacroSteps:
    """A macro before it is run: each step in words, with the text that it writes, filled in."""

    key: str
    label: str
    steps: tuple[tuple[str, str], ...]


def steps_of(macro: Macro, values: Mapping[str, str], pack: Pack, language: str) -> MacroSteps:
    """What the macro would do, in the order in which it does it; what the customer reads is in their `language`."""
    steps: list[tuple[str, str]] = []
    casework = pack.casework
    with speaking(heard(language)):
        outcome = filled(pack.said(macro.outcome), values)
    reply = next((one for one in casework.canned_reply if one.key == macro.reply), None)
    if reply is not None:
        with speaking(heard(language)):
            steps.append(("Answers the customer:", filled(pack.said(reply.text), values)))
    if macro.note:
        steps.append(("Notes for colleagues:", filled(macro.note, values)))
    if macro.type:
        steps.append((f"Makes it a case of type {casework.type_of(macro.type).label}", ""))
    if macro.priority:
        steps.append((f"Makes it {casework.priority_of(macro.priority).label.lower()}", ""))
    if macro.tags:
        steps.append((f"Tags it {', '.join(macro.tags)}", ""))
    if macro.assign or macro.team:
        to = "you" if macro.assign == "me" else "nobody in person"
        steps.append((f"Gives it to {to}" + (f", {casework.team_label(macro.team)}" if macro.team else ""), ""))
    if macro.state == "pending":
        days = f", {macro.wait_days} days at the most" if macro.wait_days else ""
        steps.append((f"Lets it wait for the customer, clock stopped{days}", ""))
    elif macro.state == "resolved":
        steps.append(("Resolves it" + (":" if macro.outcome else ""), outcome))
    elif macro.state == "open":
        steps.append(("Opens it", ""))
    return MacroSteps(macro.key, macro.label, tuple(steps))


def run_macro(
    session: Session, customer_id: UUID, case_id: UUID, key: str, *, pack: Pack, seen: int | None, reply_channel: str, channel: str,
    actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """Does all that the macro says, or nothing of it; gives its label. Raises NotFound, and Conflict."""
    work = cases.require_version(session, customer_id, case_id, seen)
    macro = next((one for one in fitting(pack.casework.macro, work.type) if one.key == key), None)
    if macro is None:
        raise NotFound("There is no such macro for this case.")
    case = cases.case_of(session, customer_id, case_id)
    values = values_for(session, customer_id, case, pack, actor)
    if macro.reply:
        text = canned(session, customer_id, case_id, macro.reply, pack, actor)
        cases.reply(
            session, customer_id, case_id, text, channel=reply_channel, pack=pack, seen=None, actor=actor, now=now
        )
    if macro.note:
        cases.note(session, customer_id, case_id, filled(macro.note, values), seen=None, actor=actor, now=now)
    if macro.type or macro.priority or macro.tags:
        tags = {*work.tags, *macro.tags} if macro.tags else None
        cases.classify(
            session, customer_id, case_id, type=macro.type or "", priority=macro.priority or "", tags=tags, pack=pack,
            seen=None, actor=actor, now=now,
        )  # fmt: skip
    if macro.assign or macro.team:
        to = (UUID(actor.id), actor.name) if macro.assign == "me" and actor.kind == "staff" else None
        cases.assign(session, customer_id, case_id, to=to, team=macro.team, pack=pack, seen=None, actor=actor, now=now)
    if macro.state == "pending":
        until = acts.morning(pack, now, days=macro.wait_days) if macro.wait_days else None
        cases.pend(
            session, customer_id, case_id, on="customer", until=until, pack=pack, seen=None, actor=actor, now=now
        )
    elif macro.state == "resolved":
        outcome = filled(_for_customer(session, customer_id, macro.outcome, pack), values)
        acts.resolve(session, customer_id, case_id, outcome=outcome, seen=None, channel=channel, actor=actor, now=now)
    elif macro.state == "open":
        cases.go_on(session, customer_id, case_id, pack=pack, seen=None, actor=actor, now=now)
    return macro.label
