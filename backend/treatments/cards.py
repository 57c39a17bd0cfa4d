"""What each audience is shown. The audience is a type: a customer's card has no field for what is not theirs to see. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from backend.engine.catalogue import Reason, Treatment
from backend.engine.facts import TermValue, terms_from, terms_json
from backend.engine.service import AlterableTerm, Factors, Ranked, Words, alterable_terms, fill, term_text
from backend.matrix.service import Pack
from backend.rules.service import Context, RuleFailed
from backend.treatments import answered
from backend.treatments.answered import Person
from backend.treatments.chosen import Asked, Chosen, chosen_data, chosen_from
from backend.treatments.disclosing import Disclosure, Told, disclosures_of, told_data, told_from
from backend.treatments.inputs import Inputs
from backend.treatments.labels import STATE_LABELS as STATE_LABELS
from backend.treatments.labels import STEP_LABELS as STEP_LABELS
from backend.treatments.masked import masked_term, sayable, unsaid
from backend.treatments.scripting import Doubt, SaidNext, script_of, spoken
from backend.treatments.withholding import WithheldLine as WithheldLine
from shared.kernel import languages
from shared.kernel.actors import Actor
from shared.kernel.languages import gettext
from shared.kernel.money import Money


@dataclass(frozen=True)
class TermLine:
    """One term: the value as it is kept (money in minor units) and as it is said."""

    key: str
    label: str
    value: int | float | str
    unit: str
    text: str


@dataclass(frozen=True)
class CustomerCard:
    """A treatment as the customer reads it, the same words in every channel that shows a card."""

    offer_id: UUID
    treatment: str
    subject: str
    """The holding that it is for; "" for the customer as a whole."""
    headline: str
    acknowledgement: str | None
    body: str
    reason: str
    terms: tuple[TermLine, ...]
    valid_until: date
    accept_label: str
    state: str
    version: int
    reference: str
    promise: str
    disclosures: tuple[Disclosure, ...] = ()
    """What they must be told before they accept."""


@dataclass(frozen=True)
class PresentedLine:
    at: datetime
    channel: str
    by: str
    person: Person | None
    """Who heard it in the customer's place."""


@dataclass(frozen=True)
class AgentCard:
    """The customer's card, and what only the agent sees: what to say, why, and how it was weighed."""

    card: CustomerCard
    name: str
    issue: str
    group: str
    rank: int
    priority: float
    factors: Factors
    script: str
    script_acknowledgement: str | None
    reasons: tuple[str, ...]
    presented: PresentedLine | None
    first: bool
    """Stands first because it was presented first, whatever its priority is today."""
    alterable: tuple[AlterableTerm, ...] = ()
    answers: tuple[SaidNext, ...] = ()
    """What they may say to the script, and what then follows."""
    doubts: tuple[Doubt, ...] = ()
    margin: str = ""
    """How far it stands before the next of the list, in words."""


@dataclass(frozen=True)
class Elsewhere:
    """A treatment that this channel cannot deliver, by name, and the channels that can."""

    treatment: str
    headline: str
    channels: tuple[str, ...]
    channel_labels: tuple[str, ...]
    rule: str
    reference: str
    """What the customer says on the phone, so that it is found at once."""


@dataclass(frozen=True)
class OfferLine:
    """One offer of the ledger, as far as any audience may know of it."""

    offer_id: UUID
    treatment: str
    headline: str
    state: str
    state_label: str
    at: datetime | None
    channel: str | None
    by: str
    person: Person | None
    """Who answered in the customer's place, or heard it while nobody answered; None: the customer."""
    answer_text: str
    terms: tuple[TermLine, ...]
    valid_until: date
    until: date | None
    can_reverse: bool
    undo_until: date | None
    """The last day on which the customer may change their mind about what they accepted; None where they may not."""
    version: int
    reference: str
    promise: str
    disclosed: tuple[Told, ...] = ()
    """What was told before it was accepted."""
    chosen: tuple[Chosen, ...] = ()
    """What the customer chose when it was accepted."""


@dataclass(frozen=True)
class Undone:
    """An offer that was taken back; `left` are the labels of what was not put back, because it was changed since."""

    line: OfferLine
    left: tuple[str, ...]


@dataclass(frozen=True)
class OfferPage:
    """One offer in full, for a page of its own. `live`: it may be answered."""

    card: CustomerCard
    line: OfferLine
    live: bool
    asked: tuple[Asked, ...] = ()
    """What is asked with the acceptance, where it can still be accepted."""
    monthly: tuple[Money, Money] | None = None
    """What the customer pays a month now, and would pay by it; None where that does not change, or it is answered."""
    heard: str = ""
    word: str = ""
    """What the agent who put it off with them wrote for them."""
    """When and where an agent told them of it, for what was put to them by a person."""


