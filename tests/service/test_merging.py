"""A merge makes one customer of two, all that they had follows, and taking it back leaves each with what was theirs."""

from __future__ import annotations

import json
import zlib
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from backend import db
from backend.cases import service as cases
from backend.identities import merging
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.architecture.test_tables import tables
from tests.merging import STAY, held, merge, supervisor, two, unmerge

pytestmark = pytest.mark.usefixtures("loaded")


def rows_of(customer_id: UUID) -> dict[str, int]:
    with db.reading() as session:
        counts = {
            name: session.execute(
                select(func.count()).select_from(table).where(table.c.customer_id == customer_id)
            ).scalar_one()
            for name, table in tables().items()
            if "customer_id" in table.c
        }
    return {name: count for name, count in counts.items() if count}


def test_a_merge_leaves_no_row_of_any_table_with_the_merged_one() -> None:
    """A new table that nobody moves makes this fail, as soon as a customer has a row in it."""
    first, second = two()
    before, ours = rows_of(second), rows_of(first)
    assert {"offer", "decision", "snapshot", "event", "interaction", "call", "bill", "credit", "representative"} <= set(
        before
    )
    assert {
        "customer_case",
        "fulfilment",
        "webhook_delivery",
        "outbox_job",
        "identifier_claim",
        "visit",
        "ledger",
    } <= set(before)
    merge(second, first)
    assert set(rows_of(second)) <= set(STAY)
    after = rows_of(first)
    for table in ("bill", "credit", "representative", "interaction", "call", "customer_case", "decision", "fulfilment"):
        assert after[table] == before[table] + ours[table], table


def test_every_table_of_customers_is_moved_or_says_why_not() -> None:
    first, second = two()
    made = merge(second, first)
    with db.reading() as session:
        row = select(merging.MERGE.c.body).where(merging.MERGE.c.merge_id == made.merge_id)
        body = session.execute(row).scalar_one()
    moved = {one["table"] for one in json.loads(zlib.decompress(body))}
    owned = {name for name, table in tables().items() if "customer_id" in table.c}
    assert owned - moved == set(STAY)


def test_what_came_since_goes_to_whose_sign_in_number_or_contact_it_came_by() -> None:
    first, second = two()
    staff = supervisor()
    with db.reading() as session:
        theirs = profiles.profile(session, second)
        open_contact = interactions.open_with_customer(session, second)[0].interaction_id
    assert theirs.phone
    made = merge(second, first)
    later = clock.now() + timedelta(minutes=5)
    # The merged one's sign-in, by which they are the survivor now.
    signed_in = Actor("customer", str(second), theirs.name, customer_id=first)
    offer_id = next(UUID(o.offer_id) for o in treatments.decide(first, later).ranked if not o.pinned)
    with db.transaction() as session:
        treatments.answer(session, offer_id, "accepted", channel="portal", actor=signed_in, now=later)
        wanted = cases.open_case(session, first, "callback", "The bill", actor=signed_in, now=later)
        call = interactions.ring(session, "later", theirs.phone, "", "inbound", ["supervisor"], later)
        interactions.answered(session, "later", [], later)
        interactions.hung_up(session, "later", "normal", later)
        interactions.wrap_up(
            session, first, open_contact, code="solved", label="Solved", summary="All well", actor=staff, now=later
        )
        ours = cases.open_case(session, first, "callback", "A question", actor=staff, now=later)
    with db.reading() as session:
        assert interactions.call_of(session, call.call_id).customer_id == first
    unmerge(made.merge_id, later + timedelta(minutes=1))
    with db.reading() as session:
        assert treatments.owned_offer(session, offer_id, None) == second
        assert cases.case_of(session, second, wanted.case_id).reference == wanted.reference
        assert cases.case_of(session, first, ours.case_id).reference == ours.reference
        assert interactions.call_of(session, call.call_id).customer_id == second
        summaries = [one.data.get("summary") for one in interactions.timeline(session, second, limit=50).items]
    assert "All well" in summaries
    record.register(treatments.FULFIL, treatments.fulfil)
    record.run_due(later + timedelta(minutes=2))
    with db.reading() as session:
        state = next(o.state for o in treatments.offers_of(session, second, staff, later) if o.offer_id == offer_id)
    assert state == "fulfilled"


