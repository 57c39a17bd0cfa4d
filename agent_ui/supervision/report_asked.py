"""What a report is asked for: its days, and to which channel, team or agent it is narrowed. All of it stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Response, make_response, request

from backend import db
from backend.people.service import Permission, current_actor
from backend.record import service as record
from backend.reporting import service as reporting
from backend.reporting.service import Names, Only, Span
from shared.kernel.errors import Invalid
from shared.kernel.sheets import as_csv
from shared.ui.formats import speak_of
from shared.ui.pages import request_now

FIELDS = ("span", "first", "last", "channel", "team", "staff", "by")
LONGEST = 120
T = TypeVar("T")
NO_TEAM = "-"
"""In an address: those who are in no team."""


@dataclass(frozen=True)
class Asked:
    """What was typed, what it comes to, and what is wrong with it: then the usual days stand in its place."""

    typed: dict[str, str]
    span: Span
    only: Only
    names: Names
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return 422 if self.errors else 200

    def args(self, **other: str) -> dict[str, str]:
        """The same question for an address, with these parts changed."""
        return {name: value for name, value in (self.typed | other).items() if value}


def asked(session: db.Session, usual_by: str = "") -> Asked:
    """Reads the question of this request, from its address or its form."""
    typed = {name: request.values.get(name, "").strip()[:LONGEST] for name in FIELDS}
    if not current_actor().may(Permission.SUPERVISE):
        # How colleagues do is for those who supervise them.
        typed |= {"team": "", "staff": ""}
    typed["span"] = typed["span"] if typed["span"] in reporting.CHOICES else ""
    typed["by"] = typed["by"] or usual_by
    names = reporting.names(session)
    errors: dict[str, str] = {}
    zone = names.pack.timezone
    speak_of(zone)
    try:
        span = reporting.span_of(typed["span"], typed["first"], typed["last"], zone, request_now())
    except Invalid as wrong:
        errors = dict(wrong.errors)
        span = reporting.span_of(reporting.USUAL, "", "", zone, request_now())
    teams = {one.key for one in names.pack.casework.team}
    only = Only(
        channel=typed["channel"] if typed["channel"] in {one.key for one in names.pack.channels} else None,
        team="" if typed["team"] == NO_TEAM else typed["team"] if typed["team"] in teams else None,
        staff=typed["staff"] if typed["staff"] in names.staff else None,
    )
    return Asked(typed, span, only, names, errors)


def frame(session: db.Session, it: Asked) -> dict[str, Any]:
    """What every report's page shows around its numbers."""
    return {"it": it, "choices": reporting.CHOICES, "fresh": reporting.freshness(session)}


def wanted_table(tables: Mapping[str, T], it: Asked, field: str = "table") -> tuple[str, T]:
    """The table that a form asks for, by its name. Raises Invalid for one that there is not, and for days that are none."""
    if it.errors:
        raise Invalid("Choose the days of the report.", it.errors)
    name = request.form.get(field, "")
    if name not in tables:
        raise Invalid("There is no such table.", {field: f"one of {', '.join(tables)}"})
    return name, tables[name]


def as_file(name: str, it: Asked, head: list[str], rows: list[list[Any]]) -> Response:
    """A table as a file; that it was taken is on the trail."""
    with db.transaction() as session:
        payload = {"rows": len(rows), "from": it.span.first.isoformat(), "to": it.span.last.isoformat()}
        record.audit(
            session, actor=current_actor(), action="report.exported", subject=f"report:{name}", customer_id=None, payload=payload,
            now=request_now(),
        )  # fmt: skip
    answer: Response = make_response(as_csv(head, rows), 200, {"Content-Type": "text/csv; charset=utf-8"})
    file = f"{name}-{it.span.first.isoformat()}-{it.span.last.isoformat()}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer
