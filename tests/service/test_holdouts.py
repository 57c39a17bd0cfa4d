"""Holdouts: written down with the first decision that comes to them, the same in every channel, over time and merges; replayed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from backend import db
from backend.identities import service as identities
from backend.oversight import leaving
from backend.proving import service as proving
from backend.proving.rules import place_of
from backend.proving.tables import AssignmentRow
from backend.simulation import batch
from backend.treatments import service as treatments
from shared.kernel.actors import SYSTEM
from tests.small_company import (
    ADA,
    DAY,
    KIM,
    NOW,
    answer,
    decide,
    enter,
    left,
    offer_of,
    open_company,
    order,
    publish,
    tell,
)

FILMS = {"key": "films", "label": "Films", "share": 0.5, "treatments": ["films"]}
_ASSIGNMENT = db.table_of(AssignmentRow)


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company(holdouts=[FILMS])
    return database


def rows(customer_id: UUID) -> dict[str, str]:
    with db.reading() as session:
        found = session.execute(select(_ASSIGNMENT).where(_ASSIGNMENT.c.customer_id == customer_id))
        return {row.rule: row.arm for row in found}


def one_of(group: str, but: tuple[UUID, ...] = ()) -> UUID:
    """A new customer whom the hash puts in this group."""
    for nth in range(200):
        customer_id = UUID(int=ADA.int + 0x10000 * (nth + 1))
        if customer_id not in but and (place_of(str(customer_id), "films") < 0.5) == (group == "control"):
            return enter(nth)[0]
    raise AssertionError


def test_the_control_group_gets_the_next_best_and_the_others_what_is_best() -> None:
    kept, treated = decide(customer_id=one_of("control")), decide(customer_id=one_of("treated"))
    assert left(kept)["films"] == ("holdout", "holdout:films")
    assert "films" in order(treated)
    assert order(kept) == [key for key in order(treated) if key != "films"]


def test_a_group_is_written_down_once_with_the_decision_that_came_to_it() -> None:
    customer_id = one_of("control")
    assert rows(customer_id) == {}
    treatments.preview(customer_id, NOW)
    assert rows(customer_id) == {}
    decide(customer_id=customer_id)
    assert rows(customer_id) == {"holdout:films": "control"}


def test_a_group_stays_when_its_share_is_changed() -> None:
    kept, treated = one_of("control"), one_of("treated")
    for one in (kept, treated):
        decide(customer_id=one)
    publish(holdouts=[{**FILMS, "share": 0.000001}])
    assert left(decide(NOW + DAY, kept))["films"] == ("holdout", "holdout:films")
    publish(holdouts=[{**FILMS, "share": 0.49999}])
    assert "films" in order(decide(NOW + DAY, treated))


def test_a_group_ends_with_its_holdout() -> None:
    kept = one_of("control")
    decide(customer_id=kept)
    publish()
    assert "films" in order(decide(NOW + DAY, kept))


def test_another_salt_is_another_group() -> None:
    kept = one_of("control")
    decide(customer_id=kept)
    salt = next(f"s{n}" for n in range(50) if place_of(str(kept), f"s{n}") >= 0.5)
    publish(holdouts=[{**FILMS, "salt": salt}])
    assert "films" in order(decide(NOW + DAY, kept))
    assert rows(kept) == {"holdout:films": "control", f"holdout:films/{salt}": "treated"}


def test_what_was_presented_before_is_honoured() -> None:
    publish()
    kept = one_of("control")
    answer(offer_of(decide(customer_id=kept), "films"), "presented")
    publish(holdouts=[FILMS])
    assert "films" in order(decide(NOW + timedelta(hours=1), kept))


def test_every_decision_comes_out_again_as_it_was() -> None:
    kept, treated = one_of("control"), one_of("treated")
    made = [decide(customer_id=one).decision_id for one in (kept, treated)]
    made += [decide(NOW + DAY, one).decision_id for one in (kept, treated)]
    publish(holdouts=[{**FILMS, "share": 0.1, "salt": "other"}])
    made += [decide(NOW + 2 * DAY, one).decision_id for one in (kept, treated)]
    with db.reading() as session:
        for decision_id in made:
            assert decision_id is not None
            assert treatments.replay(session, decision_id).differences == ()


def test_the_same_decision_stands_after_the_group_was_written_down() -> None:
    kept = one_of("control")
    first, second = decide(customer_id=kept), decide(NOW + timedelta(minutes=1), kept)
    assert second.decision_id == first.decision_id
    assert second.inputs.hash == first.inputs.hash
    assert left(second)["films"] == ("holdout", "holdout:films")


def test_after_a_merge_the_survivors_group_holds_and_after_it_is_undone_each_has_their_own() -> None:
    kept = one_of("control")
    treated = one_of("treated", but=(kept,))
    for one in (kept, treated):
        decide(customer_id=one)
    with db.transaction() as session:
        merged = identities.merge(session, kept, treated, actor=KIM, now=NOW)
    assert rows(treated) == {"holdout:films": "treated"}
    assert "films" in order(decide(NOW + DAY, treated))
    with db.reading() as session:
        assert proving.counts(session, ["holdout:films"]) == {}
    with db.transaction() as session:
        identities.unmerge(session, merged.merge_id, actor=KIM, now=NOW + DAY)
    assert (rows(kept), rows(treated)) == ({"holdout:films": "control"}, {"holdout:films": "treated"})
    assert left(decide(NOW + DAY, kept))["films"] == ("holdout", "holdout:films")
    with db.reading() as session:
        assert proving.counts(session, ["holdout:films"]) == {"holdout:films": {"control": 1, "treated": 1}}


def test_a_survivor_who_never_came_to_it_takes_the_group_of_the_other() -> None:
    kept = one_of("control")
    treated = one_of("treated", but=(kept,))
    decide(customer_id=kept)
    with db.transaction() as session:
        identities.merge(session, kept, treated, actor=KIM, now=NOW)
    assert left(decide(NOW + DAY, treated))["films"] == ("holdout", "holdout:films")


def test_a_group_is_exported_and_erased_with_the_customer() -> None:
    kept = one_of("control")
    decide(customer_id=kept)
    with db.reading() as session:
        held = leaving.collect(session, leaving.named(session, kept))
    assert [(row["rule"], row["arm"]) for row in held["assignment"]] == [("holdout:films", "control")]
    with db.transaction() as session:
        leaving.erase_rooms(session, leaving.named(session, kept), SYSTEM, NOW)
    assert rows(kept) == {}


def test_a_decision_for_all_puts_each_in_the_same_group() -> None:
    kept, treated = one_of("control"), one_of("treated")
    decide(customer_id=kept)
    publish(holdouts=[{**FILMS, "share": 0.000001}])
    first = {one.customer_id: one.first for one in batch.best_of_all(NOW + DAY, 1)}
    for one in (kept, treated):
        best, decided = first[one], decide(NOW + DAY, one)
        assert best is not None
        assert best.treatment == order(decided)[0]
    best_of_kept = first[kept]
    assert best_of_kept is not None
    assert best_of_kept.treatment != "films"


def test_no_channel_and_no_moment_changes_a_group() -> None:
    kept = one_of("control")
    for hour, channel in enumerate(("phone", "portal", "email")):
        tell("use", None, NOW + timedelta(hours=hour), channel, kept)
        assert left(decide(NOW + timedelta(hours=hour), kept))["films"] == ("holdout", "holdout:films")
