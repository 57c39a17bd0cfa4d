"""Replay: every stored decision comes out again as it was, whatever changed since; one changed input does not, on both databases."""

import hashlib
import json
import zlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlmodel import SQLModel

from backend import db
from backend.catalogue import publishing
from backend.catalogue import service as catalogues
from backend.catalogue.tables import CatalogueVersionRow
from backend.treatments import service as treatments
from backend.treatments.tables import DecisionRow, SnapshotRow
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Erased, NotFound
from tests.small_company import (
    ADA,
    DAY,
    GRACE,
    NOW,
    answer,
    decide,
    learn,
    left,
    offer_of,
    open_company,
    publish,
    tell,
)

_DECISION: Any = DecisionRow.__table__  # type: ignore[attr-defined]
_SNAPSHOT: Any = SnapshotRow.__table__  # type: ignore[attr-defined]
_CATALOGUE: Any = CatalogueVersionRow.__table__  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    publishing._compiled.clear()
    return database


def replayed() -> dict[UUID, tuple[str, ...]]:
    with db.reading() as session:
        return {i: treatments.replay(session, i).differences for i in treatments.all_ids(session)}


def eventful_days() -> UUID:
    """Decisions of two customers over some days: moments, answers, live offers of an older catalogue, levers, lessons."""
    first = decide()
    answer(offer_of(first, "faster"), "presented")
    tell("pay", "bill")
    decide()
    learn(count={"calls": 7}, attributes={"contract": "monthly"})
    goodwill = offer_of(decide(), "goodwill")
    answer(goodwill, "accepted", channel="portal")
    publish(films={"value": {"equity": 40.0}}, policies={"attention_cost": 0.2})
    last = decide(NOW + DAY)
    answer(offer_of(last, "autumn"), "declined", now=NOW + DAY)
    with db.transaction() as session:
        catalogues.configure(session, 2, {"films": 1.75}, {"films": 0.3}, SYSTEM, NOW)
    learn(customer_id=GRACE, attributes={"owed": 33.3})
    decide(NOW + DAY, GRACE)
    last = decide(NOW + 2 * DAY)
    assert last.decision_id is not None
    assert {r.catalogue_version for r in last.ranked} == {1, 2}
    return last.decision_id


def everything_changes() -> None:
    """Another catalogue, other policies and levers, another life for both customers."""
    version = publish(NOW + 3 * DAY, faster=None, films={"acceptance": 0.9}, policies={"epsilon": 0.5, "beta": 0.9})
    with db.transaction() as session:
        catalogues.configure(session, version, {"autumn": 0.1}, {}, SYSTEM, NOW + 3 * DAY)
    for customer_id in (ADA, GRACE):
        learn(NOW + 3 * DAY, customer_id, attributes={"monthly": 15.0, "tenure": 1, "fibre": False}, count={"calls": 3})
    tell("leave", "leaving", NOW + 3 * DAY)


