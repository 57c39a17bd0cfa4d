"""A decision is asked: the standing one is given back, or one is made, outside any lock, and stored if nothing moved meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.engine import service as engine
from backend.engine.facts import terms_from, terms_json
from backend.engine.service import ENGINE_VERSION, Factors, Ranked, Ruling, Withheld, concession_of
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from backend.proving import service as proving
from backend.record import service as record
from backend.treatments import expiry
from backend.treatments.failing import measure_failures, note_failures
from backend.treatments.inputs import Inputs, canonical, gather, hash_of, offer_rows, pack_text
from backend.treatments.locking import lock_ledger
from backend.treatments.tables import DecisionRow, OfferRow, SnapshotRow
from shared.kernel import clock, ids
from shared.kernel.errors import Conflict, Invalid

ATTEMPTS = 8
"""How often a decision is made again because its customer changed while it was being made."""

_DECISION = db.table_of(DecisionRow)
_SNAPSHOT = db.table_of(SnapshotRow)
_OFFER = db.table_of(OfferRow)
_LATEST = (
    select(_DECISION)
    .where(_DECISION.c.customer_id == bindparam("customer_id"))
    .order_by(_DECISION.c.decision_id.desc())
    .limit(1)
)
_NEW_DECISION, _NEW_OFFERS = insert(_DECISION), insert(_OFFER)
_NOW = profiles.STAMP.outerjoin(_OFFER, _OFFER.c.customer_id == bindparam("customer_id")).add_columns(
    catalogues.VERSION_IN_FORCE.label("configuration"),
    _LATEST.with_only_columns(_DECISION.c.decision_id).scalar_subquery().label("decision_id"),
    _OFFER.c.offer_id,
    _OFFER.c.version.label("offer_version"),
)
_UPDATE_OPEN = (
    update(_OFFER)
    .where(_OFFER.c.customer_id == bindparam("of_customer"), _OFFER.c.offer_id == bindparam("of_offer"))
    .values(
        {
            name: bindparam(name)
            for name in ("version", "catalogue_version", "terms", "concession", "valid_until", "expires_at")
        }
    )
)


@dataclass(frozen=True)
class Decided:
    """A decision as stored, beside the customer as they are now. `decision_id` is None for a preview, which is stored nowhere.

    `withheld` is None for a decision that stands: `recommending.withheld_of` makes it again from its inputs, `input_hash`.
    `offers` are the rows of the customer's offers, newest first.
    """

    decision_id: UUID | None
    inputs: Inputs
    ranked: tuple[Ranked, ...]
    withheld: tuple[Withheld, ...] | None
    stands_until: datetime
    newly: bool
    offers: tuple[Any, ...] = ()
    input_hash: str = ""
    engine_version: int = ENGINE_VERSION


def decide(customer_id: UUID, now: datetime, known: Profile | None = None) -> Decided:
    """What to do for this customer now. A write only when no decision stands. Raises NotFound, and Conflict when the customer will not hold still.

    `known` is their profile, where this very request has read it and written nothing since.
    """
    for _ in range(ATTEMPTS):
        with db.reading() as session:
            inputs, known = gather(session, customer_id, now, known), None
            latest, stored = _latest(session, inputs, now)
        if stored is not None:
            return stored
        ruling = engine.decide(inputs.snapshot, inputs.ledger, inputs.configuration)
        row, body = _row(inputs, ruling, now), pack_text(inputs.text)
        try:
            with db.transaction() as session:
                record.no_act(session)
                version = lock_ledger(session, inputs.profile.customer_id)
                if version != inputs.ledger.version or not _unmoved(session, inputs, latest):
                    continue
                if expiry.expire_customer(session, inputs.profile.customer_id, inputs.offers, now):
                    continue
                decided = _store(session, inputs, ruling, row, body, now)
                failed = note_failures(session, ruling.withheld, now)
        except Conflict:
            continue
        measure_failures(failed)
        return decided
    raise Conflict("This customer is changing too fast to decide for. Please try again.")


def standing(customer_id: UUID, now: datetime) -> Decided | None:
    """The stored decision that stands, if one does. Writes nothing. Raises NotFound."""
    with db.reading() as session:
        return _latest(session, gather(session, customer_id, now), now)[1]


def preview(customer_id: UUID, now: datetime, stage: str | None = None, intent: str | None = None) -> Decided:
    """The decision as it would be, in this stage and intent if given; nothing is stored and no offer is opened.

    An intent alone brings its own stage. Raises NotFound, and Invalid for a stage or an intent that the pack does not know.
    """
    with db.reading() as session:
        inputs = gather(session, customer_id, now)
    stages, intents = [known.key for known in inputs.pack.stages], inputs.pack.intents
    if intent is not None and intent not in intents:
        raise Invalid(f"There is no intent {intent}.", {"intent": f"one of {', '.join(intents)}"})
    if stage is not None and stage not in stages:
        raise Invalid(f"There is no stage {stage}.", {"stage": f"one of {', '.join(stages)}"})
    if stage is None and intent is not None:
        stage = intents[intent].stage
    if stage is not None:
        moment = replace(inputs.snapshot, stage=stage, intent=intent, stated=intent is not None, moment_key="preview")
        inputs = replace(inputs, snapshot=moment)
    ruling = engine.decide(inputs.snapshot, inputs.ledger, inputs.configuration)
    return Decided(
        None, inputs, ruling.ranked, ruling.withheld, stands_until(inputs, now), newly=False, offers=inputs.offers
    )


def ranking(session: Session, inputs: Inputs, now: datetime) -> tuple[Ranked, ...]:
    """The ranking that holds inside the caller's transaction: the standing one, or one made on the spot (not stored)."""
    stored = _latest(session, inputs, now)[1]
    if stored is not None:
        return stored.ranked
    return engine.decide(inputs.snapshot, inputs.ledger, inputs.configuration).ranked


