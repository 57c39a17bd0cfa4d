"""A change of mind takes back exactly what acceptance did, while there is time, once; on both databases."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from backend import db
from backend.interactions import service as interactions
from backend.record import service as record
from backend.treatments import service as treatments
from backend.treatments.tables import FulfilmentRow
from shared.kernel.errors import AlreadyAnswered, Conflict, Invalid, NoLongerOffered, NotFound, TooLate
from tests.fulfilling import (
    attributes,
    leaving,
    open_shop,
    taken,
    undo,
)
from tests.representing import record as put_on_record
from tests.representing import speak
from tests.small_company import (
    ADA,
    BY_ADA,
    BY_GRACE,
    DAY,
    KIM,
    NOW,
    TODAY,
    answer,
    decide,
    enter,
    events,
    learn,
    left,
    offer_of,
    offers,
    order,
    row_of,
    tell,
    work,
)


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_shop()
    return database


def test_a_change_of_mind_puts_the_plan_back_as_it_was() -> None:
    before = attributes()
    offer = leaving()
    work()
    assert attributes() == before | {"contract": "yearly"}
    ledger = decide().inputs.ledger.version
    undone = undo(offer, NOW + DAY, channel="portal", actor=BY_ADA, reason=" too long ")
    assert (undone.line.state, undone.line.state_label, undone.left) == ("undone", "Taken back", ())
    assert attributes() == before
    row = row_of(offer)
    assert (row.answered_on, row.answered_channel, row.reason) == (TODAY + DAY, "portal", "too long")
    assert decide(NOW + DAY).inputs.ledger.version == ledger + 1
    kinds = [kind for kind, _ in events()]
    followed = "life_cycle.changed"  # who has a contract is at risk no more, and then again
    assert kinds == [
        "offer.accepted", "profile.changed", "offer.fulfilled", followed, "profile.changed", "offer.undone", followed,
    ]  # fmt: skip
    with db.reading() as session:
        audited = [one["action"] for one in record.export_customer(session, ADA)["audit_entry"]]
    assert audited.count("offer.undone") == 1


def test_who_took_it_back_in_the_customers_place_is_named_and_the_customer_alone_is_nobody_else() -> None:
    speak(put_on_record())
    offer = leaving()
    line = undo(offer).line
    assert line.answer_text.startswith("Taken back on 22 November 2026 at 12:00 ")
    assert line.answer_text.endswith("by Kim with Rosa Marín, carer.")
    assert row_of(offer).answered_with["name"] == "Rosa Marín"


def test_what_a_carer_accepted_the_customer_takes_back_alone() -> None:
    speak(put_on_record())
    offer = leaving()
    assert row_of(offer).answered_with["name"] == "Rosa Marín"
    again = undo(offer, channel="portal", actor=BY_ADA)
    assert (again.line.person, again.line.answer_text.split(", ")[-1]) == (None, "by you.")
    assert row_of(offer).answered_with is None


def test_taken_back_before_it_was_done_it_is_never_done() -> None:
    before = attributes()
    offer = leaving()
    undo(offer)
    assert work() == 1
    assert (attributes(), offers()["loyalty"]) == (before, "undone")
    assert [kind for kind, _ in events()] == ["offer.accepted", "offer.undone"]


def test_it_is_taken_back_once_whoever_asks_again() -> None:
    offer = leaving()
    work()
    undo(offer, channel="portal", actor=BY_ADA)
    for actor, channel in ((KIM, "phone"), (BY_ADA, "portal")):
        with pytest.raises(AlreadyAnswered, match="taken back already") as told:
            undo(offer, NOW + DAY, channel=channel, actor=actor)
        assert (told.value.extra["where"], told.value.extra["when"]) == ("portal", NOW)
    with pytest.raises(AlreadyAnswered, match="taken back"):
        answer(offer, "accepted")
    assert [kind for kind, _ in events()].count("offer.undone") == 1


def test_the_window_is_told_and_ends_with_its_last_day() -> None:
    tell("leave", "leaving")
    offer = offer_of(decide(), "loyalty")
    line = answer(offer, "accepted")
    assert line.undo_until == TODAY + timedelta(days=14)
    work()
    midnight = timedelta(hours=12)  # NOW is noon where Ada lives
    with pytest.raises(TooLate, match="until 6 December 2026"):
        undo(offer, NOW + 14 * DAY + midnight)
    assert attributes()["contract"] == "yearly"
    undo(offer, NOW + 14 * DAY + midnight - timedelta(seconds=1))
    assert attributes()["contract"] == "monthly"


def test_what_was_never_accepted_and_what_is_none_of_theirs_is_not_taken_back() -> None:
    offer = offer_of(decide(), "faster")
    with pytest.raises(NoLongerOffered):
        undo(offer)
    answer(offer, "accepted")
    with pytest.raises(NotFound):
        undo(offer, actor=BY_GRACE)
    with pytest.raises(NotFound):
        undo(uuid4())
    with pytest.raises(Invalid):
        undo(offer, channel="pigeon")
    with pytest.raises(Invalid):
        undo(offer, reason="x" * 501)
    assert offers()["faster"] == "accepted"


def test_who_saw_it_accepted_may_take_it_back_and_who_saw_it_before_may_not() -> None:
    offer = offer_of(decide(), "faster")
    shown = answer(offer, "presented")
    accepted = answer(offer, "accepted")
    work()
    with pytest.raises(Conflict, match="changed since"):
        undo(offer, seen=shown.version)
    undo(offer, seen=accepted.version)
    assert offers()["faster"] == "undone"


def test_a_value_that_somebody_changed_since_is_left_alone_and_named() -> None:
    offer = leaving()
    work()
    learn(attributes={"contract": "", "tenure": 25})
    undone = undo(offer)
    assert undone.left == ("Contract",)
    assert attributes()["contract"] == ""
    with db.reading() as session:
        told = interactions.timeline(session, ADA, kinds={"offer.undone"}).items[0]
        kept = session.execute(select(FulfilmentRow.__table__)).one()  # type: ignore[attr-defined]
    assert told.data["left"] == ["Contract"]
    assert "Contract" in interactions.in_words(told, "agent").detail
    assert "Contract" not in interactions.in_words(told, "customer").detail
    assert "stays as it is" in interactions.in_words(told, "customer").detail
    assert (kept.left_alone, kept.undone_at) == (["contract"], NOW)


def test_two_additions_to_the_charge_are_taken_back_each_for_itself() -> None:
    before = attributes()["monthly"]
    first = taken("faster")
    work()
    after_first = attributes()["monthly"]
    second = taken("films", NOW + 6 * DAY)
    work(NOW + 6 * DAY)
    assert attributes()["monthly"] > after_first > before
    added = attributes()["monthly"] - after_first
    assert undo(first, NOW + 7 * DAY).left == ()
    assert attributes()["monthly"] == pytest.approx(before + added)
    assert undo(second, NOW + 8 * DAY).left == ()
    assert attributes()["monthly"] == before


def test_from_the_day_it_was_taken_back_it_cools_off_like_a_decline() -> None:
    offer = taken("faster")
    work()
    assert left(decide())["faster"] == ("contact_policy", "repeat")
    undo(offer, NOW + 10 * DAY)
    assert left(decide(NOW + 69 * DAY))["faster"] == ("contact_policy", "cool_off")
    assert "faster" in order(decide(NOW + 70 * DAY))


def test_what_was_taken_back_counts_against_the_treatment_and_who_entered_it() -> None:
    offer = leaving()
    other, themselves = enter(1)
    tell("leave", "leaving", customer_id=other)
    learn(customer_id=other, attributes={"contract": "monthly"})
    answer(offer_of(decide(customer_id=other), "loyalty"), "accepted", channel="portal", actor=themselves)
    undo(offer, actor=BY_ADA, channel="portal")
    with db.reading() as session:
        found = treatments.kept_and_undone(session, TODAY)
        later = treatments.kept_and_undone(session, TODAY + timedelta(days=31))
    assert [(one.accepted, one.undone, one.share) for one in found.treatments] == [(2, 1, 0.5)]
    assert [(one.name, one.accepted, one.undone) for one in found.agents] == [("Kim", 1, 1)], (
        "who accepted, not who took it back"
    )
    assert later.treatments == ()