def contents() -> dict[str, tuple[int, str]]:
    """Rows and a checksum of every table."""
    found = {}
    with db.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            rows = sorted(repr(tuple(row)) for row in session.execute(select(table)))
            found[table.name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found


def test_whatever_changed_since_every_decision_replays_as_it_was_and_nothing_is_written() -> None:
    eventful_days()
    everything_changes()
    publishing._compiled.clear()
    before = contents()
    found = replayed()
    assert len(found) == 6
    assert set(found.values()) == {()}
    assert contents() == before
    assert before["decision"][0] == 6


def test_what_was_withheld_then_is_told_as_it_was_then() -> None:
    decide()
    stored = decide()
    assert stored.withheld is None
    told = left(stored)
    everything_changes()
    recalled = treatments.withheld_of(stored)
    assert {w.treatment: (w.step, w.rule) for w in recalled} == told


def change(table: Any, where: Any, **values: Any) -> None:
    with db.transaction() as session:
        assert session.execute(update(table).where(where).values(**values)).rowcount == 1  # type: ignore[attr-defined]


def stored(decision_id: UUID) -> tuple[Any, dict[str, Any]]:
    with db.reading() as session:
        row = session.execute(select(_DECISION).where(_DECISION.c.decision_id == decision_id)).one()
        body = session.execute(select(_SNAPSHOT.c.body).where(_SNAPSHOT.c.input_hash == row.input_hash)).scalar_one()
    return row, json.loads(zlib.decompress(body))


def in_the_inputs(alter: Callable[[dict[str, Any]], None]) -> Callable[[UUID], None]:
    def flip(decision_id: UUID) -> None:
        row, document = stored(decision_id)
        alter(document)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        change(_SNAPSHOT, _SNAPSHOT.c.input_hash == row.input_hash, body=zlib.compress(text.encode(), 1))

    return flip


def in_the_row(**columns: Callable[[Any], Any]) -> Callable[[UUID], None]:
    def flip(decision_id: UUID) -> None:
        row, _ = stored(decision_id)
        values = {name: alter(json.loads(json.dumps(getattr(row, name)))) for name, alter in columns.items()}
        change(_DECISION, _DECISION.c.decision_id == decision_id, **values)

    return flip


def in_the_catalogue(version: int) -> Callable[[UUID], None]:
    def flip(_: UUID) -> None:
        with db.reading() as session:
            packed = session.execute(select(_CATALOGUE.c.body).where(_CATALOGUE.c.version == version)).scalar_one()
        body = json.loads(zlib.decompress(packed))
        for treatment in body["treatments"]["all"]["treatment"]:
            treatment["metric"] = "Something else"
        change(_CATALOGUE, _CATALOGUE.c.version == version, body=zlib.compress(json.dumps(body).encode(), 6))

    return flip


def garble(decision_id: UUID) -> None:
    row, _ = stored(decision_id)
    change(_SNAPSHOT, _SNAPSHOT.c.input_hash == row.input_hash, body=b"\x00garbled")


def plus_one(value: Any) -> Any:
    return value + 1


def in_rank(place: int, name: str, alter: Callable[[Any], Any]) -> Callable[[UUID], None]:
    def altered(ranked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ranked[place][name] = alter(ranked[place][name])
        return ranked

    return in_the_row(ranked=altered)


FLIPS: dict[str, Callable[[UUID], None]] = {
    "an attribute": in_the_inputs(lambda d: d["snapshot"]["attributes"].update(monthly=70.01)),
    "an attribute that no rule reads": in_the_inputs(lambda d: d["snapshot"]["attributes"].update(age=41)),
    "a fact": in_the_inputs(lambda d: d["snapshot"]["facts"].update(calls_30d=8)),
    "the day": in_the_inputs(lambda d: d["snapshot"].update(today="2026-11-25")),
    "a consent": in_the_inputs(lambda d: d["snapshot"]["consents"].update({"marketing/sms": "denied"})),
    "an offer's state": in_the_inputs(lambda d: d["ledger"]["offers"][0].update(state="expired")),
    "a frozen term": in_the_inputs(lambda d: d["ledger"]["offers"][0]["terms"][0].update(value=1)),
    "the ledger's version": in_the_inputs(lambda d: d["ledger"].update(version=9)),
    "a lever": in_the_inputs(lambda d: d["configuration"]["levers"].update(films=1.7500001)),
    "a bid price": in_the_inputs(lambda d: d["configuration"]["prices"].update(films=0.31)),
    "the catalogue that it names": in_the_inputs(lambda d: d["configuration"].update(catalogue=[99, "x"])),
    "a field that is gone": in_the_inputs(lambda d: d["snapshot"].pop("segments")),
    "all of the inputs": garble,
    "a priority": in_rank(1, "priority", lambda p: p + 1e-12 if p else 1e-12),
    "a factor": in_rank(1, "factors", lambda f: f | {"context": f["context"] * 1.0000001}),
    "a term": in_rank(0, "terms", lambda terms: [terms[0] | {"value": 1}]),
    "a date": in_rank(0, "valid_until", lambda _: "2027-01-01"),
    "the first place": in_rank(0, "treatment", lambda t: f"{t}_2"),
    "the order": in_the_row(ranked=lambda ranked: ranked[::-1]),
    "one place less": in_the_row(ranked=lambda ranked: ranked[:-1]),
    "the profile's version": in_the_row(profile_version=plus_one),
    "the ledger's version of the row": in_the_row(ledger_version=plus_one),
    "the moment": in_the_row(moment_key=lambda _: "77"),
    "the configuration's version": in_the_row(configuration_version=plus_one),
    "the catalogue's version": in_the_row(catalogue_version=plus_one),
    "the model's epoch": in_the_row(model_epoch=plus_one),
    "the engine's version": in_the_row(engine_version=plus_one),
    "the digest": in_the_row(digest=lambda digest: digest[::-1]),
    "the catalogue's text": in_the_catalogue(2),
    "the text of the older catalogue": in_the_catalogue(1),
}


def test_one_changed_input_is_a_difference() -> None:
    decision_id = eventful_days()
    decision, document = stored(decision_id)
    with db.reading() as session:
        catalogues = {r.version: r.body for r in session.execute(select(_CATALOGUE))}
        snapshots = {r.input_hash: r.body for r in session.execute(select(_SNAPSHOT))}
    assert document["ledger"]["offers"][0]["treatment"] == "faster"
    unnoticed = []
    for name, flip in FLIPS.items():
        for compiled in ("warm", "cold"):
            flip(decision_id)
            if compiled == "cold":
                publishing._compiled.clear()
            with db.reading() as session:
                if treatments.replay(session, decision_id).identical:
                    unnoticed.append((name, compiled))
            change(_DECISION, _DECISION.c.decision_id == decision_id, **decision._mapping)
            change(_SNAPSHOT, _SNAPSHOT.c.input_hash == decision.input_hash, body=snapshots[decision.input_hash])
            for version, body in catalogues.items():
                change(_CATALOGUE, _CATALOGUE.c.version == version, body=body)
    assert unnoticed == []
    publishing._compiled.clear()
    assert set(replayed().values()) == {()}


def test_a_difference_names_what_differs() -> None:
    decision_id = eventful_days()
    FLIPS["an attribute"](decision_id)
    with db.reading() as session:
        found = treatments.replay(session, decision_id)
    assert not found.identical
    assert found.differences[0] == "inputs: what is stored is not what was decided on"
    assert any(d.startswith("rank ") and "then" in d for d in found.differences)


def test_erased_inputs_are_said_to_be_erased() -> None:
    eventful_days()
    with db.transaction() as session:
        treatments.erase_customer(session, ADA)
    with db.reading() as session:
        for decision_id in treatments.all_ids(session):
            row = session.execute(select(_DECISION).where(_DECISION.c.decision_id == decision_id)).one()
            if row.customer_id == ADA:
                with pytest.raises(Erased):
                    treatments.replay(session, decision_id)
            else:
                assert treatments.replay(session, decision_id).identical
        with pytest.raises(NotFound):
            treatments.replay(session, UUID(int=5))