def stands_until(inputs: Inputs, now: datetime) -> datetime:
    """The earliest instant at which time alone could change the decision.

    Rules, caps, cool-off, offers' and effective dates all count whole local days, so that is the customer's local midnight or,
    if sooner, the moment's fade.
    """
    midnight = clock.midnight_after(inputs.today, inputs.profile.timezone)
    moment = inputs.profile.moment
    return min(midnight, moment.fades_at) if moment and moment.live(now) else midnight


def _latest(session: Session, inputs: Inputs, now: datetime) -> tuple[UUID | None, Decided | None]:
    """The id of the customer's latest decision, and that decision where it stands."""
    row = session.execute(_LATEST, {"customer_id": inputs.profile.customer_id}).one_or_none()
    if row is None:
        return None, None
    if now >= row.stands_until or versions(inputs) != (
        row.profile_version, row.moment_key, row.ledger_version, row.configuration_version, row.model_epoch, row.engine_version,
    ):  # fmt: skip
        return row.decision_id, None
    ranked = engine.pinned_first(ranked_from(row.ranked), inputs.ledger, inputs.snapshot.moment_key)
    return row.decision_id, Decided(
        row.decision_id,
        inputs,
        ranked,
        None,
        row.stands_until,
        newly=False,
        offers=inputs.offers,
        input_hash=row.input_hash,
    )


def versions(inputs: Inputs) -> tuple[Any, ...]:
    """Of everything that a decision is made from: while they stand, so does it."""
    s, c = inputs.snapshot, inputs.configuration
    return (s.profile_version, s.moment_key, inputs.ledger.version, c.version, c.model_epoch, ENGINE_VERSION)


def _unmoved(session: Session, inputs: Inputs, latest: UUID | None) -> bool:
    """Whether nothing that the decision read has changed since, and no other was stored; asked under the customer's lock."""
    seen = inputs.profile
    rows = session.execute(_NOW, {"customer_id": seen.customer_id}).all()
    return (
        (rows[0].configuration, rows[0].decision_id) == (inputs.configuration.version, latest)
        and profiles.stamp_of(rows[0]) == (seen.version, seen.moment)
        and {(row.offer_id, row.offer_version) for row in rows if row.offer_id is not None}
        == {(row.offer_id, row.version) for row in inputs.offers}
    )


def _row(inputs: Inputs, ruling: Ruling, now: datetime) -> dict[str, Any]:
    """The decision's row but for its offers' ids, which the transaction gives."""
    snapshot, configuration = inputs.snapshot, inputs.configuration
    row = {
        "customer_id": inputs.profile.customer_id,
        "made_at": now,
        "profile_version": snapshot.profile_version,
        "moment_key": snapshot.moment_key,
        "ledger_version": inputs.ledger.version,
        "configuration_version": configuration.version,
        "catalogue_version": configuration.catalogue.version,
        "model_epoch": configuration.model_epoch,
        "engine_version": ENGINE_VERSION,
        "stands_until": stands_until(inputs, now),
        "input_hash": inputs.hash,
    }
    return row | {"digest": digest_of(row, ruling), "features": list(ruling.features)}


def digest_of(row: Mapping[str, Any], ruling: Ruling) -> str:
    """Names a decision's whole result and the versions that it was made from; any change of one gives another digest."""
    versions = (
        "profile_version",
        "moment_key",
        "ledger_version",
        "configuration_version",
        "catalogue_version",
        "model_epoch",
        "engine_version",
        "input_hash",
    )
    # What their rules saw is left out: it is a part of the inputs, which have a name of their own here.
    withheld = [[w.treatment, w.subject, w.step, w.rule, w.detail] for w in ruling.withheld]
    result = {"ranked": [ranked_json(r) for r in ruling.ranked], "withheld": withheld, "weights": dict(ruling.weights)}
    if ruling.met:
        result["met"] = dict(ruling.met)
    return hash_of(canonical({name: row[name] for name in versions} | result))


