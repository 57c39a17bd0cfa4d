"""The ledger: offers are presented and answered here, each answer exactly once whoever races, in every channel at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from backend import db
from backend.budgets import service as budgets
from backend.engine import service as engine
from backend.engine.service import deliver
from backend.interactions import service as interactions
from backend.record import service as record
from backend.rules.service import RuleFailed
from backend.treatments import asking, cards
from backend.treatments.accepting import Agreed, agree
from backend.treatments.answers import Response, checked_reason, checked_until, checked_word, doubt, permit
from backend.treatments.cards import OfferLine
from backend.treatments.choosing import GONE
from backend.treatments.disclosing import Ticks, told_data
from backend.treatments.inputs import Inputs, fact_of, gather
from backend.treatments.locking import lock_ledger, move_ledger
from backend.treatments.masked import seen_by
from backend.treatments.tables import OfferRow
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import AlreadyAnswered, Conflict, EvenhandError, Invalid, NoLongerOffered, NotFound
from shared.kernel.languages import gettext

_OFFER = db.table_of(OfferRow)
FULFIL = "offer.fulfil"
"""The outbox topic of an accepted offer."""


def answer(
    session: Session,
    offer_id: UUID,
    response: Response,
    *,
    channel: str,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    until: date | None = None,
    seen: int | None = None,
    customer_id: UUID | None = None,
    ticks: Ticks | None = None,
    given: Mapping[str, str] | None = None,
    word: str | None = None,
) -> OfferLine:
    """Puts the answer on the ledger, once, with its event and its fulfilment, and gives the offer as it is then.

    `now` is when the request came in; `seen` the version of the offer that the asker saw, if a page showed it; `ticks` what
    staff read out before the customer accepted; `given` by key what the treatment asks for with its acceptance; `word`: what staff write for the customer to read
    beside what is put off. A customer reaches only their own offers. Raises NotFound, Invalid, NoAuthority (the agent speaks with someone who may not answer),
    AlreadyAnswered (`extra`: offer, who, when, where), Expired, NoLongerOffered, Conflict.
    """
    owner = owner_of(session, offer_id, actor.customer_id or customer_id)
    lock_ledger(session, owner)
    if response != "presented":
        interactions.require_authority(session, owner, actor, now)
    inputs = seen_by(session, gather(session, owner, now), actor)
    row = next((o for o in inputs.offers if o.offer_id == offer_id), None)
    if row is None:
        raise NotFound(gettext("There is no such offer."))
    if channel not in {c.key for c in inputs.pack.channels}:
        raise Invalid(
            f"There is no channel {channel}.", {"channel": f"one of {', '.join(c.key for c in inputs.pack.channels)}"}
        )
    reason, word = checked_reason(reason), checked_word(word)
    try:
        changes = permit(row, response, now, inputs.today, seen)
        ranked = asking.ranking(session, inputs, now)
        if row.state == "open" and not _offered(ranked, row):
            raise NoLongerOffered(gettext("This is no longer offered: something about the customer changed since."))
        if row.state == "open" and row.concession and _beyond_cap(row, inputs):
            raise NoLongerOffered(
                gettext("With what is promised already, this would give away more than one customer may get in a year.")
            )
        agreed = agree(session, row, inputs, channel, actor, now, ticks, given) if response == "accepted" else None
        if changes:
            _reserve_chosen(session, row, response, inputs, now, agreed)
    except Conflict as refused:
        raise told(refused, row, inputs, actor) from None
    if changes:
        until = checked_until(until, inputs.today, row.valid_until) if response == "deferred" else None
        # Asked once: the row, the trail and the event name the same person.
        named = interactions.named(session, owner, actor)
        values = presentation(row, ranked, inputs, channel, actor, now, named) if row.state == "open" else {}
        if agreed is not None:
            values |= agreed.kept(session, inputs, now) | {"undo_until": undo_until(row, inputs)}
            values |= {"taken_on": inputs.today, "taken_by": actor.name if actor.kind == "staff" else ""}
        if response != "presented":
            values |= {
                "state": response,
                "version": row.version + 1,
                "answered_at": now,
                "answered_on": inputs.today,
                "answered_channel": channel,
                "answered_by": actor.name,
                "answered_with": named.get("person"),
                "reason": reason,
                "until": until,
                "word": word if response == "deferred" and actor.kind == "staff" else None,
                "settled_at": clock.now(),
            }
        write(session, row, values)
        stood, row = row.state, row_of(session, owner, offer_id)
        _told_everyone(session, row, response, inputs, channel, actor, now, named, stood)
        if response == "accepted":
            _withdraw_beside(session, row, inputs, now)
    return cards.offer_line(row, inputs, actor)


def settle_later(session: Session, line: OfferLine, now: datetime) -> datetime:
    """Lets an answer that may be taken back settle a little later, and gives when: the caller acknowledges it no sooner.

    For askers who do not say which version they saw: only the clock tells who of them raced, and who came back. `now` is
    when the request came in; called in the transaction of the answer.
    """
    present = clock.now()
    settled = present + doubt(now, present)
    mine = (_OFFER.c.customer_id == owner_of(session, line.offer_id, None), _OFFER.c.offer_id == line.offer_id)
    session.execute(update(_OFFER).where(*mine).values(settled_at=settled))
    return settled


def owner_of(session: Session, offer_id: UUID, customer_id: UUID | None) -> UUID:
    """The customer whose offer it is. Raises NotFound, for another customer's offer too."""
    owner: UUID | None = session.execute(select(_OFFER.c.customer_id).where(_OFFER.c.offer_id == offer_id)).scalar()
    if owner is None or customer_id not in (None, owner):
        raise NotFound(gettext("There is no such offer."))
    return owner


