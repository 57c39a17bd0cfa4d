"""A case is worked: by whom, how urgently, what was written; each act upon what was seen, each with its one event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.cases import service as cases
from backend.cases.types import Case, Work
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.casework import HOUR, MONDAY, later, opened, pack, staff, standing
from tests.made_customers import JOSE, MARIA, two_customers

CUSTOMER = Actor("customer", str(MARIA), "María Dávila", customer_id=MARIA)


@pytest.fixture(autouse=True)
def both(database: str) -> None:
    two_customers()


def do(act: Callable[..., Any], case: Case, *given: Any, **more: Any) -> Any:
    """Does it as Kim, at the instant, upon what stands now unless something else was seen."""
    known = {"actor": staff(), "now": later(1)} | more
    if act is not cases.write:
        known.setdefault("seen", standing(case).version)
    if act not in (cases.note, cases.close, cases.resolve):
        known["pack"] = pack()
    with db.transaction() as session:
        return act(session, MARIA, case.case_id, *given, **known)


def kinds() -> list[str]:
    with db.reading() as session:
        return [event.kind for event in interactions.timeline(session, MARIA, limit=100).items][::-1]


def count() -> float:
    with db.reading() as session:
        values: dict[str, float] = profiles.profile(session, MARIA).facts["values"]
        return values.get("open_cases", 0)


def lines(view: cases.View = "all", who: Actor | None = None, **more: Any) -> list[UUID]:
    with db.reading() as session:
        found = cases.cases_in(session, view, UUID(who.id) if who else None, **more)
    return [one.case.case_id for one in found.items]


def test_a_new_case_goes_to_the_team_of_its_type_and_is_due_by_its_priority() -> None:
    work = standing(opened(type="fault"))
    assert (work.status, work.type, work.priority, work.team, work.staff_id) == (
        "new",
        "fault",
        "high",
        "technical",
        None,
    )
    assert work.first_due == later(4)
    # 24 hours of work from ten on Monday: ten left on Monday, twelve on Tuesday, two on Wednesday.
    assert work.solve_due == MONDAY + 2 * timedelta(days=1)
    assert kinds() == ["case.opened"]
    assert count() == 1


@pytest.mark.parametrize("wrong", [{"type": "weather"}, {"priority": "soon"}, {"team": "moon"}])
def test_what_the_pack_has_not_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid, match=r"There is no"):
        opened(**wrong)
    assert kinds() == []


def test_who_takes_a_new_case_has_looked_at_it_and_who_is_given_one_has_not() -> None:
    mine, theirs, kim, noor = opened(), opened(), staff(), staff("Noor")
    taken: Work = do(cases.assign, mine, to=(UUID(kim.id), kim.name))
    assert (taken.status, taken.staff, taken.version) == ("open", "Kim", 2)
    given: Work = do(cases.assign, theirs, to=(UUID(noor.id), noor.name), team="billing")
    assert (given.status, given.staff, given.team) == ("new", "Noor", "billing")
    nobody: Work = do(cases.assign, theirs, to=None)
    assert (nobody.staff_id, nobody.team) == (None, "billing")
    assert kinds() == ["case.opened"] * 2 + ["case.assigned"] * 3
    again: Work = do(cases.assign, theirs, to=None)
    assert again.version == nobody.version, "what changes nothing is no act"
    with pytest.raises(Invalid):
        do(cases.assign, theirs, to=(UUID(int=3), "Nobody"))


def test_of_two_who_act_upon_the_same_the_second_is_told() -> None:
    case = opened()
    do(cases.note, case, "First", seen=1)
    for act, given in (
        (cases.note, ("Second",)), (cases.reply, ("Second",)),
    ):  # fmt: skip
        with pytest.raises(Conflict, match="Kim changed this case meanwhile"):
            do(act, case, *given, seen=1, actor=staff("Noor"), **({"channel": "portal"} if act is cases.reply else {}))
    with pytest.raises(Conflict):
        do(cases.resolve, case, seen=1, outcome="")
    assert kinds() == ["case.opened", "case.noted"]
    assert standing(case).version == 2


def test_the_first_answer_is_due_until_it_is_given_and_the_customer_alone_reads_answers() -> None:
    case = opened()
    do(cases.write, case, "It is broken.", channel="portal", actor=CUSTOMER)
    assert standing(case).unanswered
    do(cases.note, case, "Rude.")
    do(cases.reply, case, " We look into it. ", channel="portal", now=later(2))
    work = standing(case)
    assert (work.status, work.answered_at, work.unanswered, work.staff) == ("open", later(2), False, "Kim")
    assert cases.due_next(work, later(3)).what == "resolution"
    with db.reading() as session:
        all_ = cases.messages(session, MARIA, case.case_id, notes=True)
        told = cases.messages(session, MARIA, case.case_id, notes=False)
    assert [one.text for one in all_] == ["It is broken.", "Rude.", "We look into it."]
    assert [one.kind for one in told] == ["customer", "agent"]
    assert kinds() == ["case.opened", "case.written", "case.noted", "case.answered"]
    do(cases.reply, case, "And again.", channel="portal", now=later(3))
    assert standing(case).answered_at == later(2)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 10_001])
def test_nothing_and_too_much_is_not_written(text: str) -> None:
    case = opened()
    for act, more in ((cases.note, {}), (cases.reply, {"channel": "portal"})):
        with pytest.raises(Invalid):
            do(act, case, text, **more)
    with db.reading() as session:
        assert cases.messages(session, MARIA, case.case_id, notes=True) == ()


def test_a_case_that_waits_has_its_clock_stopped_and_what_the_customer_writes_sets_it_going() -> None:
    case = opened()
    do(cases.reply, case, "Tell us more.", channel="portal", now=later(1))
    due = standing(case).solve_due
    assert due
    waits: Work = do(cases.pend, case, on="customer", until=None, now=later(2))
    assert (waits.status, waits.paused_at) == ("pending", later(2))
    assert cases.due_next(waits, later(50)).what == "paused"
    do(cases.write, case, "Here it is.", channel="portal", actor=CUSTOMER, now=later(5))
    after = standing(case)
    assert (after.status, after.unanswered, after.paused_at, after.waits_for) == ("open", True, None, "")
    assert after.solve_due == due + 3 * HOUR
    assert after.paused_seconds == 3 * 3600


def test_another_priority_counts_from_the_beginning_less_the_pauses() -> None:
    case = opened()
    do(cases.pend, case, on="third_party", until=None, now=later(1))
    do(cases.go_on, case, now=later(3))
    work: Work = do(cases.classify, case, priority="urgent", tags=["Line Down", "x"], now=later(3))
    assert (work.first_due, work.priority, work.tags) == (later(3), "urgent", ("line", "line_down", "x")[1:])
    assert do(cases.classify, case, priority="urgent").version == work.version


def test_a_snoozed_case_is_out_of_sight_and_its_clock_goes_on() -> None:
    case = opened()
    due = standing(case).first_due
    asleep: Work = do(cases.snooze, case, until=later(30))
    assert (asleep.status, asleep.first_due) == ("snoozed", due)
    assert lines() == []
    assert lines(statuses=["snoozed"]) == [case.case_id]
    with db.reading() as session:
        assert cases.due_to_wake(session, later(29), 9) == []
        assert cases.due_to_wake(session, later(30), 9) == [(MARIA, case.case_id)]
    do(cases.go_on, case, actor=SYSTEM, now=later(30))
    assert standing(case).status == "open"
    with pytest.raises(Invalid, match="has passed"):
        do(cases.snooze, case, until=later(1), now=later(31))


def test_resolved_it_counts_no_more_and_opened_again_it_does() -> None:
    case = opened()
    do(cases.reply, case, "Try it now.", channel="portal", now=later(1))
    due = standing(case).solve_due
    assert due
    done: Case = do(cases.resolve, case, outcome="Mended.", now=later(2))
    assert (done.state, done.outcome) == ("done", "Mended.")
    assert (standing(case).status, count(), lines()) == ("resolved", 0, [])
    with pytest.raises(Conflict, match="is resolved"):
        do(cases.reply, case, "More", channel="portal")
    do(cases.note, case, "They called to thank us.", now=later(3))
    again: Work = do(cases.reopen, case, now=later(4))
    assert (again.status, again.solve_due, count()) == ("reopened", due + 2 * HOUR, 1)
    with db.reading() as session:
        assert cases.case_of(session, MARIA, case.case_id).state == "open"
    assert kinds()[-3:] == ["case.resolved", "case.noted", "case.reopened"]


def test_what_the_customer_writes_opens_a_resolved_case_and_not_a_closed_one() -> None:
    case = opened()
    do(cases.resolve, case, outcome="")
    do(cases.write, case, "Not at all.", channel="portal", actor=CUSTOMER)
    assert (standing(case).status, count()) == ("reopened", 1)
    with pytest.raises(Conflict, match="Only a resolved case"):
        do(cases.close, case)
    do(cases.resolve, case, outcome="")
    do(cases.close, case)
    assert standing(case).status == "closed"
    with pytest.raises(Conflict, match="write to us anew"):
        do(cases.write, case, "Hello?", channel="portal", actor=CUSTOMER)
    assert kinds()[-2:] == ["case.resolved", "case.closed"]


def test_resolved_ones_are_to_be_closed_after_their_days() -> None:
    case = opened()
    do(cases.resolve, case, outcome="", now=later(1))
    with db.reading() as session:
        assert cases.due_to_close(session, later(0.9), 9) == []
        assert cases.due_to_close(session, later(1), 9) == [(MARIA, case.case_id)]


def test_lists_hold_what_burns_first_and_pages_join() -> None:
    kim = staff()
    slow, quick = opened(priority="low"), opened(priority="urgent")
    others = [opened(JOSE, priority="normal") for _ in range(5)]
    assert lines()[0] == quick.case_id
    assert lines()[-1] == slow.case_id
    assert len(lines("unassigned")) == 7
    do(cases.assign, quick, to=(UUID(kim.id), kim.name))
    assert lines("mine", kim) == [quick.case_id]
    assert quick.case_id not in lines("unassigned")
    assert lines("team", kim) == []
    with db.transaction() as session:
        cases.join_teams(session, UUID(kim.id), ["care", "care"])
        assert cases.teams_of(session, UUID(kim.id)) == ("care",)
        assert cases.counts(session, UUID(kim.id)) == cases.Counted(1, 7, 6, 7)
    assert len(lines("team", kim)) == 7
    seen: list[UUID] = []
    cursor = None
    while True:
        with db.reading() as session:
            page = cases.cases_in(session, "all", None, limit=2, cursor=cursor)
        seen += [one.case.case_id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == lines()
    assert {one.case_id for one in others} < set(seen)
    do(cases.pend, quick, on="customer", until=None)
    assert lines()[-1] == quick.case_id, "what waits burns last"
    assert lines(priority="low") == [slow.case_id]
    for wrong in ("x", "1.2", "9" * 40 + "." + str(UUID(int=1)), "." + str(UUID(int=1))):
        with pytest.raises(Invalid, match="cursor"):
            lines(cursor=wrong)


def test_a_draft_is_its_writers_alone_and_is_gone_once_it_is_sent() -> None:
    case, kim, noor = opened(), staff(), staff("Noor")

    def kept(who: Actor) -> Any:
        with db.reading() as session:
            return cases.draft_of(session, MARIA, case.case_id, UUID(who.id))

    with db.transaction() as session:
        for text in ("Dear", "Dear María"):
            cases.keep_draft(session, MARIA, case.case_id, "agent", text, actor=kim, now=later(1))
        cases.keep_draft(session, MARIA, case.case_id, "note", "Odd", actor=noor, now=later(1))
    assert (kept(kim).text, kept(noor).text, standing(case).version) == ("Dear María", "Odd", 1)
    do(cases.reply, case, "Dear María!", channel="portal")
    assert kept(kim) is None
    assert kept(noor).text == "Odd"
    with db.transaction() as session:
        cases.keep_draft(session, MARIA, case.case_id, "note", " ", actor=noor, now=later(1))
        with pytest.raises(NotFound):
            cases.keep_draft(session, JOSE, case.case_id, "note", "x", actor=noor, now=later(1))
    assert kept(noor) is None


def test_another_customers_case_is_not_there() -> None:
    case = opened()
    with db.transaction() as session:
        for act, given in ((cases.work_of, ()), (cases.case_of, ())):
            with pytest.raises(NotFound):
                act(session, JOSE, case.case_id, *given)
        with pytest.raises(NotFound):
            cases.reply(
                session, JOSE, case.case_id, "x", channel="portal", pack=pack(), seen=1, actor=staff_of(), now=MONDAY
            )
        assert cases.messages(session, JOSE, case.case_id, notes=True) == ()


def staff_of() -> Actor:
    return Actor("staff", str(UUID(int=5)), "Kim")


def test_all_of_a_case_is_handed_over_and_erased() -> None:
    case = opened()
    do(cases.note, case, "Something")
    with db.transaction() as session:
        cases.keep_draft(session, MARIA, case.case_id, "agent", "Dear", actor=staff_of(), now=MONDAY)
        cases.begin_writing(session, MARIA, case.case_id, actor=staff_of(), now=MONDAY)
        cases.promise(session, MARIA, "Call", later(1), actor=staff_of(), now=MONDAY)
        cases.ask_callback(
            session,
            MARIA,
            "The line",
            zone="America/New_York",
            pack=pack(),
            actor=staff_of(),
            now=MONDAY,
            channel="phone",
        )
        cases.notify(session, MARIA, staff_of().id, "approved", "A credit", "", MONDAY)
    with db.reading() as session:
        held = {table: len(rows) for table, rows in cases.export_customer(session, MARIA).items()}
    assert {table for table, many in held.items() if not many} == {"case_file", "case_link"}
    assert sum(held.values()) == 9
    with db.transaction() as session:
        assert cases.erase_customer(session, MARIA) == 9
        assert not any(cases.export_customer(session, MARIA).values())
