"""What an agent does with an offer beyond saying it: alters its terms, or puts another treatment in its place.

Terms altered within the agent's authority are a new offer that stands in the place of the old one in every channel; beyond it
they wait for somebody else's approval, and the customer sees that they are being confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import Session

from backend import db
from backend.budgets import service as budgets
from backend.cases import service as cases
from backend.engine import service as engine
from backend.engine.catalogue import Term, Treatment
from backend.engine.facts import terms_from, terms_json
from backend.engine.service import Ranked, Words, concession_of, deliver, frozen, refusal
from backend.interactions import service as interactions
from backend.record import service as record
from backend.rules.service import RuleFailed
from backend.treatments import asking, cards
from backend.treatments.answers import checked_reason
from backend.treatments.cards import OfferLine, TermLine
from backend.treatments.disclosing import Ticks, needed_of, told_of
from backend.treatments.inputs import Inputs, gather
from backend.treatments.ledger import FULFIL, owner_of, presentation, reserve, row_of, undo_until, write
from backend.treatments.locking import lock_ledger, move_ledger
from backend.treatments.masked import seen_by
from backend.treatments.scripting import script_of, spoken
from backend.treatments.tables import OfferRow
from shared.kernel import clock, ids, money
from shared.kernel.actors import Actor
from shared.kernel.errors import AlreadyAnswered, Conflict, Forbidden, Invalid, NoLongerOffered, NotFound, Restricted

_OFFER = db.table_of(OfferRow)
_LIVE = ("open", "presented", "deferred")
SHOWN = 3
"""So many of the ranking stand on the customer's page."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Altered terms that wait for an approval: what was offered, what was promised instead, by whom, and how far it goes."""

    offer: OfferLine
    before: OfferLine | None
    customer_id: UUID
    customer_name: str
    asked_by: str
    asked_by_id: str
    asked_at: datetime
    reason: str


def alter(
    session: Session,
    offer_id: UUID,
    terms: Mapping[str, float],
    *,
    channel: str,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
    reason: str | None = None,
    ticks: Ticks | None = None,
) -> OfferLine:
    """Puts a new offer on these terms in the place of this one, and gives it: presented, or pending approval.

    `terms`: key → value, money in major units. Raises NotFound, Forbidden for anyone but staff, Invalid for a term that is
    not to be altered or lies beyond its bounds, and Conflict where the offer cannot be altered any more or the new terms
    would give away too much.
    """
    _staff_only(actor)
    owner = owner_of(session, offer_id, None)
    lock_ledger(session, owner)
    interactions.require_authority(session, owner, actor, now)
    inputs = seen_by(session, gather(session, owner, now), actor)
    row = row_of(session, owner, offer_id)
    _channel(channel, inputs)
    reason = checked_reason(reason)
    ranked = _alterable(session, row, inputs, now, seen)
    treatment = inputs.configuration.catalogue_of(row.catalogue_version).treatments[row.treatment]
    altered, beyond = _altered(treatment, row, terms, inputs, actor.role)
    if beyond and not reason:
        raise Invalid("Say why: these terms need an approval.", {"reason": "say why"})
    concession = concession_of(treatment, terms_from(altered), inputs.pack.currency)
    given = engine.committed(inputs.ledger, inputs.today, without=str(offer_id))
    if concession and given + concession > _most(inputs) + 1e-9:
        raise Conflict("With what is promised already, this would give away more than one customer may get in a year.")
    # Whoever hears of other terms has heard of the treatment: it was presented with that, if it was not before.
    named = interactions.named(session, owner, actor)
    told = presentation(row, ranked, inputs, channel, actor, now, named) if row.state == "open" else {}
    write(session, row, told | {"state": "superseded", "version": row.version + 1})
    row = row_of(session, owner, offer_id)
    budgets.give_back(session, owner, [offer_id])
    new = _new(row, inputs, channel, actor, now, named) | {
        "terms": altered, "concession": concession, "supersedes": offer_id, "reason": reason,
    }  # fmt: skip
    if beyond:
        # Once it is approved it is accepted: what must be told before that is told now.
        told_now = told_of(needed_of(SimpleNamespace(**new), inputs), channel, ticks, actor, now)
        new |= {
            "disclosed": told_now, "taken_on": inputs.today, "taken_by": actor.name,
            "state": "pending_approval", "answered_at": now, "answered_on": inputs.today, "answered_channel": channel,
            "answered_by": actor.name, "answered_with": named.get("person"), "settled_at": clock.now(),
        }  # fmt: skip
    session.execute(insert(_OFFER).values(**new))
    made = row_of(session, owner, new["offer_id"])
    if not beyond:
        reserve(session, made, "presented", inputs, now)
    data = cards.event_data(made, inputs) | {"before": _texts(row, inputs), "supersedes": str(offer_id)}
    _tell(session, made, "offer.asked" if beyond else "offer.altered", channel, actor, data, inputs, now)
    return cards.offer_line(made, inputs, actor)


