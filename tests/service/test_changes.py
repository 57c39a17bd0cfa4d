"""Word of what changed: told when the act has committed, to those who want it, across processes; nothing is missed."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.record import changes
from backend.record import hub as hubs
from backend.record import service as record
from backend.record.service import RETURN, Change, Watch
from shared.kernel import clock, ids
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Conflict, Unavailable

SOON = 5.0
A_WHILE = 0.4
CUSTOMER, OTHER = ids.uuid7(), ids.uuid7()
Watches = Callable[..., Watch]


def anything(_change: Change) -> bool:
    return True


@pytest.fixture
def watching(database: str) -> Iterator[Watches]:
    """Opens watches; they are closed with the test."""
    opened: list[Watch] = []

    def opens(wants: Callable[[Change], object] = anything, **more: object) -> Watch:
        opened.append(record.hub().watch(wants, **more))  # type: ignore[arg-type]
        return opened[-1]

    yield opens
    for watch in opened:
        watch.close()
    record.hub().close()


def tell(
    topic: str = "offers", customer_id: UUID | None = CUSTOMER, at: datetime | None = None, **more: object
) -> None:
    with db.transaction() as session:
        record.changed(session, topic, customer_id=customer_id, now=at or clock.now(), **more)  # type: ignore[arg-type]


def told(watch: Watch, count: int = 1, seconds: float = SOON) -> list[Change]:
    """So many changes, as soon as they are there."""
    came: list[Change] = []
    until = time.monotonic() + seconds
    while len(came) < count and time.monotonic() < until:
        came += watch.wait(until - time.monotonic())
    return came


def topics(came: list[Change]) -> list[str]:
    return [change.topic for change in came]


def test_a_change_is_told_with_all_that_it_says(watching: Watches) -> None:
    watch = watching()
    tell("interaction", subject="one", private=True)
    (came,) = told(watch)
    assert came == Change(came.id, "interaction", CUSTOMER, "one", True)
    assert came.id > 0


def test_a_change_is_told_when_its_act_has_committed_and_not_before(watching: Watches) -> None:
    watch = watching()
    with db.transaction() as session:
        record.changed(session, "offers", customer_id=CUSTOMER, now=clock.now())
        assert watch.wait(A_WHILE) == []
    assert topics(told(watch)) == ["offers"]


def test_what_an_act_that_rolled_back_would_have_changed_is_never_told(watching: Watches) -> None:
    watch = watching()
    with pytest.raises(Conflict), db.transaction() as session:  # noqa: PT012 (what is tested is the block)
        record.changed(session, "offers", now=clock.now())
        raise Conflict
    assert watch.wait(A_WHILE) == []


def test_each_watcher_hears_what_it_wants_and_nothing_else(watching: Watches) -> None:
    mine = watching(lambda change: change.customer_id == CUSTOMER)
    theirs = watching(lambda change: change.customer_id == OTHER)
    tell("offers", OTHER)
    tell("moment", CUSTOMER)
    assert topics(told(mine)) == ["moment"]
    assert topics(told(theirs)) == ["offers"]
    assert mine.wait(0) == theirs.wait(0) == []


def test_a_watcher_of_certain_things_is_asked_about_those_alone(watching: Watches) -> None:
    asked: list[Change] = []
    about = watching(lambda change: not asked.append(change), about=[CUSTOMER, "agent"])
    everything = watching()
    tell("offers", OTHER)
    tell("agents", None, subject="other")
    tell("offers")
    tell("agents", None, subject="agent")
    tell("interaction", CUSTOMER, subject="agent")
    assert [(change.topic, change.customer_id) for change in told(about, 3)] == [
        ("offers", CUSTOMER), ("agents", None), ("interaction", CUSTOMER),
    ]  # fmt: skip
    assert len(told(everything, 5)) == 5
    assert len(asked) == 3
    about.close()
    about.close()
    tell()
    assert told(everything)


def test_what_another_process_did_is_told_too(watching: Watches, database: str) -> None:
    watch = watching()
    script = (
        "import sys; from uuid import UUID; from backend import db; from backend.record import service as record;"
        "from shared.kernel import clock; db.open(sys.argv[1])\n"
        "with db.transaction() as session: record.changed(session, 'offers', customer_id=UUID(sys.argv[2]), now=clock.now())"
    )
    subprocess.run([sys.executable, "-c", script, database, str(CUSTOMER)], check=True, timeout=30)
    assert topics(told(watch)) == ["offers"]


def test_whoever_comes_back_hears_what_came_meanwhile(watching: Watches) -> None:
    first = watching()
    tell("moment")
    (last,) = told(first)
    first.close()
    tell("offers")
    tell("timeline")
    again = watching(after=last.id)
    # Some may be said twice, and what is told just now may come before what was missed.
    heard: set[str] = set()
    while not heard >= {"offers", "timeline"}:
        came = topics(again.wait(5))
        assert came, heard
        heard |= set(came)
    assert heard == {"offers", "timeline"}
    assert "timeline" not in topics(watching(after=again.newest()).wait(0))


def test_a_page_drawn_before_a_change_hears_of_it_when_it_begins_to_listen(watching: Watches) -> None:
    tell("profile", at=clock.now() - timedelta(minutes=1))
    drawn = clock.now() - timedelta(seconds=10)
    tell("offers")
    assert topics(told(watching(since=drawn), seconds=A_WHILE)) == ["offers"]


def test_where_nobody_knows_what_was_missed_everything_is_looked_at_anew(watching: Watches) -> None:
    tell(at=clock.now() - timedelta(hours=3))
    tell(at=clock.now() - timedelta(hours=2))
    tell()
    assert record.purge_changes(clock.now()) == 2
    assert topics(told(watching(after=1))) == [RETURN]
    assert RETURN not in topics(watching(after=3).wait(0))
    with db.transaction() as session:
        for nth in range(changes.READ_BACK + 1):
            record.changed(session, "offers", subject=str(nth), now=clock.now())
    assert topics(told(watching(after=3)))[0] == RETURN


def test_a_slow_watcher_gets_one_word_for_all_that_it_did_not_take(watching: Watches) -> None:
    slow, quick = watching(), watching(lambda change: change.topic == "last")
    with db.transaction() as session:
        for nth in range(hubs.WAITING + 1):
            record.changed(session, "offers", subject=str(nth), now=clock.now())
    tell("last")
    assert topics(told(quick)) == ["last"]
    assert topics(slow.wait(0))[0] == RETURN


def test_above_the_cap_nobody_more_is_let_in_and_a_place_given_up_is_free_again(watching: Watches) -> None:
    held = [watching(most=3) for _ in range(3)]
    with pytest.raises(Unavailable) as refused:
        watching(most=3)
    assert refused.value.extra["retry_after"] > 0
    held[0].close()
    assert watching(most=3).wait(0) == []
    assert record.hub().watching() == 3


def test_of_one_owners_watches_the_oldest_gives_way(watching: Watches) -> None:
    mine = [watching(owner="me") for _ in range(hubs.MOST_OF_ONE + 1)]
    other = watching(owner="other")
    assert [watch.ended for watch in mine] == [True] + [False] * hubs.MOST_OF_ONE
    assert not other.ended


def test_the_listener_ends_when_nobody_watches_and_begins_again(
    watching: Watches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "LINGER_SECONDS", 0.0)
    watch = watching()
    watch.close()
    until = time.monotonic() + SOON
    while any(thread.name == "live hub" for thread in threading.enumerate()):
        assert time.monotonic() < until
        time.sleep(0.02)
    again = watching()
    tell()
    assert topics(told(again)) == ["offers"]


def test_nobody_misses_a_change_that_is_made_while_they_begin_to_listen(watching: Watches) -> None:
    ended = threading.Event()

    def write() -> None:
        while not ended.wait(0.002):
            tell()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(10):
            began = changes.newest()
            watch = watching(after=began)
            came: set[int] = set()
            while len(came) < 5:
                came |= {change.id for change in told(watch) if change.id > began}
            assert came == set(range(began + 1, max(came) + 1))
            watch.close()
    finally:
        ended.set()
        writer.join()


def test_a_broken_line_heals_and_everybody_looks_anew(watching: Watches) -> None:
    if db.dialect() == "sqlite":
        return  # a file has no line that could break
    watch = watching()
    with db.transaction() as session:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'evenhand live'"
        session.connection().execute(sa.text(f"{ended} AND datname = current_database()"))
    assert topics(told(watch)) == [RETURN]
    tell()
    assert topics(told(watch)) == ["offers"]


def test_how_far_the_changes_have_got_moves_with_each_also_with_one_that_is_committed_late(database: str) -> None:
    before = changes.reached()
    tell()
    told_once = changes.reached()
    assert told_once != before
    assert changes.reached() == told_once
    if db.dialect() == "postgresql":
        begun, may_end = threading.Event(), threading.Event()

        def slowly() -> None:
            with db.transaction() as session:
                record.changed(session, "offers", customer_id=CUSTOMER, now=clock.now())
                begun.set()
                may_end.wait(SOON)

        slow = threading.Thread(target=slowly)
        slow.start()
        begun.wait(SOON)
        tell("moment")
        overtaken = changes.reached()
        may_end.set()
        slow.join()
        assert changes.reached() != overtaken


def test_the_newest_change_is_never_forgotten(watching: Watches) -> None:
    tell(at=clock.now() - timedelta(days=2))
    assert record.purge_changes(clock.now()) == 0
    newest = changes.newest()
    assert newest > 0
    assert watching(after=newest).wait(0) == []


# --- what tells -------------------------------------------------------------------------------------------------------


def rows(session: Session) -> list[tuple[str, bool]]:
    return [
        (row.topic, row.private)
        for row in session.execute(sa.text("SELECT topic, private FROM change ORDER BY change_id"))
    ]


def test_each_kind_of_act_tells_what_it_changed(loaded: str) -> None:
    now = datetime.now(UTC)
    with db.reading() as session:
        customer_id = profiles.search(session, limit=1).items[0].id
        pack = catalogues.pack_in_force(session)
        assert rows(session) == [("catalogue", False)], "a load tells of its catalogue, and of no customer"

    def does(act: Callable[[Session], object]) -> list[str]:
        with db.reading() as session:
            before = len(rows(session))
        with db.transaction() as session:
            act(session)
        with db.reading() as session:
            return [topic for topic, _ in rows(session)[before:]]

    def moment(at: datetime) -> Callable[[Session], object]:
        return lambda session: profiles.set_moment(
            session, customer_id, "support", None, "stated", "phone", SYSTEM, at, pack
        )

    assert does(moment(now)) == ["moment"]
    assert does(moment(now)) == [], "nothing became other than it was"
    assert does(moment(now + timedelta(minutes=1))) == ["moment"], "it lasts longer"
    assert does(lambda session: profiles.learn(session, customer_id, now=now)) == ["profile"]
    for kind, topic in (("offer.presented", "offers"), ("callback.requested", "timeline")):
        assert does(
            lambda session, kind=kind: interactions.record(session, customer_id, kind, "portal", SYSTEM, {}, now)
        ) == [topic]


def test_what_changes_twice_in_one_act_is_told_once(watching: Watches) -> None:
    watch = watching()
    with db.transaction() as session:
        for _ in range(3):
            record.changed(session, "offers", now=clock.now())
    assert topics(told(watch)) == ["offers"]
    assert watch.wait(0) == []


def test_what_was_told_of_a_customer_is_exported_and_erased(database: str) -> None:
    tell("offers", CUSTOMER)
    tell("offers", OTHER)
    with db.transaction() as session:
        assert [row["topic"] for row in record.export_customer(session, CUSTOMER)["change"]] == ["offers"]
        record.erase_customer(session, CUSTOMER, actor=SYSTEM, now=clock.now())
    with db.reading() as session:
        assert record.export_customer(session, CUSTOMER)["change"] == []
        assert len(record.export_customer(session, OTHER)["change"]) == 1
