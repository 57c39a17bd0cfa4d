"""Coming in by password. Call these outside any transaction: checking one takes a tenth of a second."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend import db
from backend.entering import devices, throttling
from backend.entering.sessions import subjects_of_customer
from backend.entering.visitors import Visitor
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Unauthenticated
from shared.kernel.languages import gettext, noted

REFUSAL = noted(
    "This sign-in and this password do not go together. After ten wrong tries, please wait five minutes before the next one."
)


def sign_in_customer(typed: str, password: str, visitor: Visitor, now: datetime) -> Actor:
    """The customer with this number or e-mail address, and this password.

    Raises Unauthenticated, in the same words whatever was wrong: also while there were too many wrong tries. Opens its own
    short transactions.
    """
    with db.reading() as session:
        customer_id = profiles.find_by_sign_in(session, typed)
        subjects = subjects_of_customer(session, customer_id) if customer_id else ()
        limits = throttling.counted(
            "customer", throttling.account_of(customer_id, typed), visitor, devices.is_known(session, subjects, visitor)
        )
        paused = throttling.is_paused(session, limits, now)
    return _prove(lambda: people.prove_customer(customer_id, password, subjects), limits, paused, now)


def confirm_customer(actor: Actor, password: str, visitor: Visitor, now: datetime) -> None:
    """Whoever is signed in gives their password once more: a borrowed browser is not enough. Raises Unauthenticated."""
    with db.reading() as session:
        limits = throttling.counted("customer", actor.id, visitor, is_known=True)
        paused = throttling.is_paused(session, limits, now)
    _prove(lambda: people.prove_customer(actor.customer_id, password, (UUID(actor.id),)), limits, paused, now)


def sign_in_staff(email: str, password: str, visitor: Visitor, now: datetime) -> Actor:
    """The member of staff with this e-mail address and password; their device is known from now on.

    Raises Unauthenticated as for customers. Opens its own short transactions.
    """
    with db.reading() as session:
        staff_id = people.staff_by_email(session, email)
        limits = throttling.counted(
            "staff",
            throttling.account_of(staff_id, email),
            visitor,
            devices.is_known(session, (staff_id,) if staff_id else (), visitor),
        )
        paused = throttling.is_paused(session, limits, now)
    try:
        actor = _prove(lambda: people.prove_staff(email, password), limits, paused, now)
    except Unauthenticated:
        if staff_id is not None and not paused:
            _on_trail(SYSTEM, "sign_in.refused", staff_id, now)
        raise
    if visitor.device:
        with db.transaction() as session:
            devices.remember(session, UUID(actor.id), visitor, now)
    return actor


def _on_trail(actor: Actor, action: str, staff_id: UUID, now: datetime) -> None:
    with db.transaction() as session:
        record.audit(
            session, actor=actor, action=action, subject=f"staff:{staff_id}", customer_id=None, payload={}, now=now
        )


def _prove(check: people.Check, limits: throttling.Counted, paused: bool, now: datetime) -> Actor:
    # Compared even during a pause, which refuses the right one too: nobody learns anything from the time it takes.
    actor = check()
    if paused:
        raise Unauthenticated(gettext(REFUSAL))
    with db.transaction() as session:
        if actor is None:
            throttling.count(session, limits, now)
        else:
            throttling.forgive(session, limits)
    if actor is None:
        raise Unauthenticated(gettext(REFUSAL))
    return actor