@dataclass(frozen=True)
class AgentRecommendation:
    decision_id: UUID | None
    cards: tuple[AgentCard, ...]
    elsewhere: tuple[Elsewhere, ...]
    withheld: tuple[WithheldLine, ...]
    offers: tuple[OfferLine, ...]
    nothing: str | None
    stands_until: datetime


@dataclass(frozen=True)
class CustomerRecommendation:
    decision_id: UUID | None
    cards: tuple[CustomerCard, ...]
    elsewhere: Elsewhere | None
    offers: tuple[OfferLine, ...]
    nothing: str | None


def term_lines(terms: Iterable[TermValue], inputs: Inputs) -> tuple[TermLine, ...]:
    pack, language = inputs.pack, inputs.profile.language
    shown = (masked_term(t, inputs.mask) for t in terms)
    return tuple(
        TermLine(t.key, pack.said(t.label), t.value, t.unit, pack.said(term_text(t, pack.currency, language)))
        for t in shown
    )


def terms_equal(terms: Iterable[TermValue], stored: list[Mapping[str, Any]]) -> bool:
    return tuple(terms) == terms_from(stored)


def stand_in(item: Ranked) -> Any:
    """What an offer's row would be, for a treatment of a preview, which opens no offer."""
    return SimpleNamespace(
        offer_id=item.offer_id, treatment=item.treatment, catalogue_version=item.catalogue_version,
        terms=[terms_json(t) for t in item.terms], valid_until=item.valid_until, state="open", version=1, reference="",
        presented_at=None, subject=item.subject, disclosed=None, chosen=None,
    )  # fmt: skip


def customer_card(t: Treatment, row: Any, inputs: Inputs, context: Context) -> CustomerCard:
    """The card of an offer in the customer's language: its own terms, and the words of the catalogue that it was made from."""
    with languages.speaking(languages.heard(inputs.profile.language)):
        return _customer_card(t, row, inputs, context)


def _customer_card(t: Treatment, row: Any, inputs: Inputs, context: Context) -> CustomerCard:
    terms = terms_from(row.terms)
    words, held = _words(inputs, terms), _holding(t.reason, context)
    acknowledged, hide = _acknowledged(inputs), inputs.mask.text
    pack = inputs.configuration.catalogue_of(row.catalogue_version).pack
    said = pack.said
    return CustomerCard(
        offer_id=row.offer_id,
        treatment=t.key,
        subject=row.subject,
        headline=headline(t, words, pack),
        acknowledgement=hide(fill(inputs.pack.said(acknowledged.customer), words)) if acknowledged else None,
        body=hide(fill(said(t.portal.body), words)) if t.portal else "",
        reason=next((hide(fill(said(r.customer), words)) for r in sayable(held, inputs.mask) if r.customer), ""),
        terms=term_lines(terms, inputs),
        valid_until=row.valid_until,
        accept_label=fill(said(t.portal.accept), words) if t.portal else gettext("Accept"),
        state=row.state,
        version=row.version,
        reference=row.reference,
        promise=fill(said(t.fulfilment.promise), words),
        disclosures=disclosures_of(t, pack, words),
    )


def agent_card(
    t: Treatment, item: Ranked, rank: int, row: Any, inputs: Inputs, context: Context, agent: Actor | None = None
) -> AgentCard:
    """The card for whoever speaks with the customer: `agent`, where that is known."""
    card = customer_card(t, row, inputs, context)
    terms, names = terms_from(row.terms), spoken(inputs.profile.name, agent.name if agent else "")
    words = Words(inputs.snapshot, inputs.pack, inputs.profile.first_name, terms, inputs.mask, names)
    said, hide, held = _acknowledged(inputs), inputs.mask.text, _holding(t.reason, context)
    script = script_of(t.phone, words, hide, inputs.pack)
    return AgentCard(
        card=card,
        name=t.name,
        issue=t.issue,
        group=t.group,
        rank=rank,
        priority=item.priority,
        factors=item.factors,
        script=script.text,
        script_acknowledgement=hide(fill(said.agent, words)) if said else None,
        reasons=(*(hide(fill(r.agent, words)) for r in sayable(held, inputs.mask)), *unsaid(held, inputs.mask)),
        presented=PresentedLine(
            row.presented_at, row.presented_channel, row.presented_by, answered.person_of(row.presented_with)
        )
        if row.presented_at
        else None,
        first=item.pinned,
        alterable=alterable_terms(t, terms, inputs.pack.currency, inputs.profile.language, agent.role if agent else ""),
        answers=script.answers,
        doubts=script.doubts,
    )


def headline(t: Treatment, words: Words, pack: Pack) -> str:
    """What the offer is called, in the language that is spoken; `pack` is that of the catalogue which has the treatment."""
    return fill(pack.said(t.portal.headline), words) if t.portal else t.name


