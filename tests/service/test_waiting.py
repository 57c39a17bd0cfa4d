"""What waits for an agent: in the order in which it burns, and told to whom it concerns; promises, and how they end."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from sqlalchemy import event

from backend import db
from backend.cases import service as cases
from backend.casework import service as casework
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix.service import folder_of, read_body
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.casework import MONDAY, later, opened, pack, staff
from tests.made_customers import JOSE, MARIA, two_customers

CUSTOMER = Actor("customer", str(MARIA), "María Dávila", customer_id=MARIA)


@pytest.fixture(autouse=True)
def published(database: str) -> None:
    two_customers()
    with db.transaction() as session:
        catalogues.publish(session, read_body(folder_of("telecom")), SYSTEM, MONDAY)


def promised(what: str, hours: float, who: Actor | None = None) -> UUID:
    actor = who or staff()
    with db.transaction() as session:
        return cases.promise(session, MARIA, what, later(hours), actor=actor, now=MONDAY).task_id


def shown(hours: float = 0, who: Actor | None = None, only: str = "") -> list[str]:
    found = casework.inbox(who or staff(), later(hours), only)
    return [f"{line.item.kind}:{line.item.what}{'!' if line.late else ''}" for line in found.lines]


def mine(subject: str, **more: str) -> UUID:
    """A case of Kim's."""
    case = opened(subject=subject, **more)
    kim = staff()
    with db.transaction() as session:
        cases.assign(
            session, MARIA, case.case_id, to=(UUID(kim.id), kim.name), pack=pack(), seen=None, actor=kim, now=MONDAY
        )
    return case.case_id


def call_wanted(wish: str = "as soon as possible") -> None:
    with db.transaction() as session:
        cases.open_case(session, JOSE, "callback", "The bill", actor=SYSTEM, now=MONDAY, wish=wish)


def told() -> list[str]:
    """Whom word of an inbox reached."""
    with db.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT subject FROM change WHERE topic = 'inbox'").all()
    return [row[0] for row in rows]


def test_a_case_over_its_service_level_stands_first_and_then_what_is_due_first() -> None:
    mine("The line", type="fault")
    call_wanted()
    promised("Send the contract", 2)
    assert shown() == ["callback:The bill", "task:Send the contract", "case:The line"]
    days = 24 * 7
    assert shown(days) == ["case:The line!", "callback:The bill!", "task:Send the contract!"]
    found = casework.inbox(staff(), later(days))
    assert (found.counts, found.late) == ({"case": 1, "callback": 1, "task": 1}, 3)
    assert shown(days, only="task") == ["task:Send the contract!"]


def test_an_inbox_of_nothing_is_empty_and_another_agents_things_are_not_mine() -> None:
    assert shown() == []
    mine("The line")
    promised("Send the contract", 2)
    assert shown(who=staff("Bea")) == []


def test_a_case_that_waits_is_out_of_sight_until_its_customer_writes() -> None:
    case_id, kim = mine("The line"), staff()
    with db.transaction() as session:
        cases.pend(session, MARIA, case_id, on="customer", until=None, pack=pack(), seen=None, actor=kim, now=later(1))
    assert shown(1) == []
    with db.transaction() as session:
        cases.write(session, MARIA, case_id, "And?", channel="portal", pack=pack(), actor=CUSTOMER, now=later(2))
    assert shown(2) == ["message:The line"]


def test_what_a_customer_wrote_in_a_case_that_nobody_has_waits_for_its_team() -> None:
    case, kim = opened(subject="The bill", type="fault"), staff()
    with db.transaction() as session:
        cases.join_teams(session, UUID(kim.id), [cases.work_of(session, MARIA, case.case_id).team])
        cases.write(session, MARIA, case.case_id, "And?", channel="portal", pack=pack(), actor=CUSTOMER, now=later(1))
    assert shown(1) == ["message:The bill"]
    assert shown(1, staff("Bea")) == []
    assert "everyone" in told()


def test_the_list_is_read_in_three_statements_however_much_waits() -> None:
    for n in range(3):
        mine(f"The line {n}")
        promised(f"Send it {n}", 2 + n)
    call_wanted()
    kim = staff()
    shown()
    asked: list[str] = []
    own = threading.get_ident()

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        # What listens for erasures reads beside it.
        if statement.lstrip().startswith("SELECT") and threading.get_ident() == own:
            asked.append(statement)

    with db.reading() as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert len(casework.inbox(kim, MONDAY).lines) == 7
        assert len(asked) <= 3
        asked.clear()
        with db.reading() as session:
            assert cases.count_waiting(session, UUID(kim.id), MONDAY) == (7, 0)
        assert len(asked) == 1
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_promise_is_kept_taken_up_again_and_handed_on_each_with_its_event() -> None:
    task_id = promised("Send the contract", 2)
    kim, bea = staff(), staff("Bea")
    assert kim.id in told()
    with db.transaction() as session:
        cases.keep_promise(session, MARIA, task_id, actor=kim, now=later(1))
    assert shown(1) == []
    with pytest.raises(Conflict, match="Kim did this"), db.transaction() as session:
        cases.keep_promise(session, MARIA, task_id, actor=bea, now=later(1))
    with db.transaction() as session:
        cases.promise_again(session, MARIA, task_id, actor=kim, now=later(2))
    with db.transaction() as session:
        cases.hand_on(session, MARIA, task_id, UUID(bea.id), actor=kim, now=later(2))
    assert shown(3, bea) == ["task:Send the contract!"]
    assert shown(3) == []
    with db.reading() as session:
        kinds = [one.kind for one in interactions.timeline(session, MARIA, limit=10).items]
    assert {"task.assigned", "task.reopened", "task.kept", "task.promised"} <= set(kinds)
    assert {one for one in kinds if one.startswith("task.")} <= interactions.HIDDEN_FROM_CUSTOMERS


def test_a_promise_of_nothing_or_of_yesterday_is_none() -> None:
    kim = staff()
    for what, hours, field in (("  ", 1, "what"), ("Call", 0, "until")):
        with pytest.raises(Invalid) as refused, db.transaction() as session:
            cases.promise(session, MARIA, what, later(hours), actor=kim, now=MONDAY)
        assert field in refused.value.errors
    task_id = promised("Call", 1)
    with pytest.raises(Invalid), db.transaction() as session:
        cases.hand_on(session, MARIA, task_id, UUID(int=5), actor=kim, now=MONDAY)
    with pytest.raises(NotFound), db.transaction() as session:
        cases.keep_promise(session, JOSE, task_id, actor=kim, now=MONDAY)


def test_who_asked_for_an_approval_hears_how_it_came_out_until_they_have_seen_it() -> None:
    kim, bea = staff(), staff("Bea")
    with db.transaction() as session:
        cases.notify(session, MARIA, kim.id, "refused", "A credit", "Too much", MONDAY)
        cases.notify(session, MARIA, "program", "approved", "A credit", "", MONDAY)
    (line,) = casework.inbox(kim, later(5)).lines
    assert (line.item.kind, line.item.state, line.item.detail, line.late) == ("approval", "refused", "Too much", False)
    with pytest.raises(NotFound), db.transaction() as session:
        cases.seen_notice(session, MARIA, line.item.thing_id, UUID(bea.id), later(5))
    with db.transaction() as session:
        cases.seen_notice(session, MARIA, line.item.thing_id, UUID(kim.id), later(5))
    assert shown(5) == []