def override(
    session: Session,
    customer_id: UUID,
    treatment: str,
    *,
    channel: str,
    actor: Actor,
    now: datetime,
    reason: str | None,
    subject: str = "",
) -> OfferLine:
    """Puts a treatment to the customer that the decision does not recommend now, on the terms that it would have.

    Only what has passed consent, suitability and contact policy may be chosen. It is presented, and honoured in every channel
    from then on. Raises NotFound, Forbidden for anyone but staff, Invalid without a reason, and Conflict where it may not be
    offered, or not in this channel.
    """
    _staff_only(actor)
    reason = checked_reason(reason)
    if not reason:
        raise Invalid("Say why you choose another treatment.", {"reason": "say why"})
    inputs = gather(session, customer_id, now)
    owner = inputs.profile.customer_id
    lock_ledger(session, owner)
    inputs = seen_by(session, gather(session, owner, now), actor)
    _channel(channel, inputs)
    t = inputs.configuration.catalogue.treatments.get(treatment)
    if t is None:
        raise NotFound(f"There is no treatment {treatment}.")
    item = engine.overridable(inputs.snapshot, inputs.ledger, inputs.configuration).get((treatment, subject))
    if item is None:
        raise NoLongerOffered("This may not be offered to this customer now: its reason stands beside it.")
    refused = refusal(t, inputs.snapshot, inputs.pack, channel)
    if refused is not None:
        raise NoLongerOffered(f"It cannot be offered here. {refused[1]}")
    terms = [terms_json(term) for term in item.terms]
    concession = concession_of(t, item.terms, inputs.pack.currency)
    standing = next(
        (o for o in inputs.offers if (o.treatment, o.subject) == (treatment, subject) and o.state in _LIVE), None
    )
    if standing is not None and standing.state != "open":
        raise AlreadyAnswered("The customer has this offer already.")
    if standing is not None:
        # It stood open in the decision, and nobody was told of it: this one takes its place.
        session.execute(_OFFER.delete().where(_OFFER.c.customer_id == owner, _OFFER.c.offer_id == standing.offer_id))
    like = standing or _blank(item, inputs, now)
    new = _new(like, inputs, channel, actor, now, interactions.named(session, owner, actor)) | {
        "terms": terms, "concession": concession, "supersedes": None,
        "catalogue_version": item.catalogue_version, "valid_until": item.valid_until,
        "expires_at": clock.midnight_after(item.valid_until, inputs.profile.timezone),
    }  # fmt: skip
    session.execute(insert(_OFFER).values(**new))
    made = row_of(session, owner, new["offer_id"])
    reserve(session, made, "presented", inputs, now)
    data = cards.event_data(made, inputs) | {"why": reason}
    _tell(session, made, "offer.overridden", channel, actor, data, inputs, now)
    return cards.offer_line(made, inputs, actor)


@dataclass(frozen=True, slots=True)
class Alternative:
    """What an agent may choose in place of the recommended, with its words and the terms that it would have."""

    treatment: str
    subject: str
    name: str
    headline: str
    issue: str
    script: str
    terms: tuple[TermLine, ...]


def alternatives(
    session: Session, customer_id: UUID, channel: str, actor: Actor, now: datetime
) -> tuple[Alternative, ...]:
    """What may be chosen for this customer in this channel, in the catalogue's order, but for what they have already.

    The first few of the ranking are left out: they stand on the customer's page. Raises NotFound.
    """
    inputs = seen_by(session, gather(session, customer_id, now), actor)
    ranked = deliver(asking.ranking(session, inputs, now), inputs.snapshot, inputs.configuration, channel).here
    shown = {(r.treatment, r.subject) for r in ranked[:SHOWN]}
    found = []
    for (key, subject), item in engine.overridable(inputs.snapshot, inputs.ledger, inputs.configuration).items():
        t = inputs.configuration.catalogue.treatments[key]
        if (key, subject) in shown or refusal(t, inputs.snapshot, inputs.pack, channel) is not None:
            continue
        names = spoken(inputs.profile.name, actor.name)
        words = Words(inputs.snapshot, inputs.pack, inputs.profile.first_name, item.terms, inputs.mask, names)
        script = script_of(t.phone, words, inputs.mask.text, inputs.pack).text
        terms = cards.term_lines(item.terms, inputs)
        found.append(Alternative(key, subject, t.name, cards.headline(t, words, inputs.pack), t.issue, script, terms))
    return tuple(found)


