"""A decision put before an audience: what this channel can deliver of it, in cards, and what it cannot, with the reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from backend import db
from backend.engine import service as engine
from backend.engine.catalogue import Treatment
from backend.engine.facts import terms_from
from backend.engine.service import Delivery, Ranked, Withheld, context_of, deliver, refusal
from backend.profiles.service import OPEN, Mask
from backend.rules.service import Context
from backend.treatments import answered, asking, cards, ledger, plan_changes, replaying
from backend.treatments.asking import Decided
from backend.treatments.cards import AgentRecommendation, CustomerRecommendation, Elsewhere, OfferLine, OfferPage
from backend.treatments.choosing import asked_of
from backend.treatments.chosen import Asked
from backend.treatments.inputs import Inputs, gather, offer_rows
from backend.treatments.masked import masked, masked_withheld, seen_by
from backend.treatments.tables import OfferRow
from backend.treatments.withholding import withheld_line
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict
from shared.kernel.languages import gettext, noted
from shared.kernel.money import Money

_OFFER = db.table_of(OfferRow)
_BY_REFERENCE = (
    select(_OFFER.c.customer_id)
    .where(_OFFER.c.reference == bindparam("reference"))
    .order_by(_OFFER.c.offer_id.desc())
    .limit(1)
)
NOTHING_AGENT = "Nothing is worth this customer's attention today. Resolve what they came for."
NOTHING_CUSTOMER = noted("There is nothing that you need to decide today.")


def for_agent(
    customer_id: UUID,
    channel: str,
    actor: Actor,
    now: datetime,
    limit: int = 3,
    decided: Decided | None = None,
    mask: Mask = OPEN,
    explained: bool = True,
) -> AgentRecommendation:
    """What an agent in this channel sees. Nothing counts as presented by being looked at here.

    `decided` is the decision of this very instant, where the caller has it already; `mask` hides what is not to be read.
    Why the others are not offered is told where it is to be `explained`, and where there is nothing to offer.
    """
    decided = decided or asking.decide(customer_id, now)
    told = explained or not deliver(decided.ranked, decided.inputs.snapshot, decided.inputs.configuration, channel).here
    withheld = withheld_of(decided) if told else ()
    return agent_recommendation(decided, by_id(decided.offers), withheld, channel, actor, limit, mask)


def agent_recommendation(
    decided: Decided,
    rows: dict[str, Any],
    withheld: Sequence[Withheld],
    channel: str,
    actor: Actor,
    limit: int,
    mask: Mask = OPEN,
) -> AgentRecommendation:
    """The same from what was read before: pure but for its name."""
    inputs = masked(decided.inputs, mask)
    delivery = deliver(decided.ranked, inputs.snapshot, inputs.configuration, channel)
    context = rules_context(inputs)
    after = [*delivery.here[1:], None]
    shown = [
        replace(
            cards.agent_card(_treatment(inputs, item), item, rank, rows[str(item.offer_id)], inputs, context, actor),
            margin=_margin(inputs, item, after[rank - 1]),
        )
        for rank, item in enumerate(delivery.here[:limit], 1)
    ]
    not_here = [w for _, w in delivery.elsewhere]
    return AgentRecommendation(
        decision_id=decided.decision_id,
        cards=tuple(shown),
        elsewhere=tuple(_elsewhere(item, w, rows, inputs) for item, w in delivery.elsewhere),
        withheld=tuple(withheld_line(masked_withheld(w, mask), inputs) for w in [*not_here, *withheld]),
        offers=_offer_lines(rows.values(), inputs, actor),
        nothing=None if shown else NOTHING_AGENT,
        stands_until=decided.stands_until,
    )


def _margin(inputs: Inputs, item: Ranked, follower: Ranked | None) -> str:
    return engine.margin_in_words(item, follower, _treatment(inputs, follower).name if follower else "")


def for_customer(
    customer_id: UUID,
    channel: str,
    actor: Actor,
    now: datetime,
    limit: int = 1,
    present: bool = True,
    decided: Decided | None = None,
    issue: str = "",
) -> CustomerRecommendation:
    """What the customer sees in this channel. What is shown is presented, unless `present` is False (a prefetch, a HEAD).

    With an `issue` all others are kept back: a page about one thing shows nothing else, in the decision's own order. `decided` is the decision of this very instant, where the caller has it already.
    """
    for _ in range(asking.ATTEMPTS):
        decided = decided or asking.decide(customer_id, now)
        delivery = deliver(decided.ranked, decided.inputs.snapshot, decided.inputs.configuration, channel)
        if issue:
            its = tuple(i for i in delivery.here if _treatment(decided.inputs, i).issue == issue)
            delivery = replace(delivery, here=its)
        rows = by_id(decided.offers)
        new = [i for i in delivery.here[:limit] if rows[str(i.offer_id)].state == "open"]
        if not (present and new):
            return customer_recommendation(decided, delivery, rows, actor, limit)
        with db.transaction() as session:
            refused = {i.offer_id for i in new if not _presented(session, i, channel, actor, now)}
            rows = by_id(offer_rows(session, decided.inputs.profile.customer_id))
        shown = tuple(i for i in delivery.here[:limit] if i.offer_id not in refused)
        if shown:
            return customer_recommendation(decided, replace(delivery, here=shown), rows, actor, limit)
        decided = None
    raise Conflict(gettext("This page is changing too fast. Please load it again."))


def _presented(session: Session, item: Ranked, channel: str, actor: Actor, now: datetime) -> bool:
    """Whether the offer could be put to the customer: one that changed since the decision is not shown."""
    try:
        ledger.answer(session, UUID(item.offer_id), "presented", channel=channel, actor=actor, now=now)
    except Conflict:
        return False
    return True


def customer_recommendation(
    decided: Decided, delivery: Delivery, rows: dict[str, Any], actor: Actor, limit: int
) -> CustomerRecommendation:
    inputs = decided.inputs
    context = rules_context(inputs)
    shown = tuple(
        cards.customer_card(_treatment(inputs, i), rows[str(i.offer_id)], inputs, context)
        for i in delivery.here[:limit]
    )
    first = decided.ranked[0] if decided.ranked else None
    elsewhere = next((_elsewhere(item, w, rows, inputs) for item, w in delivery.elsewhere if item is first), None)
    offers = tuple(o for o in _offer_lines(rows.values(), inputs, actor) if o.state != "open")
    return CustomerRecommendation(
        decided.decision_id, shown, elsewhere, offers, None if shown else gettext(NOTHING_CUSTOMER)
    )


def offer_page(
    session: Session, offer_id: UUID, actor: Actor, now: datetime, customer_id: UUID | None = None
) -> OfferPage:
    """One offer in full. Raises NotFound, for another customer's too."""
    owner = ledger.owner_of(session, offer_id, actor.customer_id or customer_id)
    inputs = seen_by(session, gather(session, owner, now), actor)
    row = by_id(inputs.offers)[str(offer_id)]
    t = inputs.configuration.catalogue_of(row.catalogue_version).treatments[row.treatment]
    line = cards.offer_line(row, inputs, actor)
    live = row.state in ("open", "presented", "deferred") and row.valid_until >= inputs.today
    answerable = live or line.can_reverse
    asked = asked_of(session, row, inputs, now) if answerable else ()
    card = cards.customer_card(t, row, inputs, rules_context(inputs))
    monthly = _monthly(t, row, inputs) if answerable else None
    return OfferPage(
        card, line, live, asked, monthly, answered.heard(row, inputs) if live else "", row.word or "" if live else ""
    )


