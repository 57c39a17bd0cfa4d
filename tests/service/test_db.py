"""The database's ground: transactions, types and migrations, on both engines."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlmodel import select

from backend import db, engines, tidying
from backend.people.tables import ApiKeyRow, StaffRow
from backend.record.tables import OutboxJobRow
from shared.kernel import ids
from shared.kernel.errors import Conflict, Unavailable

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def staff(email: str, **more: object) -> StaffRow:
    return StaffRow(
        **{"staff_id": ids.uuid7(), "email": email, "name": "A", "role": "agent", "created_at": NOW, **more}
    )


def count() -> int:
    with db.reading() as session:
        return len(session.exec(select(StaffRow)).all())


def test_a_database_made_from_nothing_equals_the_tables_of_the_code(database_url: str) -> None:
    assert db.check(database_url) == []


def test_upgrading_twice_is_the_same_as_once(database_url: str) -> None:
    db.upgrade(database_url)
    assert db.check(database_url) == []


def test_a_missing_column_is_found_by_the_check(database: str) -> None:
    with db.transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE staff ADD COLUMN left_over INTEGER")
    assert any("left_over" in line for line in db.check(database))


def test_a_database_with_every_migration_is_current_and_one_without_is_not(database: str) -> None:
    assert db.is_current()
    with db.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM alembic_version")
    assert not db.is_current()
    assert db.check(database) != []


def test_returning_commits_and_raising_rolls_back(database: str) -> None:
    with db.transaction() as session:
        session.add(staff("a@example.com"))
    with pytest.raises(ZeroDivisionError), db.transaction() as session:  # noqa: PT012 (what is tested is the block)
        session.add(staff("b@example.com"))
        session.flush()
        _ = 1 / 0
    assert count() == 1


def test_a_taken_key_is_a_conflict(database: str) -> None:
    with db.transaction() as session:
        session.add(staff("a@example.com"))
    with pytest.raises(Conflict), db.transaction() as session:
        session.add(staff("a@example.com"))


def test_a_broken_rule_of_ours_is_no_conflict(database: str) -> None:
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.add(staff("a@example.com", role="emperor"))


def test_an_error_of_the_database_does_not_show_the_row(database: str) -> None:
    with pytest.raises(IntegrityError) as caught, db.transaction() as session:
        session.add(staff("hidden@example.com", role="emperor"))
    assert "hidden@example.com" not in str(caught.value.args[0]).split("DETAIL")[0]
    assert "hidden@example.com" not in str(caught.value).split("DETAIL")[0]


def test_reading_cannot_write(database: str) -> None:
    with pytest.raises(DBAPIError), db.reading() as session:  # noqa: PT012 (what is tested is the block)
        session.add(staff("a@example.com"))
        session.flush()
    assert count() == 0


def test_reading_sees_one_state_throughout(database: str) -> None:
    with db.reading() as reader:
        before = len(reader.exec(select(StaffRow)).all())
        with db.transaction() as session:
            session.add(staff("a@example.com"))
        assert len(reader.exec(select(StaffRow)).all()) == before
    assert count() == before + 1


def test_a_transaction_inside_another_is_refused(database: str) -> None:
    with db.transaction(), pytest.raises(RuntimeError, match="already open"), db.transaction():
        pass
    with db.transaction() as session:
        session.add(staff("a@example.com"))
    assert count() == 1


def test_many_threads_write_one_after_another(database: str) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                with db.transaction() as session:
                    session.add(staff(f"{number}-{turn}@example.com"))
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert count() == 80


def test_an_instant_comes_back_as_the_same_instant_in_utc(database: str) -> None:
    local = datetime(2026, 11, 22, 4, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-8)))
    with db.transaction() as session:
        session.add(staff("a@example.com", created_at=local))
    with db.reading() as session:
        found = session.exec(select(StaffRow)).one().created_at
    assert found == local
    assert found.utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused(database: str) -> None:
    with pytest.raises(StatementError, match="no time zone"), db.transaction() as session:
        session.add(staff("a@example.com", created_at=datetime(2026, 11, 22)))  # noqa: DTZ001


def test_json_keeps_its_order_and_its_digits(database: str) -> None:
    value = {"z": 1, "a": 1.0, "m": 0.1 + 0.2, "t": "é ✓", "n": None, "l": [1, 2.5, True]}
    with db.transaction() as session:
        session.add(OutboxJobRow(
            customer_id=ids.uuid7(), job_id=ids.uuid7(), topic="t", payload=value, run_at=NOW, created_at=NOW
        ))  # fmt: skip
    with db.reading() as session:
        found = session.exec(select(OutboxJobRow)).one().payload
    assert list(found) == list(value)
    assert found == value
    assert type(found["a"]) is float


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_holds_no_number_that_json_does_not_have(database: str, value: float) -> None:
    with pytest.raises((ValueError, StatementError), match="no number"), db.transaction() as session:
        session.add(OutboxJobRow(
            customer_id=ids.uuid7(), job_id=ids.uuid7(), topic="t", payload={"deep": [None, {"in": value}]}, run_at=NOW,
            created_at=NOW,
        ))  # fmt: skip


def keys() -> Iterator[tuple[str, list[str]]]:
    with db.reading() as session:
        yield from sorted((row.secret_digest, row.scopes) for row in session.exec(select(ApiKeyRow)))


def test_upsert_leaves_or_changes_what_is_there(database: str) -> None:
    first, second = ids.uuid7(), ids.uuid7()
    old = {"key_id": first, "secret_digest": "old", "scopes": ["all"], "created_at": NOW}
    with db.transaction() as session:
        assert db.upsert(session, ApiKeyRow, [old], key=["key_id"]) == 1
    new = [{**old, "secret_digest": "new"}, {**old, "key_id": second, "secret_digest": "other"}]
    with db.transaction() as session:
        assert db.upsert(session, ApiKeyRow, new, key=["key_id"]) == 1
    assert list(keys()) == [("old", ["all"]), ("other", ["all"])]
    with db.transaction() as session:
        db.upsert(session, ApiKeyRow, new, key=["key_id"], update=["secret_digest"])
    assert list(keys()) == [("new", ["all"]), ("other", ["all"])]


def test_a_connection_that_rested_is_asked_before_it_is_used_and_one_in_use_is_not(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.dialect() == "sqlite":
        return  # a file closes no connection
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    def read() -> None:
        with db.reading() as session:
            session.connection().exec_driver_sql("SELECT 1")

    read()
    with db.transaction() as session:
        session.connection().exec_driver_sql(others)
    with pytest.raises(Unavailable):
        read()
    read()
    monkeypatch.setattr(engines, "RESTED_SECONDS", 0.0)
    with db.transaction() as session:
        session.connection().exec_driver_sql(others)
    read()


def test_a_database_that_is_held_too_long_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_MILLISECONDS", 50)
    db.open(f"sqlite:///{tmp_path / 'held.sqlite3'}")
    try:
        with db.transaction() as session:
            session.connection().exec_driver_sql("CREATE TABLE t (x INTEGER)")
        with contextlib.closing(sqlite3.connect(tmp_path / "held.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable), db.transaction() as session:
                session.connection().exec_driver_sql("INSERT INTO t VALUES (1)")
            other.execute("COMMIT")
        with db.transaction() as session:
            session.connection().exec_driver_sql("INSERT INTO t VALUES (2)")
    finally:
        db.close()


def test_what_was_written_moves_from_the_log_into_the_file_while_others_write(tmp_path: Path) -> None:
    """The worker does so each second: whoever commits waits for no disk. The log is used again from its beginning."""
    file, log = tmp_path / "logged.sqlite3", tmp_path / "logged.sqlite3-wal"
    db.open(f"sqlite:///{file}")
    try:
        with db.transaction() as session:
            session.connection().exec_driver_sql("CREATE TABLE t (x BLOB)")
        for _ in range(40):
            with db.transaction() as session:
                session.connection().exec_driver_sql("INSERT INTO t VALUES (zeroblob(400000))")
        grown = log.stat().st_size
        assert grown > 16_000_000 > file.stat().st_size, "a commit left it all in the log"
        assert tidying.empty_log() * 4096 > 16_000_000
        assert file.stat().st_size > 16_000_000
        with db.transaction() as session:
            session.connection().exec_driver_sql("INSERT INTO t VALUES (zeroblob(400000))")
        assert log.stat().st_size == grown
    finally:
        db.close()


def test_a_database_full_of_customers_comes_through_the_steps_there_and_back(loaded_url: str) -> None:
    """A step that makes a table anew must not trip over the rows that point to it."""
    from alembic import command

    from backend.migrations import runner

    before = _customers(loaded_url)
    with db._migrating(loaded_url) as engine, engine.begin() as connection:
        command.downgrade(runner.config(connection), "2026_11_22_calls")
    db.upgrade(loaded_url)
    assert db.check(loaded_url) == []
    assert _customers(loaded_url) == before > 600


def _customers(url: str) -> int:
    with db._migrating(url) as engine, engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        return int(connection.exec_driver_sql("SELECT count(*) FROM customer").scalar_one())
