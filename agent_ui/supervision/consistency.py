"""Do the channels agree? What every comparison found, and of one customer all channels side by side, compared anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.people.service import Permission, requires
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.service import ParityCheck, View
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("consistency", __name__, template_folder="templates")
A_DAY = 24
TEMPLATE, BLOCK = "supervision/consistency.html", "board"


@dataclass(frozen=True, slots=True)
class Hour:
    """What the comparisons of one hour looked at; `share` of the fullest hour, for a bar."""

    begins: datetime
    customers: int
    differences: int
    share: float


@dataclass(frozen=True, slots=True)
class Place:
    """One treatment in one channel: at which place it stands, or which rule withholds it; neither, where it is missing."""

    place: int | None
    rule: str
    differs: tuple[str, ...]
    """What of it is not as in the first channel that shows it, in words."""


@dataclass(frozen=True, slots=True)
class Row:
    """One treatment in all channels."""

    treatment: str
    headline: str
    places: tuple[Place, ...]


@bp.get("/consistency")
@requires(Permission.SUPERVISE)
def show() -> Response:
    """The comparisons of a day, and every difference of thirty days."""
    now = request_now()
    with db.reading() as session:
        speak_of(catalogues.pack_in_force(session).timezone)
        checks = treatments.checks_since(session, now - timedelta(hours=A_DAY))
        differed = treatments.checks_that_differed(session)
    return page(TEMPLATE, BLOCK, checks=checks, hours=hours(checks, now), differed=differed)


@bp.post("/consistency")
@requires(Permission.SUPERVISE)
def find() -> Response:
    """All channels of the customer whose number, e-mail or telephone number is given."""
    asked = request.form.get("who", "").strip()
    with db.reading() as session:
        found = profiles.search(session, query=asked, limit=2).items if asked else []
    if len(found) == 1:
        return redirect(url_for(".of_customer", customer_id=found[0].id), 303)
    tell(
        "warn",
        "Several customers fit" if found else "No customer fits",
        "Give a number or an e-mail address."
        if found or not asked
        else f"“{asked}” is nobody's number, e-mail or name.",
    )
    return redirect(url_for(".show"), 303)


@bp.get("/customers/<uuid:customer_id>/channels")
@requires(Permission.SUPERVISE)
def of_customer(customer_id: UUID) -> Response:
    """What each channel shows of the customer now, worked out apart for each; beside what they showed when they differed. It writes nothing."""
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        pack = catalogues.pack_in_force(session)
        then = treatments.views_then(session, profile.customer_id, _check()) if "then" in request.args else None
    speak_of(pack.timezone)
    views, differences = treatments.compare_channels(
        profile.customer_id, [channel.key for channel in pack.channels], request_now()
    )
    labels = {channel.key: channel.label for channel in pack.channels}
    return page(
        "supervision/channels.html", customer_id=profile.customer_id, name=profile.name, rows=side_by_side(views),
        channels=[labels[view.channel] for view in views], differences=differences, asked_then="then" in request.args,
        then_at=then[0] if then else None, then_rows=side_by_side(then[1]) if then else (),
        then_channels=[labels.get(view.channel, view.channel) for view in then[1]] if then else [],
    )  # fmt: skip


def _check() -> UUID:
    """The comparison that was asked for; none has the id of what is no id."""
    try:
        return UUID(request.args.get("then", ""))
    except ValueError:
        return UUID(int=0)


def hours(checks: Sequence[ParityCheck], now: datetime) -> tuple[Hour, ...]:
    """The last 24 hours, the oldest first, each with what was compared in it."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=A_DAY - 1)
    customers, differences = [0] * A_DAY, [0] * A_DAY
    for one in checks:
        nth = int((one.at - first) // timedelta(hours=1))
        if 0 <= nth < A_DAY:
            customers[nth] += one.customers
            differences[nth] += one.differences
    most = max(*customers, 1)
    return tuple(
        Hour(first + timedelta(hours=nth), customers[nth], differences[nth], customers[nth] / most)
        for nth in range(A_DAY)
    )


def side_by_side(views: Sequence[View]) -> tuple[Row, ...]:
    """Each treatment that any channel shows or withholds, in the order of the first that shows it."""
    order: dict[str, str] = {}
    for view in views:
        order |= {one.treatment: one.headline for one in view.shown if one.treatment not in order}
    for view in views:
        order |= {treatment: treatment for treatment in view.rules if treatment not in order}
    return tuple(
        Row(key, headline, tuple(_place(key, view, views) for view in views)) for key, headline in order.items()
    )


def _place(treatment: str, view: View, views: Sequence[View]) -> Place:
    mine = next((one for one in view.shown if one.treatment == treatment), None)
    if mine is None:
        return Place(None, view.rules.get(treatment, ""), ())
    first = next(one for other in views for one in other.shown if one.treatment == treatment)
    differs = tuple(
        f"{name.replace('_', ' ')}: {getattr(mine, name)}"
        for name in type(mine).__dataclass_fields__
        if getattr(mine, name) != getattr(first, name)
    )
    return Place(view.shown.index(mine) + 1, "", differs)
