"""What happens is counted as it arrives, once, and agrees with a recount whatever happened in whatever order; on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from backend import db
from backend.catalogue import service as catalogues
from backend.identities import service as identities
from backend.interactions import service as interactions
from backend.interactions.contacts import end
from backend.interactions.tables import CountDueRow
from backend.oversight import service as oversight
from backend.reporting import service as reporting
from backend.reporting.tables import (
    ReportContactDayRow,
    ReportContactRow,
    ReportOfferDayRow,
    ReportOfferRow,
    ReportStateRow,
)
from backend.treatments import service as treatments
from backend.treatments.replaying import recall
from backend.treatments.tables import DecisionRow
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import EvenhandError
from tests.fulfilling import leaving, open_shop, undo
from tests.small_company import ADA, BY_ADA, DAY, GRACE, KIM, NOW, answer, decide, enter, offer_of, order, tell, work

_CONTACT_DAY = db.table_of(ReportContactDayRow)
_OFFER_DAY = db.table_of(ReportOfferDayRow)
_CONTACT = db.table_of(ReportContactRow)
_OFFER = db.table_of(ReportOfferRow)
_STATE = db.table_of(ReportStateRow)
LEE = Actor("staff", str(UUID(int=2)), "Lee")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_shop()
    return database


def contact(
    now: Any, minutes: int = 6, after: int = 2, who: UUID = ADA, actor: Actor = KIM, intent: str | None = None
) -> UUID:
    """A call of so many minutes that is wrapped up so many minutes after its end; gives its id."""
    with db.transaction() as session:
        begun = interactions.begin(session, who, "phone", actor, now)
    with db.transaction() as session:
        end(session, who, begun.interaction_id, now + minutes * MINUTE)
    with db.transaction() as session:
        interactions.wrap_up(
            session, who, begun.interaction_id, code="solved", label="Solved", summary="", actor=actor,
            now=now + (minutes + after) * MINUTE, intent=intent,
        )  # fmt: skip
    return begun.interaction_id


def counted(now: Any = NOW) -> None:
    """All that happened is counted, and agrees with a recount."""
    reporting.roll_all(now)
    found = reporting.recount(now)
    assert (found.wrong, found.differences, found.waiting) == (0, (), 0)


def acts() -> dict[str, int]:
    """Act → how often, of those who are gone too."""
    with db.reading() as session:
        asked = select(_OFFER_DAY.c.act, func.sum(_OFFER_DAY.c.n)).where(_OFFER_DAY.c.split == "")
        return {act: int(n) for act, n in session.execute(asked.group_by(_OFFER_DAY.c.act)) if n}


def sums(kind: str = "contact") -> dict[str, int]:
    names = (
        "n",
        "handle_seconds",
        "after_seconds",
        "transferred",
        "asked",
        "repeated",
        "followed",
        "contained",
        "score",
    )
    with db.reading() as session:
        asked = select(*(func.coalesce(func.sum(_CONTACT_DAY.c[name]), 0) for name in names))
        row = session.execute(asked.where(_CONTACT_DAY.c.kind == kind)).one()
    return dict(zip(names, map(int, row), strict=True))


def test_an_answer_is_counted_within_the_next_round_and_only_once() -> None:
    offer = offer_of(decide(), order(decide())[0])
    answer(offer, "presented")
    counted()
    assert acts() == {"presented": 1}
    answer(offer, "accepted", NOW + MINUTE)
    counted()
    counted()
    assert acts() == {"presented": 1, "accepted": 1}


def test_an_answer_without_a_presentation_presented_it() -> None:
    answer(offer_of(decide(), order(decide())[0]), "declined", reason="never")
    counted()
    assert acts() == {"presented": 1, "declined": 1}
    with db.reading() as session:
        reasons = select(_OFFER_DAY.c.value).where(_OFFER_DAY.c.split == "reason", _OFFER_DAY.c.act == "declined")
        assert session.execute(reasons).scalars().all() == ["never"]


def test_what_is_taken_back_counts_against_the_acceptance_and_its_agent() -> None:
    offer = leaving()
    work()
    counted()
    with db.reading() as session:
        asked = select(_OFFER_DAY.c.fulfilled, _OFFER_DAY.c.undone, _OFFER_DAY.c.staff)
        accepted = asked.where(_OFFER_DAY.c.act == "accepted", _OFFER_DAY.c.split == "")
        before = session.execute(accepted).one()
    assert tuple(before)[:2] == (1, 0)
    undo(offer)
    counted()
    with db.reading() as session:
        after = session.execute(accepted).one()
    assert tuple(after)[:2] == (1, 1)
    assert after.staff == before.staff


def test_a_contact_is_counted_with_what_it_took_once_it_is_wrapped_up() -> None:
    with db.transaction() as session:
        interactions.begin(session, GRACE, "phone", LEE, NOW)
    contact(NOW, 6, 2)
    counted()
    assert sums() == {
        "n": 1, "handle_seconds": 480, "after_seconds": 120, "transferred": 0, "asked": 0, "repeated": 0, "followed": 0,
        "contained": 0, "score": 0,
    }  # fmt: skip


def test_who_comes_again_for_the_same_reason_within_seven_days_was_not_helped_the_first_time() -> None:
    contact(NOW, intent="bill")
    counted()
    assert (sums()["asked"], sums()["followed"]) == (1, 0)
    contact(NOW + 6 * DAY, intent="bill")
    contact(NOW + 6 * DAY + timedelta(hours=2), intent="fault")
    contact(NOW + 14 * DAY, intent="bill")
    counted(NOW + 14 * DAY)
    assert {key: sums()[key] for key in ("asked", "repeated", "followed")} == {"asked": 4, "repeated": 1, "followed": 1}


def test_a_visit_is_contained_unless_somebody_is_asked_within_a_day() -> None:
    with db.transaction() as session:
        interactions.visit(session, BY_ADA, None, NOW)
    counted()
    assert (sums("visit")["n"], sums("visit")["contained"]) == (1, 1)
    contact(NOW + timedelta(hours=3))
    counted()
    assert sums("visit")["contained"] == 0


def test_whoever_is_erased_leaves_the_counts_and_nothing_that_names_them(tmp_path: Any) -> None:
    answer(offer_of(decide(), order(decide())[0]), "accepted")
    contact(NOW)
    before_counted = Counter(acts())
    assert not before_counted
    with db.transaction() as session:
        oversight.erase_customer(session, ADA, SYSTEM, NOW, tmp_path)
    counted()
    assert acts() == {"presented": 1, "accepted": 1}
    assert sums()["n"] == 1
    with db.reading() as session:
        for table in (_CONTACT, _OFFER, db.table_of(CountDueRow)):
            assert session.execute(select(func.count()).where(table.c.customer_id == ADA)).scalar_one() == 0


def test_a_change_of_the_zone_has_everybody_counted_by_the_new_days() -> None:
    contact(NOW - timedelta(hours=14))
    counted()
    with db.reading() as session:
        assert session.execute(select(_CONTACT_DAY.c.day)).scalar_one().isoformat() == "2026-11-21"
    with db.transaction() as session:
        session.execute(update(_STATE).values(zone="Asia/Tokyo"))
        session.execute(update(_CONTACT).values(day=NOW.date()))
        session.execute(update(_CONTACT_DAY).values(day=NOW.date()))
    counted()
    with db.reading() as session:
        assert session.execute(select(_CONTACT_DAY.c.day)).scalar_one().isoformat() == "2026-11-21"


def test_a_wrong_count_is_found_and_mended() -> None:
    contact(NOW)
    answer(offer_of(decide(), order(decide())[0]), "declined")
    counted()
    with db.transaction() as session:
        session.execute(update(_CONTACT_DAY).values(n=7))
        session.execute(_OFFER.delete().where(_OFFER.c.act == "declined"))
    found = reporting.recount(NOW)
    assert found.wrong > 1
    assert any("report_contact_day" in one for one in found.differences)
    reporting.mend(NOW)
    counted()
    assert (sums()["n"], acts()) == (1, {"presented": 1, "declined": 1})


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_what_commits_late_is_counted_though_younger_things_were_counted_before() -> None:
    """On PostgreSQL an act may commit after others that began later; SQLite has one writer, who is waited for."""
    begun, go = threading.Event(), threading.Event()
    second, themselves = enter(7)

    def late() -> None:
        with db.transaction() as session:
            interactions.begin(session, GRACE, "phone", LEE, NOW)
            interactions.record(
                session,
                GRACE,
                "offer.presented",
                "phone",
                LEE,
                {"offer_id": str(UUID(int=9)), "treatment": "films"},
                NOW,
            )
            begun.set()
            go.wait(20)

    thread = threading.Thread(target=late)
    thread.start()
    assert begun.wait(20)
    with db.transaction() as session:
        told = {"offer_id": str(UUID(int=10)), "treatment": "films"}
        interactions.record(session, second, "offer.presented", "portal", themselves, told, NOW + MINUTE)
    reporting.roll_all(NOW)
    assert acts() == {"presented": 1}
    go.set()
    thread.join()
    counted()
    assert acts() == {"presented": 2}


class Day:
    """Random acts of several customers and two agents, whatever the product allows of them."""

    def __init__(self, seed: int, folder: Any) -> None:
        self.chance, self.folder, self.now = Random(seed), folder, NOW
        self.people = {ADA: BY_ADA, **dict(enter(nth) for nth in range(3))}
        self.merges: list[UUID] = []
        self.done: Counter[str] = Counter()

    def step(self) -> None:
        self.now += timedelta(minutes=self.chance.choice((1, 20, 300, 1500, 5000)))
        act = self.chance.choice(
            (self.answers, self.answers, self.answers, self.undoes, self.overrides, self.calls, self.calls, self.visits, self.rates,
             self.says_leaving, self.late_event, self.merges_two, self.unmerges, self.is_erased, self.works, self.rolls, self.rolls)
        )  # fmt: skip
        try:
            act(self.chance.choice(sorted(self.people)))
            self.done[act.__name__] += 1
        except EvenhandError:
            pass

    def answers(self, who: UUID) -> None:
        decided = decide(self.now, who)
        staff = self.chance.random() < 0.6
        actor = self.chance.choice((KIM, LEE)) if staff else self.people[who]
        live = [
            offer.offer_id for offer in decided.offers if offer.state in ("open", "presented", "deferred", "declined")
        ]
        response = self.chance.choice(("presented", "accepted", "declined", "deferred"))
        answer(self.chance.choice(live or [UUID(int=3)]), response, self.now, "phone" if staff else "portal", actor)

    def undoes(self, who: UUID) -> None:
        taken = [o.offer_id for o in decide(self.now, who).offers if o.state in ("accepted", "fulfilled")]
        with clock.frozen(self.now), db.transaction() as session:
            treatments.undo(
                session, self.chance.choice(taken or [UUID(int=3)]), channel="phone", actor=KIM, now=self.now
            )

    def overrides(self, who: UUID) -> None:
        with db.reading() as session:
            others = treatments.alternatives(session, who, "phone", KIM, self.now)
        wanted = self.chance.choice([one.treatment for one in others] or ["none"])
        with clock.frozen(self.now), db.transaction() as session:
            treatments.override(session, who, wanted, channel="phone", actor=KIM, now=self.now, reason="asked for it")

    def calls(self, who: UUID) -> None:
        contact(self.now, self.chance.randint(0, 30), self.chance.randint(0, 5), who, self.chance.choice((KIM, LEE)), self.chance.choice((None, "bill", "fault")))  # fmt: skip

    def visits(self, who: UUID) -> None:
        with db.transaction() as session:
            interactions.visit(session, self.people[who], None, self.now)

    def rates(self, who: UUID) -> None:
        taken = [o.offer_id for o in decide(self.now, who).offers if o.state == "fulfilled"]
        with db.transaction() as session:
            interactions.rate(
                session, who, "offer", self.chance.choice(taken or [UUID(int=self.chance.randint(1, 3))]), score=self.chance.randint(1, 5),
                words="", about="it", channel="portal", pack=catalogues.pack_in_force(session), actor=self.people[who], now=self.now,
            )  # fmt: skip

    def says_leaving(self, who: UUID) -> None:
        tell("leave", None, self.now, customer_id=who)
        with db.transaction() as session:
            interactions.record(
                session,
                who,
                "moment.set",
                "phone",
                LEE,
                {"stage": "leave", "source": "stated"},
                self.now,
                stage="leave",
            )

    def late_event(self, who: UUID) -> None:
        at = self.now - timedelta(days=self.chance.randint(1, 300))
        told = {"offer_id": str(UUID(int=self.chance.randint(100, 200))), "treatment": "films"}
        kind = self.chance.choice(("offer.presented", "offer.declined", "offer.accepted"))
        with db.transaction() as session:
            interactions.append(session, who, [interactions.new_event(who, kind, "email", SYSTEM, at, told)], self.now)

    def merges_two(self, who: UUID) -> None:
        other = self.chance.choice(sorted(self.people))
        with clock.frozen(self.now), db.transaction() as session:
            merged = identities.merge(session, other, who, actor=SYSTEM, now=self.now)
        self.merges.append(merged.merge_id)
        self.people.pop(other)

    def unmerges(self, _who: UUID) -> None:
        merge_id = self.chance.choice(self.merges or [UUID(int=3)])
        with clock.frozen(self.now), db.transaction() as session:
            back = identities.unmerge(session, merge_id, actor=SYSTEM, now=self.now)
        self.people[back.from_id] = Actor("customer", str(back.from_id), "Ada Lovelace", customer_id=back.from_id)

    def is_erased(self, who: UUID) -> None:
        if len(self.people) < 3 or self.chance.random() < 0.7:
            return
        with db.transaction() as session:
            oversight.erase_customer(session, who, SYSTEM, self.now, self.folder)
        self.people.pop(who)

    def works(self, _who: UUID) -> None:
        work(self.now)

    def rolls(self, _who: UUID) -> None:
        reporting.roll_due(self.now, self.chance.choice((1, 2, 100)))


@pytest.mark.parametrize("seed", range(6))
def test_the_counts_agree_with_a_recount_after_any_sequence_of_acts(seed: int, tmp_path: Any) -> None:
    day = Day(seed, tmp_path)
    for _ in range(60):
        day.step()
    counted(day.now)
    assert sum(acts().values()) > 10
    assert sums()["n"] > 0


def test_why_customers_got_nothing_is_told_of_the_decisions_of_those_days_as_they_were_made() -> None:
    decisions = db.table_of(DecisionRow)
    ids_of = [treatments.decide(who, NOW).decision_id for who in (ADA, GRACE)]
    with db.transaction() as session:
        session.execute(update(decisions).where(decisions.c.decision_id == ids_of[0]).values(ranked=[]))
    with db.reading() as session:
        today = reporting.span_of("today", "", "", "America/New_York", clock.now())
        found = reporting.why_nothing(session, today)
        some = reporting.why_nothing(session, today, 1)
        later = reporting.why_nothing(
            session, reporting.span_of("today", "", "", "America/New_York", clock.now() + DAY)
        )
    assert (found.decisions, found.customers, found.nothing, found.with_nothing) == (2, 2, 1, 1)
    assert (found.looked_at, found.gone) == (1, 0)
    assert sum(line.removed for line in found.steps) == sum(len(one) for one in _withheld(ids_of[0])), (
        "each treatment that was removed then is counted by the step that removed it"
    )
    assert some == found
    assert (later.decisions, later.steps) == (0, ())


def _withheld(decision_id: UUID | None) -> list[Any]:
    assert decision_id is not None
    with db.reading() as session:
        return [recall(session, decision_id).ruling.withheld]