def row_of(session: Session, customer_id: UUID, offer_id: UUID) -> Any:
    return session.execute(
        select(_OFFER).where(_OFFER.c.customer_id == customer_id, _OFFER.c.offer_id == offer_id)
    ).one()


def _reserve_chosen(
    session: Session, row: Any, response: Response, inputs: Inputs, now: datetime, agreed: Agreed | None
) -> None:
    """Reserves for the day that was chosen. Raises Invalid where that one went meanwhile, NoLongerOffered where all did."""
    day = agreed.choice.day if agreed else None
    try:
        reserve(session, row, response, inputs, now, day)
    except NoLongerOffered:
        if agreed is None or day is None:
            raise
        raise Invalid(gettext(GONE), {agreed.choice.day_field: gettext(GONE)}) from None


def reserve(
    session: Session, row: Any, response: Response, inputs: Inputs, now: datetime, on: date | None = None
) -> None:
    """Takes of the budgets what the answer needs, of days on this one where it was chosen, or gives back what a no leaves over.

    Raises NoLongerOffered.
    """
    if response == "declined":
        budgets.give_back(session, row.customer_id, [row.offer_id])
        return
    treatment = inputs.configuration.catalogue_of(row.catalogue_version).treatments[row.treatment]
    if not treatment.use:
        return
    try:
        amounts = engine.uses(inputs.snapshot, inputs.ledger, inputs.configuration, fact_of(row))
    except RuleFailed as failed:
        raise NoLongerOffered(gettext("How much of a budget this takes cannot be worked out any more.")) from failed
    at = "accepted" if response == "accepted" else "presented"
    budgets.take(session, row.customer_id, row.offer_id, treatment, amounts, at, inputs.pack, inputs.today, now, on)


def undo_until(row: Any, inputs: Inputs) -> date | None:
    """The last day on which an acceptance of today could be taken back; None where it never can."""
    days = inputs.configuration.catalogue_of(row.catalogue_version).treatments[row.treatment].fulfilment.undo_days
    return inputs.today + timedelta(days=days) if days else None


def _offered(ranked: Any, row: Any) -> bool:
    """Whether the decision of this instant offers the same treatment on the terms of the row."""
    return any(
        (r.treatment, r.subject, r.catalogue_version) == (row.treatment, row.subject, row.catalogue_version)
        and cards.terms_equal(r.terms, row.terms)
        for r in ranked
    )


def _beyond_cap(row: Any, inputs: Inputs) -> bool:
    """Whether a concession that stood beside others in the decision no longer fits, now that one of them was presented."""
    most = engine.most_conceded(inputs.snapshot, inputs.ledger, inputs.configuration)
    given = engine.committed(inputs.ledger, inputs.today, without=str(row.offer_id))
    return bool(given + row.concession > most + 1e-9)