def _store(
    session: Session, inputs: Inputs, ruling: Ruling, row: dict[str, Any], body: bytes, now: datetime
) -> Decided:
    offered, moved = _open_offers(session, inputs, ruling.ranked, now)
    ranked = tuple(r._replace(offer_id=str(offered[r.treatment, r.subject])) for r in ruling.ranked)
    decision_id = ids.uuid7()
    key = {"customer_id": row["customer_id"], "input_hash": row["input_hash"]}
    db.upsert(session, SnapshotRow, [key | {"body": body}], key=("customer_id", "input_hash"))
    if new := {rule: group for rule, group in ruling.met.items() if rule not in inputs.stored}:
        seen, moment = inputs.snapshot, inputs.profile.moment
        proving.write_down(
            session, row["customer_id"], new, life_cycle=seen.life_cycle, segments=seen.segments,
            channel=moment.channel if moment else "", now=now,
        )  # fmt: skip
    session.execute(_NEW_DECISION, row | {"decision_id": decision_id, "ranked": [ranked_json(r) for r in ranked]})
    offers = offer_rows(session, row["customer_id"]) if moved else inputs.offers
    return Decided(decision_id, inputs, ranked, ruling.withheld, row["stands_until"], newly=True, offers=offers)


def _open_offers(
    session: Session, inputs: Inputs, ranked: Sequence[Ranked], now: datetime
) -> tuple[dict[tuple[str, str], UUID], bool]:
    """An offer for each ranked treatment: the live one, the open one brought up to date, or a new one. No version moves.

    Gives their ids by treatment and subject, and whether any row changed.
    """
    customer_id = inputs.profile.customer_id
    existing = {(row.treatment, row.subject): row for row in inputs.offers if row.state in expiry.LIVE}
    ids_of, new, changed = {}, [], []
    for item in ranked:
        key = (item.treatment, item.subject)
        row = existing.get(key)
        if row is None:
            ids_of[key] = ids.uuid7()
            new.append(_new_offer(inputs, item, ids_of[key], now))
            continue
        ids_of[key] = row.offer_id
        if row.state == "open" and (row.catalogue_version, row.terms, row.valid_until) != (
            item.catalogue_version, [terms_json(t) for t in item.terms], item.valid_until,
        ):  # fmt: skip
            terms = _terms(inputs, item)
            changed.append({"of_customer": customer_id, "of_offer": row.offer_id, "version": row.version + 1, **terms})
    if new:
        session.execute(_NEW_OFFERS, new)
    for values in changed:
        session.execute(_UPDATE_OPEN, values)
    return ids_of, bool(new or changed)


def _new_offer(inputs: Inputs, item: Ranked, offer_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "customer_id": inputs.profile.customer_id,
        "offer_id": offer_id,
        "treatment": item.treatment,
        "subject": item.subject,
        "state": "open",
        "version": 1,
        "reference": ids.spoken_reference(),
        "moment_key": inputs.snapshot.moment_key,
        "opened_at": now,
        "presented_first": False,
        **_terms(inputs, item),
    }


def _terms(inputs: Inputs, item: Ranked) -> dict[str, Any]:
    treatment = inputs.configuration.catalogue_of(item.catalogue_version).treatments[item.treatment]
    return {
        "catalogue_version": item.catalogue_version,
        "terms": [terms_json(t) for t in item.terms],
        "concession": concession_of(treatment, item.terms, inputs.pack.currency),
        "valid_until": item.valid_until,
        "expires_at": clock.midnight_after(item.valid_until, inputs.profile.timezone),
    }


def ranked_json(item: Ranked) -> dict[str, Any]:
    """A ranked row as it is stored; `ranked_from` gives equal ones back."""
    f = item.factors
    return {
        "treatment": item.treatment,
        "subject": item.subject,
        "catalogue_version": item.catalogue_version,
        "priority": item.priority,
        "factors": f._asdict(),
        "terms": [terms_json(t) for t in item.terms],
        "valid_until": item.valid_until.isoformat(),
        "live": item.live,
        "pinned": item.pinned,
        "offer_id": item.offer_id,
        "first": item.first,
        "history": list(item.history),
    }


def ranked_from(rows: Sequence[Mapping[str, Any]]) -> tuple[Ranked, ...]:
    return tuple(
        Ranked(
            treatment=row["treatment"],
            subject=row["subject"],
            catalogue_version=row["catalogue_version"],
            factors=Factors(**row["factors"]),
            terms=terms_from(row["terms"]),
            valid_until=date.fromisoformat(row["valid_until"]),
            live=row["live"],
            pinned=row["pinned"],
            offer_id=row["offer_id"],
            first=row.get("first", 0.0),
            history=tuple(row.get("history", ())),
        )
        for row in rows
    )
