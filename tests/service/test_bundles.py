"""A bundle is fulfilled and taken back as one: each part's act, exactly once, on both databases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import Actor
from tests.cast import PORTAL_CUSTOMER
from tests.fulfilling import CASE, MORE, attributes, open_work, taken, undo
from tests.small_company import ADA, DAY, NOW, decide, events, left, offers, open_company, work


def facts_of(customer: UUID) -> dict[str, Any]:
    with db.reading() as session:
        return dict(profiles.profile(session, customer).attributes)


@pytest.fixture
def paper_and_checks(loaded: str) -> UUID:
    """A customer of the telecom pack who gets paper and pays each bill by hand, with nothing wrong."""
    with db.transaction() as session:
        customer = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
        assert customer is not None
        profiles.learn(
            session, customer, now=clock.now(),
            attributes={"payment_method": "Electronic check", "paperless_billing": False, "monthly_charges": 62.0},
        )  # fmt: skip
    record.register(treatments.FULFIL, treatments.fulfil)
    return customer


def test_the_packs_bundle_changes_both_at_once_and_is_taken_back_at_once(paper_and_checks: UUID) -> None:
    customer = paper_and_checks
    themselves = Actor("customer", str(customer), "Sam", customer_id=customer)
    before = facts_of(customer)
    decided = treatments.decide(customer, clock.now())
    ranked = {r.treatment: UUID(r.offer_id) for r in decided.ranked}
    assert "hands_free_bill" in ranked
    assert not {"autopay_bank", "paperless"} & set(ranked), "no part stands beside the whole"
    offer = ranked["hands_free_bill"]
    with db.transaction() as session:
        treatments.answer(session, offer, "accepted", channel="portal", actor=themselves, now=clock.now())
    record.run_due(clock.now())
    changed = before | {
        "payment_method": "Bank transfer (automatic)", "paperless_billing": True, "monthly_charges": 60.5,
    }  # fmt: skip
    assert facts_of(customer) == changed
    with db.transaction() as session:
        treatments.fulfil(session, customer, {"offer_id": str(offer)}, clock.now())
    assert facts_of(customer) == changed, "asked again, it does nothing"
    gone = {w.treatment: w.step for w in treatments.withheld_of(treatments.decide(customer, clock.now()))}
    assert gone["autopay_bank"] == gone["paperless"] == "eligible"
    with db.transaction() as session:
        undone = treatments.undo(session, offer, channel="portal", actor=themselves, now=clock.now())
    assert undone.left == ()
    assert facts_of(customer) == before


def test_a_bundle_of_changes_is_one_change_and_comes_off_from_under_what_came_after(database: str) -> None:
    open_company(extras="duo", duo={"fulfilment": MORE}, faster={"fulfilment": MORE}, films={"fulfilment": MORE})
    before = attributes()
    duo = taken("duo")
    assert work() == 1
    assert attributes()["monthly"] == before["monthly"] + 11
    assert left(decide())["faster"][0] == "contact_policy"
    with db.transaction() as session:
        profiles.learn(session, ADA, now=NOW, attributes={"contract": "monthly"})
    undo(duo)
    assert attributes() == before | {"contract": "monthly"}


def test_a_bundle_of_work_is_one_piece_that_names_all_of_it_and_is_called_off_as_one(database: str) -> None:
    one, two = CASE | {"what": "Set up the line"}, CASE | {"what": "Send the box"}
    open_company(
        extras="duo", duo={"fulfilment": CASE | {"what": "Both"}}, faster={"fulfilment": one}, films={"fulfilment": two}
    )
    duo = taken("duo")
    work()
    work(NOW + DAY)
    (piece,) = open_work()
    assert piece.subject == "Both: Set up the line; Send the box"
    assert piece.offer_id == duo
    undo(duo)
    assert [case.state for case in open_work() if case.state == "open"] == []
    assert offers()["duo"] == "undone"
    assert [kind for kind, _ in events()].count("offer.fulfilled") == 1


def test_what_was_published_without_a_part_still_does_its_own_work(database: str) -> None:
    """A version may name a part that it does not hold: nothing is published so, and what was is honoured all the same."""
    open_company(extras="duo", duo={"fulfilment": CASE | {"what": "Both"}, "bundle": ["faster", "no_such"]})
    taken("duo")
    work()
    (piece,) = open_work()
    assert piece.subject.startswith("Both: ")