def presentation(
    row: Any, ranked: Any, inputs: Inputs, channel: str, actor: Actor, now: datetime, named: dict[str, Any]
) -> dict[str, Any]:
    """What an offer's row says once the customer was told of it here and now; `named` is who heard it in their place."""
    here = deliver(ranked, inputs.snapshot, inputs.configuration, channel).here
    first = bool(here) and (here[0].treatment, here[0].subject) == (row.treatment, row.subject)
    return {
        "state": "presented",
        "presented_at": now,
        "presented_on": inputs.today,
        "presented_channel": channel,
        "presented_by": actor.name,
        "presented_with": named.get("person"),
        "presented_first": first,
        "moment_key": inputs.snapshot.moment_key,
    }


def write(session: Session, row: Any, values: dict[str, Any]) -> None:
    """The guard of last resort: whatever else holds, an offer changes only from the version that was read."""
    done = session.execute(
        update(_OFFER)
        .where(_OFFER.c.customer_id == row.customer_id, _OFFER.c.offer_id == row.offer_id)
        .where(_OFFER.c.version == row.version, _OFFER.c.state == row.state)
        .values(**values)
    )
    if db.touched(done) != 1:
        raise Conflict(gettext("Someone else answered at the same moment. Please look again."))


def _told_everyone(
    session: Session, row: Any, response: Response, inputs: Inputs, channel: str, actor: Actor, now: datetime,
    named: dict[str, Any], stood: str,
) -> None:  # fmt: skip
    data = cards.event_data(row, inputs)
    interactions.record(
        session, row.customer_id, f"offer.{response}", channel, actor, data, now, stage=inputs.snapshot.stage
    )
    record.audit(
        session, actor=actor, action=f"offer.{response}", subject=str(row.offer_id), customer_id=row.customer_id,
        payload={"treatment": row.treatment, "channel": channel, "version": row.version, "before": {"state": stood}, "after": {"state": row.state}}
        | named | _disclosed(row), now=now,
    )  # fmt: skip
    if response != "presented":
        move_ledger(session, row.customer_id)
    if response == "accepted":
        record.put(session, customer_id=row.customer_id, topic=FULFIL, payload={"offer_id": str(row.offer_id)}, now=now)


def _disclosed(row: Any) -> dict[str, Any]:
    disclosed = {"disclosed": told_data(row.disclosed)} if row.disclosed else {}
    # What they chose is the offer's and the timeline's to tell; the trail says that they did.
    return disclosed | ({"chosen": [one["key"] for one in row.chosen]} if row.chosen else {})


def _withdraw_beside(session: Session, row: Any, inputs: Inputs, now: datetime) -> None:
    """What the customer cannot have beside the one that they took is offered no longer."""
    conflicts = inputs.configuration.catalogue.conflicts.get(row.treatment, frozenset())
    for other in inputs.offers:
        beside = other.treatment in conflicts and (other.subject == row.subject or not (other.subject and row.subject))
        if beside and other.state in ("presented", "deferred"):
            write(session, other, {"state": "withdrawn", "version": other.version + 1})
            budgets.give_back(session, row.customer_id, [other.offer_id])
            data = cards.event_data(other, inputs) | {"beside": row.treatment}
            interactions.record(session, row.customer_id, "offer.withdrawn", None, SYSTEM, data, now)


def told(refused: EvenhandError, row: Any, inputs: Inputs, actor: Actor) -> EvenhandError:
    """The refusal, with the offer as it is and, where it was answered, by whom, when and where."""
    line = cards.offer_line(row, inputs, actor)
    extra: dict[str, Any] = {"offer": line}
    if row.answered_at is not None and row.state != "expired":
        who = "you" if actor.kind == "customer" and row.answered_by == actor.name else line.by
        extra |= {"who": who, "when": row.answered_at, "where": row.answered_channel}
    return type(refused)(_in_words(refused, line, extra), **extra)


def _in_words(refused: EvenhandError, line: OfferLine, extra: dict[str, Any]) -> str:
    if not isinstance(refused, AlreadyAnswered):
        return str(refused)
    return f"{refused} {line.answer_text}".strip()