def test_what_was_changed_since_stays_and_a_no_said_since_counts_for_both() -> None:
    first, second = two()
    made = merge(second, first)
    now = clock.now()
    with db.transaction() as session:
        profiles.learn(session, first, attributes={"tenure": 99}, count={"calls": 1}, now=now)
        profiles.set_consent(
            session, first, "marketing", "email", "denied", "portal", "No.", now + timedelta(seconds=1)
        )
        calls = sum(profiles.profile(session, first).facts["days"]["calls"].values())
    with db.reading() as session:
        case = cases.of_customer(session, first)
    with db.transaction() as session:
        for one in case:
            if one.kind == "case":
                cases.done(session, first, one.case_id, actor=SYSTEM, now=now)
    unmerge(made.merge_id)
    with db.reading() as session:
        ours, theirs = profiles.profile(session, first), profiles.profile(session, second)
        assert (ours.attributes["tenure"], theirs.attributes["tenure"] == 99) == (99, False)
        both = [sum(one.facts["days"]["calls"].values()) for one in (ours, theirs)]
        assert sum(both) == calls
        assert [profiles.consent(session, one, "marketing", "email") for one in (first, second)] == ["denied", "denied"]
        assert [one.facts["values"]["open_cases"] for one in (ours, theirs)] == [0, 0]


def test_taking_a_merge_back_leaves_every_table_of_both_as_it_was() -> None:
    first, second = two()
    before = held(first, second)
    made = merge(second, first, choose=("name", "phone", "attribute.contract", "attribute.tenure"))
    assert held(first, second) != before
    unmerge(made.merge_id)
    after = held(first, second)
    assert {name for name in before if before[name] != after[name]} == set()


def test_versions_rise_on_both_sides_of_a_merge_and_of_taking_it_back() -> None:
    first, second = two()
    with db.reading() as session:
        versions = [profiles.profile(session, one).version for one in (first, second)]
    made = merge(second, first)
    with db.reading() as session:
        joined = profiles.profile(session, first).version
    assert joined > max(versions)
    unmerge(made.merge_id)
    with db.reading() as session:
        assert all(profiles.profile(session, one).version > joined for one in (first, second))


def test_the_old_id_names_the_survivor_everywhere_and_the_timeline_tells_of_the_merge() -> None:
    first, second = two()
    with db.reading() as session:
        gone = profiles.profile(session, second)
    merge(second, first)
    with db.reading() as session:
        assert profiles.resolve(session, second) == first
        assert profiles.profile(session, second).customer_id == first
        assert profiles.search(session, identifier=f"number:{gone.number}").items[0].id == first
        event = interactions.timeline(session, first, kinds=("profile.merged",)).items[0]
        words = interactions.in_words(event, "agent")
    assert gone.name in words.title
    assert gone.number in words.title
    assert treatments.decide(second, clock.now()).inputs.profile.customer_id == first


def test_the_person_chooses_each_field_and_an_empty_one_is_filled() -> None:
    first, second = two()
    with db.reading() as session:
        ours, theirs = profiles.profile(session, first), profiles.profile(session, second)
    merge(second, first, choose=("name", "attribute.tenure"))
    with db.reading() as session:
        one = profiles.profile(session, first)
    assert (one.name, one.email, one.number) == (theirs.name, ours.email, ours.number)
    assert one.attributes["tenure"] == theirs.attributes["tenure"]
    assert one.attributes["contract"] == ours.attributes["contract"]
    assert one.phone == (ours.phone or theirs.phone)


