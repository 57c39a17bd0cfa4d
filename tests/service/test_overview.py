"""The 360° view on real customers: what the desk sees, what the portal shows, and what it keeps to itself."""

import dataclasses
import re
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock, ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden, Invalid, NotFound
from tests.cast import PORTAL_CUSTOMER

AGENT = Actor("staff", str(ids.uuid7()), "Maya")


def find(number: str = PORTAL_CUSTOMER) -> UUID:
    with db.reading() as session:
        return profiles.search(session, identifier=f"number:{number}").items[0].id


def several(count: int = 40) -> list[UUID]:
    with db.reading() as session:
        return [m.id for m in profiles.search(session, limit=count).items]


def as_customer(customer_id: UUID) -> Actor:
    with db.reading() as session:
        return Actor("customer", str(customer_id), profiles.profile(session, customer_id).name, customer_id=customer_id)


def words_of(thing: Any) -> str:
    """Everything that a page holds, as one text."""
    if dataclasses.is_dataclass(thing):
        return " ".join(f"{f.name} {words_of(getattr(thing, f.name))}" for f in dataclasses.fields(thing))
    return " ".join(map(words_of, thing)) if isinstance(thing, tuple) else str(thing)


@pytest.mark.usefixtures("loaded")
def test_one_line_is_not_told_of_twice_and_several_are_told_apart() -> None:
    now, told = clock.now(), {}
    for customer_id in several():
        with db.reading() as session:
            lines = len(profiles.profile(session, customer_id).holdings)
        seen = overview.services_page(Actor("customer", "x", "They", customer_id=customer_id), now)
        told[lines] = [(line.name, line.detail) for line in seen.services if line.name.startswith("Line ")]
    assert told[1] == []
    assert told[2] == [("Line 1", "Phone line"), ("Line 2", "Phone line")]


@pytest.mark.usefixtures("loaded")
def test_the_desk_sees_the_whole_customer() -> None:
    now = clock.now()
    for customer_id in several():
        page = overview.customer_page(customer_id, AGENT, now)
        assert page.customer.id == customer_id
        assert page.customer.life_cycle_label
        assert page.customer.made_up
        assert len(page.services) >= 9
        assert [line.name for line in page.services[9:]] in ([], ["Line 1"], ["Line 1", "Line 2"]), (
            "each phone line by itself"
        )
        assert len(page.bills) <= 6
        assert [b.issued_on for b in page.bills] == sorted((b.issued_on for b in page.bills), reverse=True)
        assert page.timeline
        assert {c.key for c in page.stages} >= {c.stage for c in page.intents}
        assert page.decline_reasons
        assert page.recommendation.cards or page.recommendation.nothing
        labels = dict(page.attributes)
        assert not {"Gender", "Lives with a partner", "Has dependents"} & set(labels)
        assert page.worth.tenure_months >= 0
        if page.risk is None:
            assert "left on" in page.customer.since_text
        else:
            assert 0 < page.risk.score < 1
            assert len(page.risk.reasons) <= 3
            assert page.risk.band == (
                "high" if page.risk.score >= 0.6 else "medium" if page.risk.score >= 0.3 else "low"
            )


@pytest.mark.usefixtures("loaded")
def test_what_is_paid_in_a_year_is_the_sum_of_a_year_of_bills() -> None:
    now, customer_id = clock.now(), find()
    page = overview.customer_page(customer_id, AGENT, now)
    with db.reading() as session:
        today = clock.local_day(now, page.customer.timezone)
        bills = [b for b in profiles.bills(session, customer_id) if b.issued_on > today - timedelta(days=365)]
    assert page.worth.last_12_months.minor == sum(b.amount.minor for b in bills)
    assert page.balance.minor == sum(b.amount.minor for b in bills if b.status != "paid")


@pytest.mark.usefixtures("loaded")
def test_the_portal_shows_the_customer_nothing_of_what_is_for_agents_only() -> None:
    now = clock.now()
    for customer_id in several(15):
        actor = as_customer(customer_id)
        shown = [
            overview.portal_home(actor, now),
            overview.services_page(actor, now),
            overview.bills_page(actor, now),
            overview.activity_page(actor, now),
            overview.offers_page(actor, now),
        ]
        text = words_of(tuple(shown)).lower()
        for secret in (
            "churn",
            "propensity",
            "priority",
            "factors",
            "withheld",
            "segment",
            "risk",
            "special care",
            "65 or older",
        ):
            assert secret not in text, secret
        with db.reading() as session:
            notes = [
                e.data.get("summary", "") for e in interactions.timeline(session, customer_id, kinds={"call"}).items
            ]
        assert not [note for note in notes if note and note.lower() in text]


