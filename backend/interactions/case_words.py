"""What happened in a case, in one line, for an agent or for the customer. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from backend.interactions.phrases import sentence
from backend.interactions.types import Event
from backend.matrix.service import day_text
from shared.kernel import clock, dates
from shared.kernel.languages import gettext as _
from shared.kernel.languages import noted

Words = Callable[[Event, bool, str], tuple[str, str]]
"""The event, whether its own customer reads it, and who did it in which channel → title and particulars."""


def _about(own_title: str, title: str) -> Words:
    def words(event: Event, own: bool, by: str) -> tuple[str, str]:
        subject = str(event.data.get("subject", ""))
        return (_(own_title) if own else title), sentence(subject, by if not own else "")

    return words


def _assigned(event: Event, own: bool, by: str) -> tuple[str, str]:
    to, team = str(event.data.get("to") or ""), str(event.data.get("team") or "")
    whose = f"to {to}" if to else "to nobody in person"
    return "Case handed over", sentence(str(event.data.get("subject", "")), whose, f"team {team}" if team else "", by)


def _changed(event: Event, own: bool, by: str) -> tuple[str, str]:
    data = event.data
    parts = [
        f"now {data['type_label']}" if data.get("type_label") else "",
        f"priority {data['priority_label']}" if data.get("priority_label") else "",
        f"tagged {', '.join(data['tags'])}" if data.get("tags") else "",
    ]
    return "Case changed", sentence(str(data.get("subject", "")), *parts, by)


def _waits(title: str) -> Words:
    def words(event: Event, own: bool, by: str) -> tuple[str, str]:
        on, until = str(event.data.get("on") or ""), event.data.get("until")
        parts = (f"for {on}" if on else "", f"until {day_text(until)}" if until else "")
        return title, sentence(str(event.data.get("subject", "")), *parts, by)

    return words


def _slot(data: Mapping[str, Any]) -> str:
    """The time that was taken, in the language of whoever reads."""
    if "slot_until" not in data:
        return str(data.get("slot_text") or "")
    zone = clock.zone_named(str(data["zone"]))
    at, until = (datetime.fromisoformat(str(data[key])).astimezone(zone) for key in ("slot_at", "slot_until"))
    return dates.span(at, until)


def _day(event: Event) -> str:
    return day_text(event.data["day"]) if event.data.get("day") else ""


def _case(event: Event, own: bool, by: str) -> tuple[str, str]:
    by_mail = by if not own and event.channel == "email" else ""
    return (_("We are looking into it") if own else "Case opened"), sentence(
        str(event.data.get("subject", "")), by_mail
    )


def _solved(event: Event, own: bool, by: str) -> tuple[str, str]:
    return (_("Solved") if own else "Case solved"), sentence(
        str(event.data.get("subject", "")), str(event.data.get("outcome", ""))
    )


def _wish(wish: str) -> str:
    return _(wish) if wish else ""


def _callback(event: Event, own: bool, by: str) -> tuple[str, str]:
    wanted = _slot(event.data) or _wish(str(event.data.get("when") or ""))
    return (_("You asked us to call you") if own else "Callback asked for"), sentence(
        wanted, str(event.data.get("about") or "")
    )


def _case_cancelled(event: Event, own: bool, by: str) -> tuple[str, str]:
    return (_("No longer needed") if own else "Case cancelled"), sentence(str(event.data.get("subject", "")), by)


def _called(event: Event, own: bool, by: str) -> tuple[str, str]:
    return (_("We called you") if own else "Called back"), sentence(
        str(event.data.get("about") or ""), str(event.data.get("outcome", ""))
    )


def _call_cancelled(event: Event, own: bool, by: str) -> tuple[str, str]:
    return (_("Call no longer wanted") if own else "Callback cancelled"), sentence(
        str(event.data.get("about") or ""), by
    )


def _planned(event: Event, own: bool, by: str) -> tuple[str, str]:
    return (_("A day was kept for you") if own else "Appointment planned"), sentence(
        str(event.data.get("subject", "")), _slot(event.data) or _day(event)
    )


def _visit_moved(event: Event, own: bool, by: str) -> tuple[str, str]:
    said = (_slot(event.data) or _day(event), str(event.data.get("subject", "")))
    return (_("We come at another time") if own else "Appointment moved"), sentence(*said, "" if own else by)


def _kept(event: Event, own: bool, by: str) -> tuple[str, str]:
    return (_("We were there") if own else "Appointment kept"), sentence(
        str(event.data.get("subject", "")), str(event.data.get("outcome", ""))
    )


def _visit_cancelled(event: Event, own: bool, by: str) -> tuple[str, str]:
    return _("Appointment cancelled"), sentence(str(event.data.get("subject", "")), _day(event), by)


def _attached(event: Event, own: bool, by: str) -> tuple[str, str]:
    data = event.data
    return "File added to a case", sentence(str(data.get("subject", "")), str(data.get("file") or ""), by)


def _other(title: str) -> Words:
    def words(event: Event, own: bool, by: str) -> tuple[str, str]:
        other = str(event.data.get("other") or "")
        return title, sentence(str(event.data.get("subject", "")), f"and {other}" if other else "", by)

    return words


def _moved(event: Event, own: bool, by: str) -> tuple[str, str]:
    said = (_slot(event.data), str(event.data.get("about") or ""))
    return (_("We call you at another time") if own else "Callback moved"), sentence(*said, "" if own else by)


def _unreached(event: Event, own: bool, by: str) -> tuple[str, str]:
    data = event.data
    again = _slot(data)
    if own:
        return _("We called you and did not reach you"), _("We try again: %(when)s", when=again) if again else ""
    after = "no more tries" if data.get("given_up") else f"again {again}" if again else "no time is free"
    return "Callback not reached", sentence(f"try {data.get('tries', 1)}", after, str(data.get("about") or ""), by)


def _sent(event: Event, own: bool, by: str) -> tuple[str, str]:
    title = str(event.data.get("title") or "")
    return (_("We sent you something to read") if own else "Article sent"), sentence(title, "" if own else by)


def _task(title: str) -> Words:
    def words(event: Event, own: bool, by: str) -> tuple[str, str]:
        data = event.data
        until = day_text(data["due_at"][:10]) if data.get("due_at") else ""
        to = str(data.get("to") or "")
        to = "" if to == event.actor_name else to
        return title, sentence(
            str(data.get("what", "")), f"until {until}" if until else "", f"seen to by {to}" if to else "", by
        )

    return words


WORDS: dict[str, Words] = {
    "article.sent": _sent,
    "task.promised": _task("Promised"),
    "task.kept": _task("Promise kept"),
    "task.reopened": _task("Promise still to be kept"),
    "task.assigned": _task("Promise handed on"),
    "case.opened": _case,
    "case.resolved": _solved,
    "case.cancelled": _case_cancelled,
    "callback.requested": _callback,
    "callback.made": _called,
    "callback.cancelled": _call_cancelled,
    "callback.moved": _moved,
    "callback.taken": _about(noted("We call you"), "Calling back"),
    "callback.not_reached": _unreached,
    "callback.missed": _about(noted("A call was missed"), "Callback missed: nobody called"),
    "appointment.planned": _planned,
    "appointment.moved": _visit_moved,
    "appointment.kept": _kept,
    "appointment.cancelled": _visit_cancelled,
    "case.answered": _about(noted("We answered you"), "Case answered"),
    "case.written": _about(noted("You wrote to us"), "Customer wrote in a case"),
    "case.noted": _about("A note", "Case noted on"),
    "case.assigned": _assigned,
    "case.changed": _changed,
    "case.pending": _waits("Case waits"),
    "case.snoozed": _waits("Case put off"),
    "case.woken": _about(noted("We go on with it"), "Case goes on"),
    "case.reopened": _about(noted("We look into it again"), "Case opened again"),
    "case.attached": _attached,
    "case.linked": _other("Cases linked"),
    "case.unlinked": _other("Cases no longer linked"),
    "case.split": _other("Part of a case is a case of its own"),
    "case.merged": _other("Case became part of another"),
    "case.unmerged": _other("Case stands by itself again"),
    "case.closed": _about(noted("Closed"), "Case closed"),
}