def test_counts_of_days_add_up_and_consents_merge_to_the_strictest() -> None:
    first, second = two()
    now = clock.now()
    with db.transaction() as session:
        profiles.set_consent(session, first, "marketing", "email", "granted", "form", "Yes.", now)
        profiles.set_consent(session, second, "marketing", "email", "denied", "call", "No.", now)
        profiles.set_consent(session, first, "marketing", "sms", "denied", "call", "No.", now)
        profiles.set_consent(session, second, "marketing", "sms", "granted", "form", "Yes.", now)
        calls = [sum(profiles.profile(session, one).facts["days"]["calls"].values()) for one in (first, second)]
    made = merge(second, first)
    with db.reading() as session:
        one = profiles.profile(session, first)
        assert sum(one.facts["days"]["calls"].values()) == sum(calls)
        assert profiles.consent(session, first, "marketing", "email") == "denied"
        assert profiles.consent(session, first, "marketing", "sms") == "denied"
    unmerge(made.merge_id)
    with db.reading() as session:
        assert profiles.consent(session, first, "marketing", "email") == "granted"
        assert profiles.consent(session, second, "marketing", "sms") == "granted"


def test_of_two_live_offers_of_one_treatment_one_stays_and_comes_back_with_its_budget() -> None:
    first, second = two()
    now = clock.now()
    with db.reading() as session:
        doubled = treatments.doubled_offers(session, second, first)
    assert doubled, "the two have no live offer in common"
    before = held(first, second)["offer"]
    made = merge(second, first)
    live = [
        (o["treatment"], o["subject"]) for o in held(first)["offer"] if o["state"] in ("open", "presented", "deferred")
    ]
    assert len(live) == len(set(live))
    unmerge(made.merge_id)
    assert held(first, second)["offer"] == before
    assert treatments.decide(first, now).ranked


def test_what_was_decided_for_either_before_is_replayed_the_same_after() -> None:
    first, second = two()
    with db.reading() as session:
        ids = list(treatments.all_ids(session))
    merge(second, first)
    for decision_id in ids[-4:]:
        with db.reading() as session:
            assert treatments.replay(session, decision_id).identical, decision_id


def test_a_second_merge_of_the_same_two_says_that_it_is_done() -> None:
    first, second = two()
    merge(second, first)
    with pytest.raises(Conflict, match="merged already, by Sam Okafor"):
        merge(second, first)
    with pytest.raises(Conflict, match="merged already"):
        merge(first, second)
    with pytest.raises(Invalid):
        merge(first, first)
    with pytest.raises(NotFound):
        merge(UUID(int=5), first)


def test_who_saw_another_version_merges_nothing() -> None:
    first, second = two()
    with db.reading() as session:
        seen = tuple(profiles.profile(session, one).version for one in (first, second))
    with db.transaction() as session:
        profiles.learn(session, second, attributes={"tenure": 3}, now=clock.now())
    with pytest.raises(Conflict, match="changed since"):
        merge(second, first, seen=seen)


def test_merges_of_merges_are_taken_back_in_reverse() -> None:
    first, second = two()
    with db.reading() as session:
        third = profiles.search(session, limit=9).items[7].id
    with db.transaction() as session:
        # The day may have begun where they live since the customers were entered: then their states are of another one.
        profiles.learn(session, third, now=clock.now())
    before = held(first, second, third)
    inner = merge(second, first)
    outer = merge(first, third)
    with pytest.raises(Conflict, match="take that back first"):
        unmerge(inner.merge_id)
    with db.reading() as session:
        assert profiles.resolve(session, second) == third
        assert set(profiles.known_as(session, third)) == {first, second}
    unmerge(outer.merge_id)
    with db.reading() as session:
        assert profiles.resolve(session, second) == first
    unmerge(inner.merge_id)
    after = held(first, second, third)
    assert {name for name in before if before[name] != after[name]} == set()
    with pytest.raises(Conflict, match="already"):
        unmerge(inner.merge_id)


def test_the_trail_holds_both_acts_and_stays_whole() -> None:
    first, second = two()
    made = merge(second, first)
    unmerge(made.merge_id)
    record.seal(clock.now())
    assert record.verify()["ok"]
    with db.reading() as session:
        for customer_id in (first, second):
            actions = [one["action"] for one in record.export_customer(session, customer_id)["audit_entry"]]
            assert {"profile.merged", "profile.unmerged"} <= set(actions)