@pytest.mark.usefixtures("loaded")
def test_the_desk_is_not_for_customers_and_the_portal_not_for_staff() -> None:
    now, customer_id = clock.now(), find()
    with pytest.raises(Forbidden):
        overview.customer_page(customer_id, as_customer(customer_id), now)
    with pytest.raises(Forbidden):
        overview.timeline_page(customer_id, as_customer(customer_id), now)
    for page in (overview.portal_home, overview.services_page, overview.bills_page, overview.activity_page):
        with pytest.raises(Forbidden):
            page(AGENT, now)  # type: ignore[operator]
    with pytest.raises(NotFound):
        overview.customer_page(uuid4(), AGENT, now)


@pytest.mark.usefixtures("loaded")
def test_a_moment_told_on_the_portal_is_known_at_the_desk_and_stands_on_the_timeline_once() -> None:
    now, customer_id = clock.now(), find()
    actor = as_customer(customer_id)
    for _ in range(2):
        with db.transaction() as session:
            view = overview.set_moment(session, customer_id, "support", "not_working", "portal", actor, now)
    assert (view.intent, view.intent_label, view.live) == ("not_working", "Something isn't working", True)
    page = overview.customer_page(customer_id, AGENT, now)
    assert page.moment is not None
    assert (page.moment.stage, page.moment.intent_label, page.moment.source) == (
        "support",
        "Something does not work",
        "stated",
    )
    told = [line for line in page.timeline if line.kind == "moment.set"]
    assert [line.title for line in told] == ["Here for: Something does not work"]
    own = [line for line in overview.activity_page(actor, now).items if line.kind == "moment.set"]
    assert own[0].detail == "Something isn't working"
    home = overview.portal_home(actor, now)
    assert home.moment is not None
    assert home.moment.intent == "not_working"


@pytest.mark.usefixtures("loaded")
def test_nobody_sets_the_moment_of_another_customer_or_one_that_is_not_there() -> None:
    now, (mine, other) = clock.now(), several(2)
    before = [interactions_of(other), interactions_of(mine)]

    def tell(customer_id: UUID, stage: str, actor: Actor) -> None:
        with db.transaction() as session:
            overview.set_moment(session, customer_id, stage, None, "portal", actor, now)

    with pytest.raises(NotFound):
        tell(other, "support", as_customer(mine))
    with pytest.raises(NotFound):
        tell(uuid4(), "support", AGENT)
    with pytest.raises(Invalid):
        tell(mine, "nowhere", AGENT)
    assert [interactions_of(other), interactions_of(mine)] == before


def interactions_of(customer_id: UUID) -> list[UUID]:
    with db.reading() as session:
        return [e.event_id for e in interactions.timeline(session, customer_id, limit=5).items]


@pytest.mark.usefixtures("loaded")
def test_a_callback_asked_for_is_the_agent_s_to_see_until_somebody_called() -> None:
    now, customer_id = clock.now(), find()
    actor = as_customer(customer_id)
    for _ in range(2):  # a double click
        with db.transaction() as session:
            overview.request_callback(session, actor, when="evening", about="  my   bill ", now=now)
    page = overview.customer_page(customer_id, AGENT, now)
    (asked,) = [w.text for w in page.warnings if w.kind == "callback"]
    assert re.fullmatch(r"Asked us to call: \w+day \d+ \w+, (17|18|19):\d\d to \d\d:\d\d · my bill", asked), asked
    assert [line.kind for line in page.timeline].count("callback.requested") == 1
    with db.transaction() as session:
        interactions.record(session, customer_id, "call", "phone", AGENT, {}, now + timedelta(minutes=5))
    after = overview.customer_page(customer_id, AGENT, now + timedelta(minutes=6))
    assert not [w for w in after.warnings if w.kind == "callback"]


@pytest.mark.usefixtures("loaded")
def test_a_callback_that_is_called_off_is_no_longer_asked_for_and_one_that_is_moved_is_at_its_new_time() -> None:
    now, customer_id = clock.now(), find()
    actor = as_customer(customer_id)

    def asked_for() -> list[str]:
        return [w.text for w in overview.customer_page(customer_id, AGENT, now).warnings if w.kind == "callback"]

    with db.transaction() as session:
        overview.request_callback(session, actor, when="soon", about="the router", now=now)
        overview.request_callback(session, actor, when="evening", about="my bill", now=now + timedelta(seconds=1))
        asked = {one.subject: one.case_id for one in cases.of_customer(session, customer_id)}
    assert "my bill" in asked_for()[0]
    with db.transaction() as session:
        cases.cancel(session, customer_id, asked["my bill"], actor=AGENT, now=now)
    assert "the router" in asked_for()[0]
    with db.transaction() as session:
        pack = catalogues.pack_in_force(session)
        at = cases.free_slots(session, pack, now)[-1]
        zone = profiles.profile(session, customer_id).timezone
        cases.move(
            session, customer_id, asked["the router"], at.at,
            zone=zone, pack=pack, actor=AGENT, now=now + timedelta(seconds=2), channel="phone",
        )  # fmt: skip
    assert f"{at.at.astimezone(clock.zone_named(zone)):%H:%M} to " in asked_for()[0]
    with db.transaction() as session:
        treatments.close_case(
            session, customer_id, asked["the router"], actor=AGENT, now=now, channel="phone", outcome="Explained"
        )
    assert asked_for() == []


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(("when", "about", "field"), [("never", "", "when"), ("soon", "x" * 201, "about")])
def test_a_callback_that_cannot_be_says_what_to_mend(when: str, about: str, field: str) -> None:
    actor = as_customer(find())

    def ask() -> None:
        with db.transaction() as session:
            overview.request_callback(session, actor, when=when, about=about, now=clock.now())

    with pytest.raises(Invalid) as refused:
        ask()
    assert list(refused.value.errors) == [field]