def offer_line(row: Any, inputs: Inputs, viewer: Actor) -> OfferLine:
    """An offer as this viewer may know it: a customer reads who answered as themselves or the house, never a name."""
    catalogue = inputs.configuration.catalogue_of(row.catalogue_version)
    t, pack = catalogue.treatments[row.treatment], catalogue.pack
    terms = terms_from(row.terms)
    words = _words(inputs, terms)
    at, channel = (
        (row.answered_at, row.answered_channel) if row.answered_at else (row.presented_at, row.presented_channel)
    )
    refused = (
        row.state == "withdrawn" and row.supersedes is not None and row.answered_at is not None and row.until is None
    )
    label = _refusal(viewer) if refused else gettext(STATE_LABELS[row.state])
    text = answered.answer_text(row, gettext("Asked") if row.state == "pending_approval" else label, inputs, viewer)
    if refused:
        # Who answered and when is who asked: what counts by now is why not, which is between the staff.
        text = f"{label}." if viewer.kind == "customer" else f"{label}: {row.reason}"
    return OfferLine(
        offer_id=row.offer_id,
        treatment=row.treatment,
        headline=headline(t, words, pack),
        state=row.state,
        state_label=label,
        at=at,
        channel=channel,
        by=answered.by(row, inputs, viewer),
        person=answered.person(row),
        answer_text=text,
        terms=term_lines(terms, inputs),
        valid_until=row.valid_until,
        until=row.until,
        can_reverse=row.state == "declined" and row.valid_until >= inputs.today,
        undo_until=row.undo_until
        if row.state in ("accepted", "fulfilled") and row.undo_until and row.undo_until >= inputs.today
        else None,
        version=row.version,
        reference=row.reference,
        promise=fill(pack.said(t.fulfilment.promise), words),
        disclosed=told_from(row.disclosed),
        chosen=tuple(replace(one, text=inputs.mask.text(one.text)) for one in chosen_from(row.chosen)),
    )


def _refusal(viewer: Actor) -> str:
    """Altered terms that were not approved, as the timeline calls them."""
    return gettext("Could not be confirmed") if viewer.kind == "customer" else "Not approved"


def elsewhere_line(item: Ranked, rule: str, channels: tuple[str, ...], reference: str, inputs: Inputs) -> Elsewhere:
    catalogue = inputs.configuration.catalogue_of(item.catalogue_version)
    t = catalogue.treatments[item.treatment]
    words = _words(inputs, item.terms)
    labels = tuple(inputs.pack.label_of(inputs.pack.channels, c) for c in channels)
    return Elsewhere(t.key, headline(t, words, catalogue.pack), channels, labels, rule, reference)


def event_data(row: Any, inputs: Inputs) -> dict[str, Any]:
    """What the timeline keeps of an offer's event: words fit for both audiences, and the ids to look it up.

    The house reads English; `said` keeps what the customer read, where that was in another language.
    """
    with languages.speaking(languages.ENGLISH):
        data = _event_data(row, inputs)
    if (tag := languages.heard(inputs.profile.language)) != languages.ENGLISH:
        with languages.speaking(tag):
            theirs = _event_data(row, inputs)
        data["said"] = {key: value for key, value in theirs.items() if value != data.get(key)}
    return data


def _event_data(row: Any, inputs: Inputs) -> dict[str, Any]:
    catalogue = inputs.configuration.catalogue_of(row.catalogue_version)
    t, pack = catalogue.treatments[row.treatment], catalogue.pack
    terms = terms_from(row.terms)
    words = Words(inputs.snapshot, inputs.pack, inputs.profile.first_name, terms)
    data = {
        "offer_id": str(row.offer_id),
        "treatment": row.treatment,
        "headline": headline(t, words, pack),
        "reference": row.reference,
        "terms": {line.label: line.text for line in term_lines(terms, inputs)},
    }
    if row.reason:
        data |= {"reason": row.reason, "reason_label": inputs.pack.label_of(inputs.pack.decline_reasons, row.reason)}
    if row.until:
        data["until"] = row.until.isoformat()
    if row.state in ("accepted", "fulfilled"):
        data["promise"] = fill(pack.said(t.fulfilment.promise), words)
    if row.disclosed:
        data["disclosed"] = told_data(row.disclosed)
    if row.chosen:
        data["chosen"] = chosen_data(row.chosen)
    return data


def _words(inputs: Inputs, terms: tuple[TermValue, ...]) -> Words:
    return Words(inputs.snapshot, inputs.pack, inputs.profile.first_name, terms, inputs.mask)


def _acknowledged(inputs: Inputs) -> Any:
    """The words for the latest bad experience that nobody has put right; None where there is none."""
    bad = inputs.snapshot.bad_experience
    return inputs.pack.acknowledgements.get(str(bad.get("kind"))) if bad else None


def _holding(reasons: Iterable[Reason], context: Context) -> list[Reason]:
    """The reasons whose condition holds; one that cannot be decided is no reason."""
    held = []
    for reason in reasons:
        try:
            if reason.when.test(context):
                held.append(reason)
        except RuleFailed:
            continue
    return held
