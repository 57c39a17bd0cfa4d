"""The matrix as it goes, for supervision: what stands above the matrix as it is written, a cell of it opened, and both as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, g, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.supervision import drawing
from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import Pack
from backend.overview import service as overview
from backend.overview.service import Asked, LiveMatrix
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import Invalid, NotFound
from shared.ui.formats import as_day, speak_of
from shared.ui.pages import page, request_now

bp = Blueprint("livematrix", __name__, template_folder="templates")
SPANS = {"7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days", "own": "From … to …"}
USUAL = "30"
FLOWS = "flows"
_COLUMNS = (
    "stage", "channel", "contacts", "contacts_before", "cost_each", "cost", "rating", "ratings", "offers_presented", "offers_answered",
    "offers_accepted", "chance_of_moving_on", "measured_on", "lifetime_value_to_come", "value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typed:
    """What was asked for, as it stands in the address."""

    days: str = USUAL
    since: str = ""
    until: str = ""
    segment: str = ""
    life_cycle: str = ""
    way: str = ""

    def address(self, **other: str) -> dict[str, Any]:
        """What an address of the same numbers says; whatever is usual is left out."""
        own = {"since": self.since, "until": self.until} if self.days == "own" else {}
        days = {} if self.days == USUAL else {"days": self.days}
        found = {**days, **own, "segment": self.segment, "life_cycle": self.life_cycle, "way": self.way, **other}
        return {name: value for name, value in found.items() if value}


def typed() -> Typed:
    """From the address of this request."""
    given = {name: request.args.get(name, "").strip()[:60] for name in Typed.__slots__}
    return Typed(**{**given, "days": given["days"] or ("own" if given["since"] or given["until"] else USUAL)})


def live(pack: Pack, wanted: Typed, wrong: Mapping[str, str] | None = None, number: str = "") -> dict[str, Any]:
    """What the live part of the matrix's page shows: the drawing, its table, and what is wrong with what was asked, with what was typed."""
    now, actor = request_now(), current_actor()
    errors: Mapping[str, str] = wrong or {}
    found: LiveMatrix | None = None
    try:
        of = _customer(wanted.way)
        found = overview.live_matrix(_asked(pack, wanted), actor, now, ways=wanted.way == FLOWS, of=of)
        if found.customer is not None:
            g.looked_at = found.customer.customer_id
    except Invalid as refused:
        errors = refused.errors
    except NotFound:
        errors = {"number": "There is no such customer."}
    speak_of(pack.timezone)
    return {
        "typed": wanted, "errors": errors, "spans": SPANS, "live": found, "zone": pack.timezone,
        "drawing": None if found is None else drawing.drawn(found, pack),
        "rows": [] if found is None else drawing.ordered(found.cells.values(), pack),
        "in_money": lambda amount: drawing.in_money(amount, pack.currency), "trend": drawing.trend, "number": number, "span_words": "" if found is None else span_words(found.asked),
    }  # fmt: skip


@bp.get("/matrix/cells/<stage>/<channel>")
@requires(Permission.SUPERVISE)
def cell(stage: str, channel: str) -> Response:
    """One cell: where its contacts came from and went, what was offered, and the contacts themselves, a page at a time."""
    wanted = typed()
    with db.reading() as session:
        catalogue = catalogues.in_force(session).catalogue
    pack, titles = catalogue.pack, {key: one.name for key, one in catalogue.treatments.items()}
    speak_of(pack.timezone)
    try:
        found = overview.cell_page(
            _asked(pack, wanted), stage, channel, current_actor(), request_now(), request.args.get("cursor") or None
        )
    except Invalid:
        # The days are mended where they are chosen.
        return redirect(url_for("matrix.show", **wanted.address()), 303)
    return page(
        "supervision/matrix_cell.html", "contacts", it=found, pack=pack, typed=wanted, span_words=span_words(found.asked),
        label=drawing.place_words((stage, channel), pack), place=lambda one: drawing.place_words(one, pack),
        lasting=drawing.lasting, in_money=lambda amount: drawing.in_money(amount, pack.currency), trend=drawing.trend(found.cell),
        short_money=lambda amount: drawing.short_money(amount, pack.currency), may_open=current_actor().may(Permission.SEE_CUSTOMER), titles=titles,
    )  # fmt: skip


@bp.get("/matrix.csv")
@requires(Permission.SUPERVISE)
def as_csv() -> Response:
    """The table beside the drawing, with every digit; nobody is named in it."""
    wanted = typed()
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    asked = _asked(pack, wanted)
    found = overview.live_matrix(asked, current_actor(), request_now())
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for one in drawing.ordered(found.cells.values(), pack):
        writer.writerow((
            one.stage, one.channel, one.count, one.before, one.each, one.cost, one.rating, one.rated, one.presented, one.answered,
            one.accepted, one.chance, one.seasoned, one.worth, one.value,
        ))  # fmt: skip
    answer: Response = make_response(text.getvalue(), 200, {"Content-Type": "text/csv; charset=utf-8"})
    name = f"matrix-{asked.since}-{asked.until}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def number_of(text: str) -> UUID:
    """The one customer whom this names. Raises Invalid where there is none, or several."""
    if not text:
        raise Invalid("Whose way?", {"number": "Type a customer's number."})
    with db.reading() as session:
        found = profiles.find(session, text, 2).items
    if len(found) != 1:
        said = "Several customers fit: type the whole number." if found else "There is no such customer."
        raise Invalid("Whose way?", {"number": said})
    return found[0].id


def span_words(asked: Asked) -> str:
    """ "24 Oct 2026 to 22 Nov 2026"."""
    return as_day(asked.since) if asked.days == 1 else f"{as_day(asked.since)} to {as_day(asked.until)}"


def _asked(pack: Pack, wanted: Typed) -> Asked:
    """Raises Invalid for days that are none."""
    if wanted.days in SPANS and wanted.days != "own":
        since, until = overview.days_asked(pack, request_now(), int(wanted.days))
        return Asked(since, until, wanted.life_cycle, wanted.segment)
    errors = {} if wanted.days == "own" else {"days": "Choose one of these spans."}
    days = {}
    for name in ("since", "until"):
        try:
            days[name] = date.fromisoformat(getattr(wanted, name))
        except ValueError:
            errors[name] = "Choose a day."
    if errors:
        raise Invalid("Which days?", errors)
    return Asked(days["since"], days["until"], wanted.life_cycle, wanted.segment)


def _customer(way: str) -> UUID | None:
    try:
        return UUID(way) if way and way != FLOWS else None
    except ValueError:
        raise Invalid("Whose way?", {"number": "There is no such customer."}) from None
