"""The floor in numbers: each with what it means, against the span before, by team, agent and channel, down to the very contacts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, request
from werkzeug.wrappers import Response

from agent_ui.supervision import report_words as words
from agent_ui.supervision.report_asked import Asked, as_file, asked, frame, wanted_table
from backend import db
from backend.people.service import Permission, requires
from backend.reporting import service as reporting
from backend.reporting.service import Behind, Measure
from shared.kernel import clock
from shared.ui.pages import page

bp = Blueprint("reports", __name__, template_folder="templates")
FLOOR, BEHIND = "supervision/report_floor.html", "supervision/behind.html"
HEAD = ["When", "Number", "Name", "Channel", "By", "Reason", "Handle time, s", "After-call work, s", "Rating"]


@bp.get("/reports")
@requires(Permission.SUPERVISE)
def floor() -> Response:
    with db.reading() as session:
        it = asked(session, "agent")
        shown = {
            "figures": reporting.figures(session, it.span, it.only, it.names),
            "lines": reporting.split(session, it.span, _by(it), it.only, it.names),
            **frame(session, it),
        }
    return page(FLOOR, status=it.status, bys=reporting.BYS, by=_by(it), measures=_measures(it), **shown)


@bp.get("/reports/<any(contacts,handle,after,resolution,repeat,transfer,effort,satisfaction,containment):measure>")
@requires(Permission.SUPERVISE)
def behind(measure: str) -> Response:
    """The very contacts, visits or ratings behind a number, the last first."""
    wanted = reporting.BY_KEY[measure]
    with db.reading() as session:
        it = asked(session)
        found = reporting.contacts_behind(session, wanted, it.span, it.only, it.names, request.args.get("cursor"))
        shown = frame(session, it)
    return page(BEHIND, status=it.status, measure=wanted, found=found, cursor=request.args.get("cursor"), **shown)


@bp.post("/reports/csv")
@requires(Permission.SUPERVISE)
def as_csv() -> Response:
    """A table of the page, as a file. Raises Invalid for days or a table that are none."""
    with db.reading() as session:
        it = asked(session, "agent")
        table, made = wanted_table(_TABLES, it)
        head, rows = made(session, it)
    return as_file(f"floor-{table}", it, head, rows)


def install(app: Flask) -> None:
    """Teaches the desk's templates how a report's numbers are written and drawn."""
    app.jinja_env.filters.update(
        report_value=words.shown, report_change=words.change, report_between=words.between, report_stands=words.stands,
        report_trend=words.trend,
    )  # fmt: skip


def _by(it: Asked) -> Any:
    return it.typed["by"] if it.typed["by"] in reporting.BYS else "agent"


def _measures(it: Asked) -> tuple[Measure, ...]:
    return tuple(one for one in reporting.MEASURES if _by(it) == "channel" or one.kind != "visit")


def _days(session: db.Session, it: Asked) -> tuple[list[str], list[list[Any]]]:
    figures = reporting.figures(session, it.span, it.only, it.names)
    head = ["Day", *(text for one in figures for text in (_titled(one.measure), f"{one.measure.label}: of how many"))]
    rows = [
        [
            day.isoformat(),
            *(value for one in figures for value in (_number(one.points[nth].value), one.points[nth].many)),
        ]
        for nth, day in enumerate(it.span.each_day)
    ]
    return head, rows


def _split(session: db.Session, it: Asked) -> tuple[list[str], list[list[Any]]]:
    by = _by(it)
    head = [reporting.BYS[by], *(text for one in _measures(it) for text in (_titled(one), f"{one.label}: of how many"))]
    lines = reporting.split(session, it.span, by, it.only, it.names)
    return head, [[line.name, *(v for _, value, many in line.cells for v in (_number(value), many))] for line in lines]


def _behind(session: db.Session, it: Asked) -> tuple[list[str], list[list[Any]]]:
    measure = reporting.BY_KEY.get(request.form.get("key", ""), reporting.BY_KEY["contacts"])
    found = reporting.contacts_behind(session, measure, it.span, it.only, it.names, most=reporting.MOST_IN_FILE)
    return HEAD, [_row(one, it) for one in found.items]


_TABLES = {"days": _days, "split": _split, "behind": _behind}


def _row(one: Behind, it: Asked) -> list[Any]:
    fact = one.fact
    at = fact.at.astimezone(clock.zone_named(it.span.zone)).isoformat(timespec="seconds")
    reason = it.names.pack.intent_label(fact.reason)
    return [
        at, one.number, one.name, it.names.channel(fact.channel), it.names.called(fact.staff), reason,
        fact.handle_seconds if fact.handled else None, fact.after_seconds if fact.wrapped else None, fact.score or None,
    ]  # fmt: skip


def _titled(measure: Measure) -> str:
    return f"{measure.label}, s" if measure.unit == "seconds" else measure.label


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
