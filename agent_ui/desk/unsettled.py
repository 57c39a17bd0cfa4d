"""What a customer may still change their mind about, and what came that was not asked for: settled by an agent, on record."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, g, request, url_for
from werkzeug.wrappers import Response

from agent_ui.desk.acting import Refusal, acted
from agent_ui.desk.channel import channel_with
from backend import db
from backend.cancelling import service as cancelling
from backend.entering import service as entering
from backend.interactions import service as interactions
from backend.paying import service as paying
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.errors import Conflict
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, wants_fragment

bp = Blueprint("unsettled", __name__, template_folder="templates")
HERE = "/customers/<uuid:customer_id>/unsettled"


@bp.get(HERE)
@requires(Permission.SEE_CUSTOMER)
def panel(customer_id: UUID) -> Response:
    """A part of the customer's page, fetched after it; a page of its own where there is no scripting."""
    return _panel(customer_id)


@bp.post(f"{HERE}/cancellations/<uuid:cancellation_id>/undo")
@requires(Permission.WORK_CASES)
def take_back(customer_id: UUID, cancellation_id: UUID) -> Response:
    """They stay after all, and said so: all stays as it was."""
    return _act(customer_id, "Cancellation taken back", lambda session, owner: cancelling.take_back(
        session, owner, cancellation_id, actor=current_actor(), channel=channel_with(owner, session), now=request_now()
    ))  # fmt: skip


@bp.post(f"{HERE}/closing/undo")
@requires(Permission.WORK_CASES)
def keep(customer_id: UUID) -> Response:
    """They keep the account after all; it is confirmed to them by e-mail."""
    return _act(customer_id, "The account is kept", _keep)


@bp.post(f"{HERE}/payments/<uuid:payment_id>")
@requires(Permission.SETTLE_PAYMENTS)
def settle(customer_id: UUID, payment_id: UUID) -> Response:
    """Another amount came than was asked: it counts, or was sent back."""
    return _act(customer_id, "Payment settled", lambda session, owner: paying.settle(
        session, owner, payment_id, request.form.get("how", ""), actor=current_actor(), channel=channel_with(owner, session),
        now=request_now(),
    ))  # fmt: skip


def _keep(session: db.Session, owner: UUID) -> None:
    if interactions.closing_of(session, owner) is None:
        raise Conflict("The account is not to be closed (any more): there is nothing to take back.")
    channel = channel_with(owner, session)
    interactions.keep_account(session, owner, actor=current_actor(), now=request_now(), channel=channel)
    entering.tell_of_keeping(session, owner, request_now())


def _act(customer_id: UUID, said: str, act: Callable[[db.Session, UUID], object]) -> Response:
    """Does it; the panel comes back as it is now, with why where it was refused."""
    return acted(
        lambda session: act(session, profiles.resolve(session, customer_id)),
        refused=lambda why: _panel(customer_id, why, said),
        said=lambda _: (said,),
        back=lambda _: url_for("customers.show", customer_id=customer_id),
        piece=lambda _: _panel(customer_id, None, said),
    )


def _panel(customer_id: UUID, refused: Refusal | None = None, said: str = "") -> Response:
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        owner = profile.customer_id
        standing = cancelling.standing(session, owner)
        closing = interactions.closing_of(session, owner)
        disputed = paying.disputed_of(session, owner)
    g.looked_at = owner
    speak_of(profile.timezone)
    return page(
        "desk/unsettled_page.html", "unsettled", status=refused.status if refused else 200, customer_id=owner, name=profile.name,
        standing=standing, closing=closing, disputed=disputed, today=clock.local_day(request_now(), profile.timezone),
        refused=refused, said="" if refused else said, alone=not wants_fragment(), trigger=("happened",) if said and not refused else (),
    )  # fmt: skip
