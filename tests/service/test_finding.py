"""Customers are found as one types, best first and forgiving of slips; and who is gone, is gone from the indexes too."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from backend import db, tidying
from backend.cases import service as cases
from backend.migrations import article_index, runner, search_index
from backend.overview import service as overview
from backend.profiles import finding
from backend.profiles import service as profiles
from backend.profiles.bounded import Deadline
from backend.profiles.tables import CustomerRow
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.explaining import listened, looked_through
from tests.made_customers import JOSE, MARIA, customer, two_customers
from tests.merging import merge, two, unmerge

SOREN, SMITH, SMYTHE, GARCIA = (uuid4() for _ in range(4))
_MORE = (
    customer(SOREN, "C200001", "Søren Łukasz O’Neil"),
    customer(SMITH, "C200002", "Joanna Smith"),
    customer(SMYTHE, "C200003", "Smith Brown"),
    customer(GARCIA, "C200004", "Ana Marta Blacksmith"),
)


@pytest.fixture
def people(database: str) -> str:
    two_customers()
    with db.transaction() as session:
        profiles.enrol(session, list(_MORE))
    return database


def found(query: str, most: int = 10) -> list[UUID]:
    with db.reading() as session:
        return [match.id for match in profiles.find(session, query, most).items]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("query", "who"),
    [
        ("soren", SOREN),
        ("łukasz SØREN", SOREN),
        ("lukasz o'neil", SOREN),
        ("sroen lukazs", SOREN),
        ("jaonna smih", SMITH),
        ("mari davlia", MARIA),
        ("blacksmtih", GARCIA),
        ("(213) 555-0101", MARIA),
        ("0213 555 0101", MARIA),
        ("555.0101", MARIA),
        ("maria@exam", MARIA),
        ("c100002", JOSE),
        ("200004", GARCIA),
        ("da maria", MARIA),
    ],
)
def test_who_is_meant_is_found_first(query: str, who: UUID) -> None:
    assert found(query)[:1] == [who]


@pytest.mark.usefixtures("people")
def test_a_name_that_begins_so_stands_before_a_word_that_does_and_that_before_letters_inside_one() -> None:
    assert found("smith") == [SMYTHE, SMITH, GARCIA]
    assert found("SM") == [SMYTHE, SMITH]
    assert found("s") == [SMYTHE, SOREN]
    with db.reading() as session:
        some = profiles.find(session, "smith", 2)
    assert (len(some.items), some.more, some.cut) == (2, True, False)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("query", ["", "%", "_", "\\", "m%%ia", "|", '"', '" OR "', "((", "*", "' or 1=1 --", "smith zzz", "2135550102 1", "\x00", "x" * 300, "a b c d e f g h i j k l"])  # fmt: skip
def test_what_is_typed_is_never_a_pattern_or_a_query(query: str) -> None:
    assert found(query) == []


@pytest.mark.usefixtures("people")
def test_whom_the_device_alone_is_known_of_is_never_found_until_they_are_known() -> None:
    nora = uuid4()
    with db.transaction() as session:
        profiles.enrol(session, [customer(nora, "V900001", "Nora Visitor", is_anonymous=True)])
    assert [found(query) for query in ("nora", "vistior", "V9000", "no")] == [[], [], [], []]
    with db.transaction() as session:
        row = db.table_of(CustomerRow)
        session.execute(sa.update(row).where(row.c.customer_id == nora).values(is_anonymous=False))
    assert [found(query) for query in ("nora", "vistior", "V9000", "no")] == [[nora]] * 4


def test_who_changes_their_name_is_found_by_the_new_one_alone(people: str) -> None:
    with db.transaction() as session:
        session.execute(
            sa.text("UPDATE customer SET name = 'Quixy Zvonimir', search_text = 'quixy zvonimir|c200002||' WHERE number = 'C200002'")
        )  # fmt: skip
    assert found("zvonimri") == [SMITH]
    assert SMITH not in found("joanna")
    with db.transaction() as session:
        profiles.erase_customer(session, SMITH)
    assert found("zvonimir") == []
    if people.startswith("sqlite"):
        assert traces(people, "zvo") == (0, True), "older parts of the index may hold it until they are put together"
        tidying.compact()
        assert traces(people, "zvo") == (0, False)
        assert traces(people, "mit") == (2, True)


def traces(url: str, three: str) -> tuple[int, bool]:
    """How many rows the index gives for three letters, and whether these stand anywhere in it."""
    with contextlib.closing(sqlite3.connect(make_url(url).database or "")) as raw:
        asked = "SELECT count(*) FROM customer_trigram WHERE customer_trigram MATCH ?"
        rows = raw.execute(asked, (f'"{three}"',)).fetchone()[0]
        raw.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, customer_trigram, 'row')")
        blocks = b"".join(block for (block,) in raw.execute("SELECT block FROM customer_trigram_data"))
        # In the index a term is written without what it shares with the one before.
        return rows, three.encode() in blocks or three[1:].encode() in blocks


@pytest.mark.usefixtures("loaded_sqlite")
def test_every_customer_stands_in_the_index_once_after_a_merge_and_back_again() -> None:
    from_id, into_id = two()
    done = merge(from_id, into_id)
    assert from_id.hex not in in_the_index()
    unmerge(done.merge_id)
    assert from_id.hex in in_the_index()


def in_the_index() -> list[str]:
    """Whose rows SQLite's index holds; all that are to be found, and nobody else."""
    with db.reading() as session:
        listed = session.execute(sa.text("SELECT customer_id FROM customer_search")).scalars().all()
        there = session.execute(sa.text("SELECT customer_id FROM customer WHERE NOT is_anonymous")).scalars().all()
    assert sorted(listed) == sorted(there)
    return list(listed)


