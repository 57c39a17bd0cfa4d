"""Replay: a stored decision made again from what was stored, and compared to the bit. It writes nothing."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.engine import service as engine
from backend.engine.facts import Configuration, Ledger
from backend.engine.service import ENGINE_VERSION, Ruling
from backend.learning import service as learning
from backend.profiles.service import Snapshot
from backend.proving.service import Experiment
from backend.treatments.asking import digest_of, ranked_json
from backend.treatments.inputs import hash_of, unpack_text
from backend.treatments.tables import DecisionRow, SnapshotRow
from shared.kernel.errors import Erased, NotFound

_DECISION = db.table_of(DecisionRow)
_SNAPSHOT = db.table_of(SnapshotRow)
_STORED = select(_DECISION).where(_DECISION.c.decision_id == bindparam("decision_id"))
_BODY = select(_SNAPSHOT.c.body).where(
    _SNAPSHOT.c.customer_id == bindparam("customer_id"), _SNAPSHOT.c.input_hash == bindparam("input_hash")
)

UNREADABLE = (NotFound, ValueError, LookupError, TypeError, AttributeError, zlib.error)
"""What comes of stored inputs that somebody changed until they are no inputs any more."""


@dataclass(frozen=True)
class Replay:
    """Whether a decision came out again as it was stored; each difference names what differs, then and now."""

    decision_id: UUID
    differences: tuple[str, ...]
    engine_version: int

    @property
    def identical(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class Recalled:
    """A stored decision with the inputs that were stored with it, and the result that they give today."""

    row: Any
    text: str
    snapshot: Snapshot
    ledger: Ledger
    configuration: Configuration
    ruling: Ruling


def recall(session: Session, decision_id: UUID, customer_id: UUID | None = None) -> Recalled:
    """The decision with its inputs. Raises NotFound (for another customer's too), and Erased where the inputs were."""
    return _again(session, *_kept(session, decision_id, customer_id))


def replay(session: Session, decision_id: UUID) -> Replay:
    """Makes the decision again and says what differs. Raises NotFound and Erased."""
    row, body = _kept(session, decision_id)
    try:
        found = _differences(session, _again(session, row, body))
    except UNREADABLE as broken:
        found = [f"inputs: what is stored can no longer be decided on ({type(broken).__name__})"]
    return Replay(decision_id, tuple(found), row.engine_version)


def _kept(session: Session, decision_id: UUID, customer_id: UUID | None = None) -> tuple[Any, bytes]:
    row = session.execute(_STORED, {"decision_id": decision_id}).one_or_none()
    if row is None or customer_id not in (None, row.customer_id):
        raise NotFound("There is no such decision.")
    body = session.execute(_BODY, {"customer_id": row.customer_id, "input_hash": row.input_hash}).scalar()
    if body is None:
        raise Erased("What this decision was made from has been erased.")
    return row, body


def _again(session: Session, row: Any, body: bytes) -> Recalled:
    text = unpack_text(body)
    document = json.loads(text)
    snapshot, ledger = Snapshot.from_json(document["snapshot"]), Ledger.from_json(document["ledger"])
    configuration = configuration_of(session, document["configuration"], {o.catalogue_version for o in ledger.offers})
    return Recalled(row, text, snapshot, ledger, configuration, engine.decide(snapshot, ledger, configuration))


def all_ids(session: Session) -> list[UUID]:
    """Every stored decision, oldest first."""
    return list(session.execute(select(_DECISION.c.decision_id).order_by(_DECISION.c.decision_id)).scalars())


def configuration_of(session: Session, stored: Mapping[str, Any], older: Collection[int]) -> Configuration:
    """The configuration of then: its catalogue from the immutable version, its dials from the stored inputs."""
    published = catalogues.as_of(session, stored["version"], older)
    experiments = tuple(Experiment.from_json(one) for one in stored.get("experiments", ()))
    own = engine.with_arms(replace(published, experiments=experiments), stored.get("arms", {}))
    return Configuration(
        version=published.version,
        catalogue=own.catalogue,
        older=own.older,
        levers=stored["levers"],
        prices=stored["prices"],
        epoch=learning.epoch(session, stored["model_epoch"], stored.get("model")),
        exhausted=frozenset(stored.get("exhausted", ())),
        experiments=experiments,
        arms=own.arms,
        base=own.base,
    )


def _differences(session: Session, recalled: Recalled) -> list[str]:
    row, ruling = recalled.row, recalled.ruling
    found = []
    if row.engine_version != ENGINE_VERSION:
        found.append(f"engine: version {row.engine_version} decided, version {ENGINE_VERSION} replays")
    if hash_of(recalled.text) != row.input_hash:
        found.append("inputs: what is stored is not what was decided on")
    stored = json.loads(recalled.text)["configuration"]
    used = recalled.configuration
    for version, digest in [stored["catalogue"], *stored["older"], *stored.get("arm_catalogues", ())]:
        if not digest == used.catalogue_of(version).digest == catalogues.content_of(session, version):
            found.append(f"catalogue: the stored text of version {version} is not what was decided on")
    if used.model_epoch and stored.get("model") != learning.digest_of(session, used.model_epoch):
        found.append(f"model: what is stored as epoch {used.model_epoch} is not what was decided on")
    if row.features is not None and tuple(row.features) != ruling.features:
        found.append("features: what was learned from is not what the inputs give")
    then, now = [_bare(r) for r in row.ranked], [_bare(ranked_json(r)) for r in ruling.ranked]
    for place, (before, after) in enumerate(zip(then, now, strict=False), 1):
        found += [
            f"rank {place}: {name}: {before[name]!r} then, {after[name]!r} now"
            for name in after
            if before.get(name) != after[name]
        ]
    if len(then) != len(now):
        found.append(f"ranked: {len(then)} treatments then, {len(now)} now")
    if digest_of(row._mapping, ruling) != row.digest:
        found.append("digest: the whole result or a version that it names is not what was stored")
    return found


def _bare(ranked: Mapping[str, Any]) -> dict[str, Any]:
    """A ranked row without the id of its offer: that is given when a decision is stored, not decided."""
    return {name: value for name, value in ranked.items() if name != "offer_id"}
