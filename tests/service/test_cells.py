"""The matrix as it goes: contacts laid to their cells, where they came from and went, what they cost and what that is worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.interactions.service import Event, NewContact, Past
from backend.overview import service as overview
from backend.overview.service import Asked, LiveMatrix
from backend.people import service as people
from backend.people.service import Permission
from backend.profiles import service as profiles
from shared.kernel import clock, ids
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Forbidden, Invalid, NotFound
from tests.cast import SUPERVISOR

# Long after the demo's history: nothing else happens in these days.
NOW = datetime(2031, 5, 20, 20, tzinfo=UTC)
BOSS = Actor("staff", str(ids.uuid7()), "Sam", people.ROLES["supervisor"])


@pytest.fixture
def some(loaded: str) -> list[UUID]:
    """Twelve customers of the loaded database."""
    with db.reading() as session:
        first = profiles.beginnings(session, 10_000)[0]
        return [one.customer_id for one in profiles.some_from(session, first, 12)]


def day(back: int) -> datetime:
    return NOW - timedelta(days=back)


def called(who: UUID, back: int, stage: str | None = "support", channel: str = "phone", hour: int = 0) -> None:
    at = day(back) + timedelta(hours=hour)
    contact = NewContact(ids.uuid7(at), channel, at, at + timedelta(minutes=7), "Maya", None, stage=stage)
    with db.transaction() as session:
        interactions.enter_past(session, [Past(who, (contact,), ())])


def happened(who: UUID, back: int, kind: str, channel: str, stage: str | None, **data: object) -> None:
    at = day(back)
    event = Event(ids.uuid7(at), who, at, kind, channel, stage, None, "system", "", data)
    with db.transaction() as session:
        interactions.enter_past(session, [Past(who, (), (event,))])


def asked(days: int = 30, life_cycle: str = "", segment: str = "") -> Asked:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    return Asked(*overview.days_asked(pack, NOW, days), life_cycle, segment)


def matrix(days: int = 30, **other: str) -> LiveMatrix:
    return overview.live_matrix(asked(days, **other), BOSS, NOW)


def test_a_contact_counts_in_the_stage_that_was_noted_and_where_none_was_in_the_pack_s_own(some: list[UUID]) -> None:
    called(some[0], 1, "leave")
    called(some[0], 2, None)
    called(some[1], 3, "no such stage", "portal")
    happened(some[1], 4, "case.written", "email", None, case_id="x")
    happened(some[1], 4, "payment.made", "portal", "pay")
    found = matrix()
    assert {place: one.count for place, one in found.cells.items()} == {
        ("leave", "phone"): 1, ("use", "phone"): 1, ("use", "portal"): 1, ("support", "email"): 1,
    }  # fmt: skip
    assert found.total == 4


def test_days_are_the_house_s_own_both_of_them_included_and_the_trend_is_against_as_many_before(
    some: list[UUID],
) -> None:
    for back in (0, 6, 7, 13, 13, 14):
        called(some[0], back, hour=-1)
    found = matrix(7).cells["support", "phone"]
    assert (found.count, found.before) == (2, 3)
    assert found.trend == pytest.approx(-1 / 3)


def test_moving_on_is_a_next_contact_within_thirty_days_in_a_stage_that_is_expected(some: list[UUID]) -> None:
    for who in some:
        called(who, 50)
    for who in some[:6]:
        called(who, 30, "use", "portal")  # as the process expects
    for who in some[6:9]:
        called(who, 30, "leave")  # leaving is no moving on
    called(some[9], 30)  # the same again is none either
    called(some[10], 19, "use")  # too late
    called(some[0], 1)
    found = matrix().cells["support", "phone"]
    assert found.count == 1
    # 30 days earlier: the twelve, not what came 30 days ago, at the very beginning of the span.
    assert found.seasoned in (12, 13)
    assert found.moved == 6


def test_the_value_is_contacts_times_chance_times_lifetime_value_less_cost(some: list[UUID]) -> None:
    for who in some:
        called(who, 50)
        called(who, 31, "use", "portal")
        called(who, 3)
    found = matrix()
    cell = found.cells["support", "phone"]
    assert (cell.count, cell.each, cell.cost) == (12, 6.2, pytest.approx(74.4))
    assert cell.chance == 1.0
    assert cell.worth is not None
    assert cell.value == pytest.approx(12 * 1.0 * cell.worth - 74.4)
    assert found.looked_at > 300


def test_of_few_contacts_no_chance_is_told_and_so_no_value(some: list[UUID]) -> None:
    called(some[0], 1)
    cell = matrix().cells["support", "phone"]
    assert (cell.chance, cell.value) == (None, None)


def test_a_cell_opened_tells_where_they_came_from_and_went_and_how_long_it_took(some: list[UUID]) -> None:
    for nth, who in enumerate(some[:3]):
        called(who, 12, "pay", "portal")
        called(who, 10)
        called(who, 10 - nth, "use", "portal", hour=1)
    called(some[3], 10)
    page = overview.cell_page(asked(), "support", "phone", BOSS, NOW)
    assert (page.cell.count, page.customers) == (4, 4)
    came, nowhere = page.came_from
    assert (came.place, came.count, came.share) == (("pay", "portal"), 3, 0.75)
    assert came.seconds == pytest.approx(2 * 86_400, abs=1)
    assert (nowhere.place, nowhere.count, nowhere.seconds) == (None, 1, None)
    assert page.went_to[0].place == ("use", "portal")
    assert page.went_to[0].seconds == pytest.approx(25 * 3_600, abs=1)


def test_a_cell_s_contacts_are_read_a_page_at_a_time_each_once(some: list[UUID]) -> None:
    for nth in range(40):
        called(some[nth % 12], 5, hour=-nth // 12)
    first = overview.cell_page(asked(), "support", "phone", BOSS, NOW)
    second = overview.cell_page(asked(), "support", "phone", BOSS, NOW, first.cursor)
    assert (len(first.contacts), len(second.contacts), second.cursor) == (25, 15, None)
    seen = [one.contact_id for one in (*first.contacts, *second.contacts)]
    assert len(set(seen)) == 40
    times = [one.at for one in (*first.contacts, *second.contacts)]
    assert times == sorted(times, reverse=True)
    assert first.contacts[0].minutes == 7
    with pytest.raises(Invalid):
        overview.cell_page(asked(), "support", "phone", BOSS, NOW, "yesterday")


def test_offers_count_where_they_were_put_and_where_they_were_answered(some: list[UUID]) -> None:
    happened(some[0], 3, "offer.presented", "phone", "support", treatment="apology_credit", offer_id="a")
    happened(some[0], 2, "offer.accepted", "portal", "use", treatment="apology_credit", offer_id="a")
    happened(some[1], 2, "offer.presented", "portal", "use", treatment="paperless", offer_id="b")
    happened(some[1], 2, "offer.declined", "portal", "use", treatment="paperless", offer_id="b")
    found = matrix().cells
    assert (found["support", "phone"].presented, found["support", "phone"].accepted) == (1, 0)
    portal = found["use", "portal"]
    assert (portal.presented, portal.answered, portal.accepted) == (1, 2, 1)
    opened = overview.cell_page(asked(), "use", "portal", BOSS, NOW).treated
    assert [(one.treatment, one.presented, one.accepted, one.declined) for one in opened] == [
        ("paperless", 1, 0, 1),
        ("apology_credit", 0, 1, 0),
    ]


def test_what_a_customer_thought_counts_where_the_thing_was_begun(some: list[UUID]) -> None:
    offer, case = ids.uuid7(), ids.uuid7()
    happened(some[0], 9, "offer.accepted", "phone", "renew", treatment="paperless", offer_id=str(offer))
    happened(some[1], 9, "case.opened", "email", None, case_id=str(case))
    with db.transaction() as session:
        pack = catalogues.pack_in_force(session)
        for who, thing, of, score in ((some[0], "offer", offer, 5), (some[1], "case", case, 2)):
            interactions.rate(
                session, who, thing, of, score=score, words="", about="it", channel="portal", pack=pack, actor=SYSTEM, now=day(1)
            )  # fmt: skip
    found = matrix().cells
    assert (found["renew", "phone"].rating, found["renew", "phone"].rated) == (5.0, 1)
    assert (found["support", "email"].rating, found["support", "email"].rated) == (2.0, 1)


def test_only_customers_of_the_segment_and_state_that_are_asked_for_count(loaded: str) -> None:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        first = profiles.beginnings(session, 10_000)[0]
        everyone = profiles.some_from(session, first, 400)
        kept = {one.customer_id: profiles.profile(session, one.customer_id).states or {} for one in everyone}
    for who in kept:
        called(who, 1)
    for state in pack.life_cycle:
        expected = sum(states.get("life_cycle") == state.key for states in kept.values())
        assert matrix(life_cycle=state.key).total == expected
    for segment in pack.segments:
        expected = sum(segment.key in states.get("segments", {}) for states in kept.values())
        assert matrix(segment=segment.key).total == expected
    assert matrix().total == 400


def test_the_usual_ways_and_one_customer_s_own(some: list[UUID]) -> None:
    for who in some[:4]:
        called(who, 9, "pay", "portal")
        called(who, 7)
    called(some[0], 5, "use", "portal")
    found = overview.live_matrix(asked(), BOSS, NOW, ways=True, of=some[0])
    assert [(one.start, one.end, one.count) for one in found.ways] == [
        (("pay", "portal"), ("support", "phone"), 4),
        (("support", "phone"), ("use", "portal"), 1),
    ]
    assert [step[:2] for step in found.steps] == [("pay", "portal"), ("support", "phone"), ("use", "portal")]
    assert found.customer is not None
    assert found.customer.customer_id == some[0]


def test_what_was_said_of_why_they_came_is_kept_with_the_contact_that_goes_on(some: list[UUID]) -> None:
    now = clock.now()
    with db.transaction() as session:
        staff = people.find_staff(session, SUPERVISOR.partition("@")[0])
        assert staff is not None
        agent = people.staff_actor(session, staff[0])
        assert agent is not None
        contact = interactions.begin(session, some[0], "phone", agent, now)
        overview.set_moment(session, some[0], "leave", None, "phone", agent, now)
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    today = clock.local_day(now, pack.timezone)
    page = overview.cell_page(Asked(today, today), "leave", "phone", BOSS, now + timedelta(minutes=1))
    assert contact.interaction_id in {one.contact_id for one in page.contacts}


def test_days_and_customers_that_there_are_none_of_are_refused(some: list[UUID]) -> None:
    today = NOW.date()
    for wrong, field in (
        (Asked(today, today - timedelta(days=1)), "until"),
        (Asked(today - timedelta(days=800), today), "until"),
        (Asked(today + timedelta(days=3), today + timedelta(days=4)), "since"),
        (Asked(today, today, "asleep"), "life_cycle"),
        (Asked(today, today, "", "nobody"), "segment"),
    ):
        with pytest.raises(Invalid) as refused:
            overview.live_matrix(wrong, BOSS, NOW)
        assert field in refused.value.errors
    with pytest.raises(NotFound):
        overview.cell_page(asked(), "support", "pigeon", BOSS, NOW)
    with pytest.raises(Forbidden):
        overview.live_matrix(asked(), Actor("staff", "x", "Ann", frozenset({Permission.SEE_CUSTOMER})), NOW)


def test_a_cell_opened_counts_as_the_matrix_does(loaded: str) -> None:
    now = clock.now()
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    for days in (7, 30, 90):
        when = Asked(*overview.days_asked(pack, now, days))
        for place, cell in overview.live_matrix(when, BOSS, now).cells.items():
            assert overview.cell_page(when, *place, BOSS, now).cell == cell
