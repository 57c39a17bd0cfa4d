"""Treatments at work: what became of what was presented, side by side by channel, why it was declined, what agents chose instead."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from agent_ui.supervision.report_asked import Asked, as_file, asked, frame, wanted_table
from backend import db
from backend.people.service import Permission, current_actor, requires
from backend.reporting import service as reporting
from backend.reporting.service import Share
from backend.treatments.service import STEP_LABELS
from shared.kernel import clock, money
from shared.kernel.money import Money
from shared.ui.pages import page

bp = Blueprint("working", __name__, template_folder="templates")
TEMPLATE, BEHIND = "supervision/working.html", "supervision/answers_behind.html"
ABOUT_STAFF = frozenset({"agent", "team"})
"""How agents do is for those who supervise them."""
SHOWN_REASONS = 12
ACTS = {
    "presented": "Presented", "accepted": "Accepted", "declined": "Declined", "deferred": "Put off", "overridden": "Chosen by the agent",
    "undone": "Accepted and taken back", "unfulfilled": "Accepted and not arranged", "conceded": "Accepted with a concession",
    "leave": "“Wants to leave”",
}  # fmt: skip
_AMONG = {
    "undone": ("accepted", "undone"),
    "unfulfilled": ("accepted", "not_fulfilled"),
    "conceded": ("accepted", "conceded"),
}


@bp.get("/reports/treatments")
@requires(Permission.SEE_CATALOGUE)
def show() -> Response:
    with db.reading() as session:
        it, by = _asked(session)
        shown = {
            "lines": reporting.work(session, it.span, by, it.only, it.names),
            "beside": reporting.by_channel(session, it.span, it.names),
            "reasons": reporting.reasons(session, it.span, it.names)[:SHOWN_REASONS],
            "hints": reporting.hints(session, it.span, it.names),
            "nothing": reporting.why_nothing(session, it.span) if request.args.get("why") else None,
            **frame(session, it),
        }
    currency = it.names.pack.currency
    return page(
        TEMPLATE, status=it.status, bys=_bys(), by=by, steps=STEP_LABELS, cash=lambda minor: Money(minor, currency), **shown
    )  # fmt: skip


@bp.get(
    "/reports/treatments/<any(presented,accepted,declined,deferred,overridden,undone,unfulfilled,conceded,leave):act>"
)
@requires(Permission.SUPERVISE)
def behind(act: str) -> Response:
    """The very answers behind a number, the last first."""
    treatment = _treatment()
    with db.reading() as session:
        it, _ = _asked(session)
        found = _found(session, act, it, treatment, request.args.get("cursor"))
        called = reporting.treatment_names(session)
        labels = {one.key: one.label for one in it.names.pack.decline_reasons} | {"other": "In their own words"}
        shown = frame(session, it)
    return page(
        BEHIND, status=it.status, act=act, acts=ACTS, treatment=treatment, called=called, labels=labels, found=found,
        cursor=request.args.get("cursor"), **shown,
    )  # fmt: skip


@bp.post("/reports/treatments/csv")
@requires(Permission.SEE_CATALOGUE)
def as_csv() -> Response:
    """A table of the page, as a file. Raises Invalid for days or a table that are none."""
    with db.reading() as session:
        it, by = _asked(session)
        table, made = wanted_table(_TABLES, it)
        head, rows = made(session, it, by)
    return as_file(f"treatments-{table}", it, head, rows)


@bp.post("/reports/treatments/csv/behind")
@requires(Permission.SUPERVISE)
def behind_as_csv() -> Response:
    """The answers behind a number, as a file. Raises Invalid for days or an answer that are none."""
    with db.reading() as session:
        it, _ = _asked(session)
        act, _ = wanted_table(ACTS, it, "act")
        found = _found(session, act, it, _treatment(), None, reporting.MOST_IN_FILE)
        called = reporting.treatment_names(session)
    rows = [
        [
            one.fact.at.astimezone(clock.zone_named(it.span.zone)).isoformat(timespec="seconds"), one.number, one.name,
            called.get(one.fact.treatment, one.fact.treatment), it.names.channel(one.fact.channel), it.names.called(one.fact.staff),
            one.fact.reason,
        ]
        for one in found.items
    ]  # fmt: skip
    return as_file(f"treatments-{act}", it, ["When", "Number", "Name", "Treatment", "Channel", "By", "Reason"], rows)


def _asked(session: db.Session) -> tuple[Asked, Any]:
    it = asked(session, "treatment")
    return it, it.typed["by"] if it.typed["by"] in _bys() else "treatment"


def _treatment() -> str:
    """The key that was asked for; one that the catalogue has no more is still counted."""
    return request.values.get("treatment", "").replace("\0", "")[:120]


def _bys() -> dict[str, str]:
    supervises = current_actor().may(Permission.SUPERVISE)
    return {key: text for key, text in reporting.WORK_BYS.items() if supervises or key not in ABOUT_STAFF}


def _found(session: db.Session, act: str, it: Asked, treatment: str, cursor: str | None, most: int = 50) -> Any:
    of, column = _AMONG.get(act, (act, ""))
    return reporting.offers_behind(
        session, of, it.span, it.only, it.names, treatment=treatment, column=column, cursor=cursor, most=most
    )


def _lines(session: db.Session, it: Asked, by: Any) -> tuple[list[str], list[list[Any]]]:
    head = [
        reporting.WORK_BYS[by], "Presented", "Of these accepted since", "Rate, low", "Rate, high", "Accepted", "Declined", "Put off",
        "Chosen by the agent", "Not arranged", "Taken back", "Value", "Cost",
    ]  # fmt: skip
    digits = 10 ** money.exponent(it.names.pack.currency)
    rows: list[list[Any]] = []
    for line in reporting.work(session, it.span, by, it.only, it.names):
        w = line.work
        rows.append([
            line.name, w.presented, w.taken, *_bounds(w.rate), w.accepted, w.declined, w.deferred, w.overridden, w.unfulfilled, w.undone,
            w.value / digits, w.cost / digits,
        ])  # fmt: skip
    return head, rows


def _channels(session: db.Session, it: Asked, _by: Any) -> tuple[list[str], list[list[Any]]]:
    head = ["Treatment", "Channel", "Presented", "Accepted since", "Rate, low", "Rate, high"]
    lines = reporting.by_channel(session, it.span, it.names)
    return head, [[one.name, one.channel_name, one.rate.of, one.rate.many, *_bounds(one.rate)] for one in lines]


def _reasons(session: db.Session, it: Asked, _by: Any) -> tuple[list[str], list[list[Any]]]:
    return ["Treatment", "Reason", "Declined"], [
        [one.name, one.label, one.many] for one in reporting.reasons(session, it.span, it.names)
    ]


def _hints(session: db.Session, it: Asked, _by: Any) -> tuple[list[str], list[list[Any]]]:
    head = [
        "Chosen",
        "In place of",
        "Chosen so often",
        "Accepted",
        "Rate, low",
        "Rate, high",
        "Recommended: put",
        "Recommended: accepted",
    ]
    return head, [
        [one.chosen_name, one.instead_name, one.chosen_rate.of, one.chosen_rate.many, *_bounds(one.chosen_rate), one.recommended.of, one.recommended.many]
        for one in reporting.hints(session, it.span, it.names)
    ]  # fmt: skip


_TABLES = {"lines": _lines, "channels": _channels, "reasons": _reasons, "hints": _hints}


def _bounds(share: Share) -> tuple[float | None, float | None]:
    return (round(share.low, 4), round(share.high, 4)) if share.of else (None, None)