def with_fact(fact: str) -> UUID:
    """The first customer of whom the fact is known and more than nothing."""
    with db.reading() as session:
        cursor = None
        while True:
            page = profiles.search(session, limit=100, cursor=cursor)
            for match in page.items:
                if profiles.profile(session, match.id).facts.get("values", {}).get(fact):
                    return match.id
            assert page.next_cursor, f"nobody has {fact}"
            cursor = page.next_cursor


@pytest.mark.usefixtures("loaded_sqlite")
def test_what_is_overdue_warns_the_agent_and_needs_the_customer() -> None:
    now, customer_id = clock.now(), with_fact("overdue_amount")
    page = overview.customer_page(customer_id, AGENT, now)
    assert [w for w in page.warnings if w.kind == "overdue"]
    home = overview.portal_home(as_customer(customer_id), now)
    assert home.needs[0].act_endpoint == "bills"
    assert "$" in home.needs[0].text
    assert len(home.needs) <= 3


@pytest.mark.usefixtures("loaded_sqlite")
def test_an_open_complaint_protects_and_is_said_first() -> None:
    now, customer_id = clock.now(), with_fact("open_complaints")
    page = overview.customer_page(customer_id, AGENT, now)
    assert page.warnings[0].kind == "protective"
    assert "complaint" in [n.kind for n in overview.portal_home(as_customer(customer_id), now).needs]


@pytest.mark.usefixtures("loaded_sqlite")
def test_a_bill_turns_overdue_with_the_day() -> None:
    now = clock.now()
    for customer_id in several(100):
        page = overview.customer_page(customer_id, AGENT, now)
        waiting = [b for b in page.bills if b.status == "open"]
        if waiting:
            later = overview.bills_page(as_customer(customer_id), now + timedelta(days=40))
            assert {b.bill_id: b.status for b in later.bills}[waiting[0].bill_id] == "overdue"
            return
    pytest.fail("nobody has an open bill")


@pytest.mark.usefixtures("loaded")
def test_pages_of_the_timeline_join_and_narrow() -> None:
    now, customer_id = clock.now(), find()
    page = overview.timeline_page(customer_id, AGENT, now)
    seen, cursor = list(page.items), page.next_cursor
    while cursor:
        page = overview.timeline_page(customer_id, AGENT, now, cursor=cursor)
        seen += page.items
        cursor = page.next_cursor
    assert len({line.event_id for line in seen}) == len(seen)
    assert [line.at for line in seen] == sorted((line.at for line in seen), reverse=True)
    bills = overview.timeline_page(customer_id, AGENT, now, kinds=("bill.issued",))
    assert {line.kind for line in bills.items} == {"bill.issued"}


@pytest.mark.usefixtures("loaded_sqlite")
def test_a_page_reads_the_database_a_few_times_only() -> None:
    now, customer_id = clock.now(), find()
    actor = as_customer(customer_id)
    overview.customer_page(customer_id, AGENT, now)
    overview.portal_home(actor, now)
    read: list[str] = []
    mine = threading.get_ident()

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        # What listens for erasures reads beside it.
        read.extend([statement] if statement.startswith("SELECT") and threading.get_ident() == mine else [])

    engine = db._database().reader
    event.listen(engine, "before_cursor_execute", note)
    try:
        overview.customer_page(customer_id, AGENT, now)
        desk = len(read)
        read.clear()
        overview.portal_home(actor, now)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert desk <= 10
    assert len(read) <= 11


@pytest.mark.usefixtures("loaded_sqlite")
def test_the_same_treatment_stands_first_on_both_faces() -> None:
    now, same = clock.now(), 0
    for customer_id in several(20):
        desk = overview.customer_page(customer_id, AGENT, now).recommendation
        portal = overview.portal_home(as_customer(customer_id), now, present=False).recommendation
        if desk.cards and portal.cards and not portal.elsewhere:
            if not {e.treatment for e in desk.elsewhere} and desk.cards[0].card.treatment == portal.cards[0].treatment:
                same += 1
            assert {c.card.treatment: c.card.terms for c in desk.cards}.get(
                portal.cards[0].treatment, portal.cards[0].terms
            ) == (portal.cards[0].terms)
    assert same >= 10
    with db.reading() as session:
        assert catalogues.pack_in_force(session).name == "telecom"