def _monthly(t: Treatment, row: Any, inputs: Inputs) -> tuple[Money, Money] | None:
    return plan_changes.monthly(t.fulfilment, terms_from(row.terms), inputs.snapshot.attributes, inputs.pack)


def asked_with(session: Session, offer_id: UUID, actor: Actor, now: datetime) -> tuple[Asked, ...]:
    """What is asked when the offer is accepted, with the times that are free now. Raises NotFound, for another customer's too."""
    owner = ledger.owner_of(session, offer_id, actor.customer_id)
    inputs = seen_by(session, gather(session, owner, now), actor)
    return asked_of(session, by_id(inputs.offers)[str(offer_id)], inputs, now)


def offers_of(session: Session, customer_id: UUID, actor: Actor, now: datetime) -> tuple[OfferLine, ...]:
    """Every offer that the customer got, newest first."""
    inputs = seen_by(session, gather(session, customer_id, now), actor)
    return _offer_lines(inputs.offers, inputs, actor)


def agreed_about(
    session: Session, customer_id: UUID, issue: str, states: Collection[str], actor: Actor, now: datetime
) -> tuple[OfferLine, ...]:
    """The offers of one issue that stand in one of these states, newest first; one of a treatment that is gone is left out."""
    inputs = seen_by(session, gather(session, customer_id, now), actor)

    def is_about(row: Any) -> bool:
        known = inputs.configuration.catalogue_of(row.catalogue_version).treatments.get(row.treatment)
        return known is not None and known.issue == issue and row.state in states

    return _offer_lines(filter(is_about, inputs.offers), inputs, actor)