def decide_terms(
    session: Session, offer_id: UUID, *, approved: bool, actor: Actor, now: datetime, reason: str | None = None
) -> OfferLine:
    """Approves altered terms, which are accepted with that and fulfilled, or refuses them: then the offer before stands again.

    Raises NotFound, Forbidden for whoever asked, Invalid for a refusal without a reason, Conflict where it was decided already
    or nothing is left to give.
    """
    owner = owner_of(session, offer_id, None)
    lock_ledger(session, owner)
    inputs = seen_by(session, gather(session, owner, now), actor)
    row = row_of(session, owner, offer_id)
    if row.state != "pending_approval":
        raise AlreadyAnswered("This was decided already.", offer=cards.offer_line(row, inputs, actor))
    if actor.id == row.made_by_id:
        raise Forbidden("Nobody approves their own terms. Please ask somebody else.")
    reason = checked_reason(reason)
    if not approved and not reason:
        raise Invalid("Say why, so that the agent can tell the customer.", {"reason": "say why"})
    if approved:
        reserve(session, row, "accepted", inputs, now)
        write(session, row, {"state": "accepted", "version": row.version + 1, "undo_until": undo_until(row, inputs)})
        record.put(session, customer_id=owner, topic=FULFIL, payload={"offer_id": str(offer_id)}, now=now)
    else:
        write(session, row, {"state": "withdrawn", "version": row.version + 1, "reason": reason})
        _restore(session, owner, row.supersedes, inputs)
    after = row_of(session, owner, offer_id)
    data = cards.event_data(after, inputs) | ({"why": reason} if reason else {})
    _tell(session, after, "offer.approved" if approved else "offer.refused", None, actor, data, inputs, now)
    how = "approved" if approved else "refused"
    cases.notify(session, owner, row.made_by_id or "", how, str(data.get("headline") or ""), reason or "", now)
    return cards.offer_line(after, inputs, actor)


def waiting(session: Session, actor: Actor, now: datetime, limit: int = 100) -> tuple[Waiting, ...]:
    """Altered terms that wait for an approval, the longest waiting first."""
    rows = session.execute(
        select(_OFFER).where(_OFFER.c.state == "pending_approval").order_by(_OFFER.c.answered_at).limit(limit)
    ).all()
    found = []
    for row in rows:
        try:
            inputs = seen_by(session, gather(session, row.customer_id, now), actor)
        except Restricted:
            continue  # for those who may open this customer to decide
        before = next((o for o in inputs.offers if o.offer_id == row.supersedes), None)
        found.append(
            Waiting(
                offer=cards.offer_line(row, inputs, actor),
                before=cards.offer_line(before, inputs, actor) if before is not None else None,
                customer_id=row.customer_id, customer_name=inputs.profile.name, asked_by=row.made_by or "",
                asked_by_id=row.made_by_id or "", asked_at=row.answered_at, reason=row.reason or "",
            )
        )  # fmt: skip
    return tuple(found)


def _staff_only(actor: Actor) -> None:
    if actor.kind == "customer":
        raise Forbidden("Only an agent can do this.")


def _channel(channel: str, inputs: Inputs) -> None:
    known = [c.key for c in inputs.pack.channels]
    if channel not in known:
        raise Invalid(f"There is no channel {channel}.", {"channel": f"one of {', '.join(known)}"})


def _alterable(session: Session, row: Any, inputs: Inputs, now: datetime, seen: int | None) -> tuple[Ranked, ...]:
    """The ranking in which the offer stands. Raises Conflict where its terms can't be altered any more."""
    if row.state not in _LIVE or row.valid_until < inputs.today:
        raise AlreadyAnswered("This offer was answered or has ended; its terms can't be altered any more.")
    if seen is not None and seen != row.version:
        raise Conflict("The terms of this offer changed since this page was opened. Please look at them again.")
    ranked = asking.ranking(session, inputs, now)
    if not any((r.treatment, r.subject) == (row.treatment, row.subject) for r in ranked) and row.state != "deferred":
        raise NoLongerOffered("This is no longer offered: something about the customer changed since.")
    return ranked


