"""Fair dealing: agents against their peers, and groups of customers against each other, each share with its interval."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

from agent_ui.supervision.report_asked import Asked, as_file, asked, frame, wanted_table
from agent_ui.supervision.report_words import stands
from backend import db
from backend.people.service import Permission, requires
from backend.reporting import service as reporting
from backend.reporting.service import Dealt
from shared.kernel import money
from shared.kernel.money import Money
from shared.ui.pages import page

bp = Blueprint("dealing", __name__, template_folder="templates")


@bp.get("/reports/dealing")
@requires(Permission.SUPERVISE)
def show() -> Response:
    with db.reading() as session:
        it = asked(session)
        shown = {
            "agents": reporting.agents_dealing(session, it.span, it.only, it.names),
            "groups": reporting.groups_dealt_with(session, it.span, it.names),
            **frame(session, it),
        }
    currency = it.names.pack.currency
    return page(
        "supervision/dealing.html", status=it.status, practices=reporting.PRACTICES, kinds=reporting.GROUPS,
        cash=lambda minor: Money(minor, currency), **shown,
    )  # fmt: skip


@bp.post("/reports/dealing/csv")
@requires(Permission.SUPERVISE)
def as_csv() -> Response:
    """A table of the page, as a file. Raises Invalid for days or a table that are none."""
    with db.reading() as session:
        it = asked(session)
        table, made = wanted_table(_TABLES, it)
        head, rows = made(session, it)
    return as_file(f"dealing-{table}", it, head, rows)


def _agents(session: db.Session, it: Asked) -> tuple[list[str], list[list[Any]]]:
    digits = 10 ** money.exponent(it.names.pack.currency)
    head = ["Agent", *(text for one in reporting.PRACTICES for text in _titles(one.label)), "Given away"]
    lines = reporting.agents_dealing(session, it.span, it.only, it.names)
    return head, [
        [line.name, *(cell for _, dealt in line.dealt for cell in _cells(dealt)), line.cost / digits] for line in lines
    ]


def _groups(session: db.Session, it: Asked) -> tuple[list[str], list[list[Any]]]:
    digits = 10 ** money.exponent(it.names.pack.currency)
    found = reporting.groups_dealt_with(session, it.span, it.names)
    return ["By", "Group", *_titles("Concessions"), "Given away"], [
        [reporting.GROUPS[kind], line.name, *_cells(line.dealt), line.cost / digits]
        for kind, lines in found.items()
        for line in lines
    ]


_TABLES = {"agents": _agents, "groups": _groups}


def _titles(label: str) -> tuple[str, ...]:
    return (label, f"{label}: of", f"{label}: low", f"{label}: high", f"{label}: against peers")


def _cells(dealt: Dealt) -> tuple[Any, ...]:
    share = dealt.share
    bounds = (round(share.low, 4), round(share.high, 4)) if share.of else (None, None)
    return (share.many, share.of, *bounds, stands(dealt) or None)