def owner_of_reference(session: Session, text: str) -> UUID | None:
    """The customer whose offer has this spoken reference, in whatever case and spacing; the latest, should two ever share one."""
    said = ids.spoken_text(text)
    if said is None:
        return None
    found: UUID | None = session.execute(_BY_REFERENCE, {"reference": said}).scalar()
    return found


def open_offers(
    session: Session, customer_id: UUID, offer_ids: Collection[UUID], now: datetime
) -> list[dict[str, Any]]:
    """Of these offers the customer's that nobody has put to them yet, as events tell of them."""
    inputs = gather(session, customer_id, now)
    return [cards.event_data(row, inputs) for row in inputs.offers if row.state == "open" and row.offer_id in offer_ids]


def withheld_of(decided: Decided) -> tuple[Withheld, ...]:
    """What left the funnel on the way to this decision; for one that stands, made again from the inputs that it stands on."""
    if decided.withheld is not None or decided.decision_id is None:
        return decided.withheld or ()
    inputs = decided.inputs
    if inputs.hash == decided.input_hash:
        return engine.decide(inputs.snapshot, inputs.ledger, inputs.configuration).withheld
    with db.reading() as session:
        return replaying.recall(session, decided.decision_id).ruling.withheld


def by_id(offers: Iterable[Any]) -> dict[str, Any]:
    """Offers' rows by the id that a ranking names them by."""
    return {str(row.offer_id): row for row in offers}


def rules_context(inputs: Inputs) -> Context:
    """What the conditions of reasons may read of this customer."""
    live = [o for o in inputs.ledger.offers if o.live(inputs.today)]
    return context_of(inputs.snapshot, inputs.ledger, inputs.configuration, live)


def _treatment(inputs: Inputs, item: Ranked) -> Any:
    return inputs.configuration.catalogue_of(item.catalogue_version).treatments[item.treatment]


def _elsewhere(item: Ranked, w: Withheld, rows: dict[str, Any], inputs: Inputs) -> Elsewhere:
    t, pack = _treatment(inputs, item), inputs.pack
    channels = tuple(c.key for c in pack.channels if refusal(t, inputs.snapshot, pack, c.key) is None)
    row = rows.get(str(item.offer_id))
    return cards.elsewhere_line(item, w.rule, channels, row.reference if row is not None else "", inputs)


def _offer_lines(rows: Any, inputs: Inputs, actor: Actor) -> tuple[OfferLine, ...]:
    """The offers that the customer got, and how they stand; those never mentioned are no offers to anyone yet."""
    return tuple(cards.offer_line(row, inputs, actor) for row in rows if row.presented_at is not None)
