"""Record: the outbox does its work once, the audit trail shows tampering, answers are kept for a day."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, select

from backend import db
from backend.record import idempotency, outbox
from backend.record import service as record
from backend.record.tables import AuditEntryRow, OutboxJobRow
from shared.kernel import ids
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Conflict, Invalid, KeyReused, StillRunning

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CUSTOMER = ids.uuid7(NOW)


@pytest.fixture(autouse=True)
def no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_handlers", {})


def put(topic: str = "t", run_at: datetime | None = None, **payload: Any) -> UUID:
    with db.transaction() as session:
        return record.put(session, customer_id=CUSTOMER, topic=topic, payload=payload, now=NOW, run_at=run_at)


def jobs() -> list[OutboxJobRow]:
    with db.reading() as session:
        return list(session.exec(select(OutboxJobRow).order_by(OutboxJobRow.job_id)))


def write(session: Session, customer_id: UUID, payload: dict[str, Any], now: datetime) -> None:
    """A handler whose effect can be counted."""
    record.audit(session, actor=SYSTEM, action="done", subject="s", customer_id=customer_id, payload=payload, now=now)


def effects() -> list[dict[str, Any] | None]:
    with db.reading() as session:
        return [row.payload for row in session.exec(select(AuditEntryRow).order_by(AuditEntryRow.entry_id))]


def test_work_is_done_after_its_act_has_committed_and_once(database: str) -> None:
    record.register("t", write)
    put(n=1)
    put(n=2)
    assert record.run_due(NOW) == 2
    assert record.run_due(NOW) == 0
    assert effects() == [{"n": 1}, {"n": 2}]
    assert jobs() == []


def test_work_of_an_act_that_rolled_back_is_never_done(database: str) -> None:
    record.register("t", write)
    with pytest.raises(Conflict), db.transaction() as session:  # noqa: PT012 (what is tested is the block)
        record.put(session, customer_id=CUSTOMER, topic="t", payload={}, now=NOW)
        raise Conflict
    assert record.run_due(NOW) == 0


def test_work_for_later_waits_for_its_time(database: str) -> None:
    record.register("t", write)
    put(run_at=NOW + timedelta(hours=1))
    assert record.run_due(NOW) == 0
    assert record.run_due(NOW + timedelta(hours=1)) == 1


def test_work_that_nobody_here_can_do_is_left_for_others(database: str) -> None:
    put("unknown")
    assert record.run_due(NOW) == 0
    assert [job.attempts for job in jobs()] == [0]


def test_a_failure_leaves_no_effect_is_tried_later_and_does_not_stop_the_others(database: str) -> None:
    broken = True

    def sometimes(session: Session, customer_id: UUID, payload: dict[str, Any], now: datetime) -> None:
        write(session, customer_id, payload, now)
        if broken and payload["n"] == 1:
            raise LookupError("personal words")

    record.register("t", sometimes)
    put(n=1)
    put(n=2)
    assert record.run_due(NOW) == 1
    assert effects() == [{"n": 2}]
    (job,) = jobs()
    assert (job.attempts, job.run_at) == (1, NOW + timedelta(seconds=2))
    assert job.last_error is not None
    assert "LookupError" in job.last_error
    assert "personal" not in job.last_error
    assert record.run_due(NOW + timedelta(seconds=1)) == 0
    broken = False
    assert record.run_due(NOW + timedelta(seconds=2)) == 1
    assert effects() == [{"n": 2}, {"n": 1}]


def test_what_always_fails_is_tried_ever_later_and_given_up_at_last(database: str) -> None:
    def never(*_arguments: Any) -> None:
        raise Conflict("No.")

    record.register("t", never)
    put()
    now, waits = NOW, []
    while (job := jobs()[0]).failed_at is None:
        now = job.run_at
        assert record.run_due(now) == 0
        waits.append(jobs()[0].run_at - now)
    assert waits[:3] == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)]
    assert max(waits) == timedelta(hours=1)
    assert len(waits) == outbox.MOST_ATTEMPTS
    assert "No." in str(jobs()[0].last_error)
    assert record.run_due(now + timedelta(days=9)) == 0


def test_a_worker_that_died_loses_its_lease_and_its_late_return_changes_nothing(database: str) -> None:
    record.register("t", write)
    put(n=1)
    (leased,) = outbox._lease(NOW, 10)
    assert record.run_due(NOW + timedelta(seconds=59)) == 0
    assert record.run_due(NOW + timedelta(seconds=60)) == 1
    assert outbox._run(leased, NOW + timedelta(seconds=61)) is False
    assert effects() == [{"n": 1}]


def test_many_workers_do_each_job_once(database: str) -> None:
    record.register("t", write)
    for n in range(40):
        put(n=n)
    done: list[int] = []

    def work() -> None:
        while jobs():
            done.append(record.run_due(NOW, 5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 40
    assert sorted(payload["n"] for payload in effects() if payload) == list(range(40))


def test_a_topic_has_one_handler(database: str) -> None:
    record.register("t", write)
    record.register("t", write)
    with pytest.raises(ValueError, match="handler already"):
        record.register("t", lambda *_: None)


def note(n: int = 1, customer_id: UUID | None = CUSTOMER) -> None:
    with db.transaction() as session:
        record.audit(
            session, actor=SYSTEM, action="note", subject="s", customer_id=customer_id,
            payload={"n": n, "price": 8.95, "wörter": ["✓", None]}, now=NOW,
        )  # fmt: skip


def sql(statement: str) -> None:
    with db.transaction() as session:
        session.connection().exec_driver_sql(statement)


def test_an_empty_trail_and_one_not_yet_sealed_hold(database: str) -> None:
    assert record.verify() == {"ok": True, "entries": 0, "first_bad": None}
    note()
    assert record.verify() == {"ok": True, "entries": 1, "first_bad": None}


def test_sealing_chains_what_was_not_sealed(database: str) -> None:
    note(1)
    note(2)
    assert record.seal(NOW) == 2
    assert record.seal(NOW) == 0
    note(3)
    assert record.seal(NOW + timedelta(seconds=1)) == 1
    assert record.verify() == {"ok": True, "entries": 3, "first_bad": None}
    with db.reading() as session:
        rows = session.exec(select(AuditEntryRow).order_by(AuditEntryRow.position)).all()
    assert [row.position for row in rows] == [1, 2, 3]
    assert len({row.seal for row in rows}) == 3


@pytest.mark.parametrize(
    ("tamper", "bad"),
    [
        ("UPDATE audit_entry SET payload = '{\"n\": 9}' WHERE position = 2", 2),
        ("UPDATE audit_entry SET payload = NULL WHERE position = 2", 2),
        ("UPDATE audit_entry SET payload = NULL, salt = NULL WHERE position = 2", 2),
        ("UPDATE audit_entry SET action = 'nothing' WHERE position = 3", 3),
        ("UPDATE audit_entry SET subject = 'x' WHERE position = 1", 1),
        ("UPDATE audit_entry SET actor_id = 'x' WHERE position = 1", 1),
        ("UPDATE audit_entry SET at = '2020-01-01 00:00:00.000000' WHERE position = 3", 3),
        ("UPDATE audit_entry SET sealed_at = '2020-01-01 00:00:00.000000' WHERE position = 3", 3),
        ("UPDATE audit_entry SET customer_id = NULL WHERE position = 4", 4),
        ("UPDATE audit_entry SET digest = 'x' WHERE position = 2", 2),
        ("UPDATE audit_entry SET position = NULL, seal = NULL, sealed_at = NULL WHERE position = 2", 2),
        ("DELETE FROM audit_entry WHERE position = 1", 1),
        ("DELETE FROM audit_entry WHERE position = 3", 3),
        ("DELETE FROM audit_entry WHERE position = 4", 4),
        ("DELETE FROM audit_entry", 1),
        ("DELETE FROM audit_head", 5),
        ("UPDATE audit_entry SET payload = '{}' WHERE position IS NULL", 5),
    ],
)
def test_whatever_is_changed_afterwards_shows(database: str, tamper: str, bad: int) -> None:
    for n in range(4):
        note(n)
    record.seal(NOW)
    note(5)
    assert record.verify()["ok"]
    sql(tamper)
    verdict = record.verify()
    assert (verdict["ok"], verdict["first_bad"]) == (False, bad)


def test_erasing_a_customer_empties_their_payloads_and_keeps_the_chain(database: str) -> None:
    other = ids.uuid7(NOW)
    note(1)
    note(2, other)
    record.seal(NOW)
    note(3)
    put(n=1)
    with db.transaction() as session:
        assert [entry["payload"]["n"] for entry in record.export_customer(session, CUSTOMER)["audit_entry"]] == [1, 3]
        record.erase_customer(session, CUSTOMER, actor=SYSTEM, now=NOW)
    assert jobs() == []
    assert [payload and payload.get("n") for payload in effects()] == [None, 2, None, {}]
    assert record.verify() == {"ok": True, "entries": 4, "first_bad": None}
    record.seal(NOW)
    assert record.verify() == {"ok": True, "entries": 4, "first_bad": None}


def test_sealers_at_once_make_one_chain(database: str) -> None:
    for n in range(30):
        note(n)
    together = threading.Barrier(4)
    sealed: list[int] = []

    def work() -> None:
        together.wait()
        sealed.append(record.seal(NOW))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sealed) == 30
    assert record.verify() == {"ok": True, "entries": 30, "first_bad": None}


def asked(body: bytes = b"{}", key: str = "k", actor: str = "a") -> idempotency.Request:
    return record.request_of(actor, "POST", "/x", key, body)


ANSWER = record.Answer(201, "application/json", '{"é": 1}')


def test_the_first_answer_is_given_again_for_a_day(database: str) -> None:
    assert record.begin(asked(), NOW) is None
    record.finish(asked(), ANSWER)
    assert record.begin(asked(), NOW + timedelta(hours=24)) == ANSWER
    assert record.begin(asked(), NOW + timedelta(hours=24, seconds=1)) is None


def test_a_key_stands_for_one_body_and_one_asker(database: str) -> None:
    assert record.begin(asked(), NOW) is None
    with pytest.raises(KeyReused):
        record.begin(asked(b"[]"), NOW)
    assert record.begin(asked(actor="b"), NOW) is None
    assert record.begin(asked(key="other"), NOW) is None


def test_what_is_being_worked_on_is_not_begun_twice_unless_its_worker_is_gone(database: str) -> None:
    assert record.begin(asked(), NOW) is None
    with pytest.raises(StillRunning):
        record.begin(asked(), NOW + timedelta(seconds=60))
    assert record.begin(asked(), NOW + timedelta(seconds=61)) is None
    with pytest.raises(StillRunning):
        record.begin(asked(), NOW + timedelta(seconds=62))


def test_what_was_given_up_may_be_begun_anew_and_an_answer_is_never_given_up(database: str) -> None:
    record.begin(asked(), NOW)
    record.give_up(asked())
    assert record.begin(asked(), NOW) is None
    record.finish(asked(), ANSWER)
    record.give_up(asked())
    assert record.begin(asked(), NOW) == ANSWER


def test_old_answers_are_forgotten(database: str) -> None:
    record.begin(asked(), NOW)
    record.begin(asked(key="later"), NOW + timedelta(hours=1))
    assert record.purge(NOW + timedelta(hours=24, minutes=30)) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "naïve", "a\nb"])
def test_an_unfit_key_is_refused(key: str) -> None:
    with pytest.raises(Invalid):
        asked(key=key)
