"""The audit trail: who did what, to whom and when, found by any of these; each entry before and after; the chain proved on demand.

What is looked for never stands in an address: it is kept in the session of whoever looks.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, current_app, g, make_response, redirect, request, session, url_for
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from agent_ui.oversight.act_words import act_words
from backend import db
from backend.catalogue import service as catalogues
from backend.oversight import service as oversight
from backend.people import service as people
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.record import service as record
from backend.record.service import Checked, Wanted
from shared.kernel import clock
from shared.kernel.errors import Erased, NotFound
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("trail", __name__, template_folder="templates")
TEMPLATE = "oversight/trail.html"
KEPT = "trail"
FIELDS = ("who", "whom", "since", "until", "words")
KINDS = {
    "kind:staff": "All staff", "kind:key": "Programs", "kind:customer": "Customers themselves", "kind:system": "Evenhand by itself",
}  # fmt: skip
LONGEST = 120
A_PART = 10_000
"""So many entries are proved in one go, about a second; a longer chain in several."""


@bp.get("/audit")
@requires(Permission.SEE_AUDIT)
def index() -> Response:
    """What is found by what this person last looked for, the last first."""
    typed = _kept()
    wanted, errors = _wanted(typed)
    return _page(typed, wanted, errors, cursor=request.args.get("cursor"))


@bp.post("/audit")
@requires(Permission.SEE_AUDIT)
def search() -> Response:
    typed = {name: request.form.get(name, "").strip()[:LONGEST] for name in FIELDS}
    if "all" in request.form:
        typed = dict.fromkeys(FIELDS, "")
    wanted, errors = _wanted(typed)
    if errors:
        return _page(typed, wanted, errors, status=422)
    session[KEPT] = typed
    return redirect(url_for(".index"), 303)


@bp.get("/customers/<uuid:customer_id>/audit")
@requires(Permission.SEE_AUDIT)
def of_customer(customer_id: UUID) -> Response:
    """All that is about this customer."""
    with db.reading() as reading:
        number = profiles.profile(reading, customer_id).number
    session[KEPT] = dict.fromkeys(FIELDS, "") | {"whom": number}
    return redirect(url_for(".index"), 303)


@bp.get("/audit/<uuid:entry_id>")
@requires(Permission.SEE_AUDIT)
def show(entry_id: UUID) -> Response:
    with db.reading() as reading:
        one = oversight.opened(reading, entry_id, current_actor())
        zone = catalogues.pack_in_force(reading).timezone
    if one.line.number:
        g.looked_at = one.line.entry.customer_id
    speak_of(zone)
    return page("oversight/trail_entry.html", it=one, zone=zone)


@bp.post("/audit/csv")
@requires(Permission.SEE_AUDIT)
def as_csv() -> Response:
    """What was found, as a file; that it was taken is on the trail."""
    typed = _kept()
    wanted, errors = _wanted(typed)
    if errors or wanted is None:
        return _page(typed, wanted, errors, status=422)
    text = oversight.as_csv(wanted, current_actor(), request_now())
    answer: Response = make_response(text, 200, {"Content-Type": "text/csv; charset=utf-8"})
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{request_now():%Y-%m-%d}.csv"'
    return answer


@bp.post("/audit/verification")
@requires(Permission.SEE_AUDIT)
def verify() -> Response:
    """Proves the next part of the chain: the page asks for the next one by itself, or by a button, until all of it was proved."""
    found = record.verify_part(_reached(), A_PART)
    if not found.done:
        parts: dict[str, Any] = {"going": found, "token": _signer().dumps(asdict(found))}
        return _page(_kept(), _wanted(_kept())[0], {}, block="chain", **parts)
    oversight.note_verified(current_actor(), found, request_now())
    if found.first_bad is None:
        tell("good", "The chain holds", f"Every entry up to {found.position:,} is as it was written.")
    else:
        tell("bad", "The chain is broken", f"It does not hold from entry {found.first_bad:,} on.")
    return redirect(url_for(".index"), 303)


def install(app: Flask) -> None:
    """Teaches the templates how acts, their subjects and exact instants are written."""
    app.jinja_env.filters.update(act_words=act_words, thing=_thing, local_second=_local_second)


def _thing(subject: str) -> str:
    """What the act was upon, in short: "retention: audit"; of what has an id alone, nothing."""
    kind, divided, rest = subject.partition(":")
    return f"{kind}: {rest}" if divided and len(rest) < 30 else kind if divided or len(subject) < 30 else ""


def _local_second(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(clock.zone_named(zone)):%Y-%m-%d %H:%M:%S}"


def _page(
    typed: dict[str, str], wanted: Wanted | None, errors: dict[str, str], *, status: int = 200, cursor: str | None = None,
    block: str | None = None, **more: Any,
) -> Response:  # fmt: skip
    actor = current_actor()
    with db.reading() as reading:
        zone = catalogues.pack_in_force(reading).timezone
        found = oversight.trail(reading, wanted, actor, cursor) if wanted is not None else None
        chain, staff = oversight.chain(reading), people.everyone(reading)
    speak_of(zone)
    return page(
        TEMPLATE, block, status=status, typed=typed, errors=errors, found=found, cursor=cursor, chain=chain, staff=staff, zone=zone,
        kinds=KINDS, narrowed=any(typed.values()), **more,
    )  # fmt: skip


def _kept() -> dict[str, str]:
    kept = session.get(KEPT)
    return {name: str(kept.get(name, "")) if isinstance(kept, dict) else "" for name in FIELDS}


def _wanted(typed: dict[str, str]) -> tuple[Wanted | None, dict[str, str]]:
    """What is asked for, or what is wrong with it. Days are those of the organisation's own zone, both of them whole."""
    errors: dict[str, str] = {}
    with db.reading() as reading:
        zone = catalogues.pack_in_force(reading).timezone
        whom = _whom(reading, typed["whom"]) if typed["whom"] else None
    if typed["whom"] and whom is None:
        errors["whom"] = "There is no customer with this number or e-mail address."
    first, last = _day(typed, "since", errors), _day(typed, "until", errors)
    if first and last and last < first:
        errors["until"] = "The last day comes before the first."
    if errors:
        return None, errors
    kind = typed["who"].removeprefix("kind:") if typed["who"] in KINDS else ""
    return Wanted(
        actors=(typed["who"],) if typed["who"] and not kind else (), customers=(whom,) if whom else (),
        since=clock.midnight_after(first - timedelta(days=1), zone) if first else None, before=clock.midnight_after(last, zone) if last else None,
        words=typed["words"], kind=kind,
    ), {}  # fmt: skip


def _whom(reading: db.Session, text: str) -> UUID | None:
    """By number, e-mail address, or the id under which the trail knows them."""
    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        return profiles.find_by_sign_in(reading, text)
    except (NotFound, Erased):
        return None


def _day(typed: dict[str, str], name: str, errors: dict[str, str]) -> date | None:
    try:
        day = date.fromisoformat(typed[name]) if typed[name] else None
    except ValueError:
        errors[name] = "Write the day as 2026-11-30."
        return None
    if day is not None and not date.min < day < date.max:
        errors[name] = "Choose another day."
        return None
    return day


def _reached() -> Checked:
    """How far the parts before this one came; nobody makes that up."""
    try:
        return Checked(**_signer().loads(request.form.get("reached", "")))
    except (BadData, TypeError):
        return Checked()


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or b"", salt=f"audit chain {current_actor().id}")