def _altered(
    treatment: Treatment, row: Any, given: Mapping[str, float], inputs: Inputs, role: str
) -> tuple[list[dict[str, Any]], bool]:
    """The terms with what was given in their place, and whether any of them goes beyond the authority of the role."""
    terms = {t.key: t for t in treatment.term}
    errors: dict[str, str] = {}
    digits = money.exponent(inputs.pack.currency)
    stored = {t.key: t for t in terms_from(row.terms)}
    beyond = changed = False
    for key, number in given.items():
        term = terms.get(key)
        if term is None or not term.alterable or key not in stored:
            errors[key] = "is not to be altered"
            continue
        if (wrong := _outside(term, number)) is not None:
            errors[key] = wrong
            continue
        try:
            value = frozen(term, float(number), digits)
        except RuleFailed:
            errors[key] = "a number"
            continue
        changed = changed or value.value != stored[key].value
        stored[key] = value
        beyond = beyond or not _within(number, *term.authority_of(role))
    if errors:
        raise Invalid("These terms can't be given.", errors)
    if not changed:
        raise Invalid("These are the terms already. Change one, or offer it as it stands.", {"terms": "change one"})
    return [terms_json(term) for term in stored.values()], beyond


def _outside(term: Term, number: float) -> str | None:
    if not _within(number, term.low, term.high):
        bounds = [
            f"at least {term.low:g}" if term.low is not None else "",
            f"at most {term.high:g}" if term.high is not None else "",
        ]
        return " and ".join(bound for bound in bounds if bound)
    return None


def _within(number: float, low: float | None, high: float | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)


def _most(inputs: Inputs) -> float:
    return engine.most_conceded(inputs.snapshot, inputs.ledger, inputs.configuration)


def _blank(item: Any, inputs: Inputs, now: datetime) -> Any:
    """What an offer that never stood open would have looked like."""
    return OfferRow(
        customer_id=inputs.profile.customer_id, offer_id=ids.uuid7(), treatment=item.treatment, subject=item.subject,
        state="open", catalogue_version=item.catalogue_version, terms=[], valid_until=item.valid_until,
        expires_at=now, reference="", moment_key=inputs.snapshot.moment_key, opened_at=now, presented_first=False,
    )  # fmt: skip


def _new(row: Any, inputs: Inputs, channel: str, actor: Actor, now: datetime, named: dict[str, Any]) -> dict[str, Any]:
    """A presented offer like this one, made by an agent."""
    return {
        "customer_id": row.customer_id, "offer_id": ids.uuid7(), "treatment": row.treatment, "subject": row.subject,
        "state": "presented", "version": 1, "catalogue_version": row.catalogue_version, "valid_until": row.valid_until,
        "expires_at": row.expires_at, "reference": ids.spoken_reference(), "opened_at": now,
        "moment_key": row.moment_key if row.presented_first else inputs.snapshot.moment_key,
        "presented_first": bool(row.presented_first), "presented_at": now, "presented_on": inputs.today,
        "presented_channel": channel, "presented_by": actor.name, "presented_with": named.get("person"),
        "made_by": actor.name, "made_by_id": actor.id,
    }  # fmt: skip


def _restore(session: Session, owner: UUID, offer_id: UUID | None, inputs: Inputs) -> None:
    """The offer that was superseded stands again, where its date allows and nothing else of the treatment does."""
    before = next((o for o in inputs.offers if o.offer_id == offer_id), None)
    if before is None or before.state != "superseded" or before.valid_until < inputs.today:
        return
    if any((o.treatment, o.subject) == (before.treatment, before.subject) and o.state in _LIVE for o in inputs.offers):
        return
    session.execute(
        update(_OFFER)
        .where(_OFFER.c.customer_id == owner, _OFFER.c.offer_id == offer_id, _OFFER.c.state == "superseded")
        .values(state="presented", version=before.version + 1)
    )


def _texts(row: Any, inputs: Inputs) -> dict[str, str]:
    return {line.label: line.text for line in cards.term_lines(terms_from(row.terms), inputs)}


def _tell(
    session: Session, row: Any, kind: str, channel: str | None, actor: Actor, data: dict[str, Any], inputs: Inputs, now: datetime
) -> None:  # fmt: skip
    interactions.record(session, row.customer_id, kind, channel, actor, data, now, stage=inputs.snapshot.stage)
    record.audit(
        session, actor=actor, action=kind, subject=str(row.offer_id), customer_id=row.customer_id,
        payload={"treatment": row.treatment, "channel": channel, "terms": row.terms, "reason": data.get("why") or row.reason,
                 "supersedes": str(row.supersedes) if row.supersedes else None}
        | interactions.named(session, row.customer_id, actor), now=now,
    )  # fmt: skip
    move_ledger(session, row.customer_id)
