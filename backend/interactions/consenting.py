"""What a customer allows, said in any channel: written to their ledger, put on the timeline, told to whom it concerns."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from backend.interactions.persons import person_with
from backend.interactions.timeline import record
from backend.matrix.service import Pack, Purpose
from backend.profiles import service as profiles
from backend.profiles.service import Consent
from backend.record import service as trail
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NoAuthority
from shared.kernel.languages import gettext


def asked_in(purpose: Purpose, pack: Pack) -> tuple[str, ...]:
    """The channels in which the purpose is asked, in the pack's order."""
    return tuple(c.key for c in pack.channels if not purpose.channels or c.key in purpose.channels)


def change_consent(
    session: Session, customer_id: UUID, purpose: str, channel: str, state: str, *, source: str, wording: str | None = None,
    said_in: str | None, actor: Actor, now: datetime, pack: Pack,
) -> Consent | None:  # fmt: skip
    """Writes what the customer says of one purpose in one channel; None where just that stood already.

    `wording` are the words that they were asked, the pack's own by default; `said_in` is the channel in which they said it.
    Raises NotFound, Invalid for a purpose or channel that the pack does not ask, and NoAuthority where the agent speaks with
    someone who may not decide for the customer.
    """
    known = next((p for p in pack.purposes if p.key == purpose), None)
    if known is None:
        raise Invalid(gettext("That is no purpose."), {"purpose": f"one of {', '.join(p.key for p in pack.purposes)}"})
    if channel not in (allowed := asked_in(known, pack)):
        raise Invalid(gettext("That is no channel of this purpose."), {"channel": f"one of {', '.join(allowed)}"})
    person = person_with(session, customer_id, actor)
    if person is not None and not person.may_act:
        raise NoAuthority(f"{person.name} may be told about this customer, and not decide for them.")
    before = _stands(session, customer_id, purpose, channel) if actor.kind in ("staff", "key") else None
    said = profiles.set_consent(
        session, customer_id, purpose, channel, state, source, wording or known.wording or known.label, now, actor
    )  # fmt: skip
    if said is not None:
        data = {
            "purpose": purpose, "purpose_label": known.label, "for_channel": channel,
            "channel_label": pack.label_of(pack.channels, channel), "state": said.state, "source": source,
            "wording_version": said.wording_version,
        }  # fmt: skip
        record(session, customer_id, "consent.changed", said_in, actor, data, now)
        if actor.kind in ("staff", "key"):
            trail.audit(
                session, actor=actor, action="consent.changed", subject=f"consent:{purpose}/{channel}", customer_id=customer_id,
                payload={"before": {"state": before}, "after": {"state": said.state}, "wording": said.wording_version, "source": source},
                now=now,
            )  # fmt: skip
    return said


def _stands(session: Session, customer_id: UUID, purpose: str, channel: str) -> str | None:
    consents = profiles.profile(session, customer_id).consents
    return next((one.state for one in consents if (one.purpose, one.channel) == (purpose, channel)), None)


def say_consents(
    session: Session, customer_id: UUID, purpose: str, allowed: Collection[str], seen: str, *, source: str, said_in: str,
    actor: Actor, now: datetime, pack: Pack,
) -> int:  # fmt: skip
    """What the customer says of a purpose in all of its channels at once: yes in those that are allowed, no in the others.

    `seen` is the wording that was shown or read out. Gives how many changed. Raises as `change_consent`, and Conflict where
    the wording is another by now: they must hear that one.
    """
    known = next((p for p in pack.purposes if p.key == purpose), None)
    if known is None:
        raise Invalid(gettext("That is no purpose."), {"purpose": f"one of {', '.join(p.key for p in pack.purposes)}"})
    if seen.split() != pack.said(known.wording or known.label).split():
        raise Conflict(
            gettext("The wording has changed since this page was drawn. Please read the new one, and answer again.")
        )
    asked = asked_in(known, pack)
    if strange := sorted(set(allowed) - set(asked)):
        raise Invalid(gettext("That is no channel of this purpose."), {"channel": f"{', '.join(strange)}: not asked"})
    told = [
        change_consent(
            session, customer_id, purpose, channel, "granted" if channel in allowed else "denied", source=source,
            said_in=said_in, actor=actor, now=now, pack=pack,
        )
        for channel in asked
    ]  # fmt: skip
    return sum(one is not None for one in told)