def test_the_index_stands_after_each_upgrade_though_a_step_took_it_away(people: str) -> None:
    with sa.create_engine(people).begin() as connection:
        search_index.drop(connection)
        article_index.drop(connection)
    db.upgrade(people)
    assert found("smtih")
    assert db.check(people) == []
    with sa.create_engine(people).begin() as connection:
        if people.startswith("sqlite"):
            connection.exec_driver_sql("DROP TRIGGER customer_search_insert")
    db.upgrade(people)
    with db.transaction() as session:
        profiles.enrol(session, [customer(uuid4(), "C200009", "Zvonimir Quix")])
    assert len(found("zvonimri")) == 1


def test_a_role_that_may_have_no_extension_is_told_and_searches_on(
    people: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    if people.startswith("sqlite"):
        return
    engine = sa.create_engine(people)
    with engine.begin() as connection:
        search_index.drop(connection)
        article_index.drop(connection)
        connection.exec_driver_sql("DROP EXTENSION pg_trgm")
    monkeypatch.setattr(finding, "_trigrams", {})
    # As where the server has no such extension.
    monkeypatch.setattr(search_index, "EXTENSION", "pg_trgm_that_is_not_there")
    with caplog.at_level(logging.WARNING, "evenhand.db"):
        runner.upgrade(engine)
    assert "CREATE EXTENSION pg_trgm" in caplog.text
    assert found("smith") == [SMYTHE, SMITH, GARCIA]
    assert found("smtih") == []


@pytest.mark.usefixtures("people")
def test_a_search_that_takes_too_long_is_given_up_and_the_session_goes_on() -> None:
    slow = "SELECT pg_sleep(5)"
    if db.dialect() == "sqlite":
        slow = (
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000000) SELECT max(x) FROM n"
        )
    with db.reading() as session:
        deadline, began = Deadline(session, 0.2), time.monotonic()
        assert deadline.rows(sa.text(slow)) == []
        assert deadline.cut
        assert time.monotonic() - began < 1.5
        assert deadline.rows(sa.text("SELECT 1")) == [], "its time is over"
        assert profiles.find(session, "smith").items


@pytest.mark.usefixtures("people")
def test_no_search_looks_through_the_customers() -> None:
    with listened() as asked, db.reading() as session:
        for query in ("smith", "smtih jaonna", "0101 mar", "s smith", "maria@ex", "sm"):
            profiles.find(session, query)
    looked = [one for one in asked if " customer" in one[0]]
    assert len(looked) >= 12
    assert looked_through(looked) == set()


@pytest.mark.usefixtures("people")
def test_work_is_found_by_its_reference_however_it_is_written() -> None:
    now = clock.now()
    with db.transaction() as session:
        case = cases.open_case(session, MARIA, "case", "Too dear: my sister is ill", actor=SYSTEM, now=now)
    said = case.reference.lower()
    with db.reading() as session:
        for query in (case.reference, said, f"{said[:3]} {said[3:]}", f"{said[:3]}-{said[3:]}"):
            (hit,) = overview.find_everything(session, query, 5).hits
            assert (hit.kind, hit.customer_id, hit.thing_id) == ("case", MARIA, case.case_id)
            assert hit.label == f"Case {case.reference}"
            assert "sister" not in hit.detail, "what it is about may be what a verification unmasks"
        assert overview.find_everything(session, "nothing", 5).hits == ()
