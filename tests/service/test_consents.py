"""Consents: the ledger beside what stands, wordings by version, and that decisions and messages obey at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.overview import service as overview
from backend.profiles import service as profiles
from backend.profiles.service import Consent
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid
from tests.hooks import add, later, rows, send
from tests.receiver import Receiver, receiving
from tests.small_company import ADA, BY_ADA, KIM, NOW, answer, decide, offer_of, open_company, work

LATER = NOW + timedelta(hours=1)
ASKED = "You may tell me of offers."


def say(state: str, channel: str = "email", *, by: Actor = KIM, now: Any = LATER, **more: Any) -> Consent | None:
    with db.transaction() as session:
        return interactions.change_consent(
            session, ADA, more.pop("purpose", "marketing"), channel, state, source="told an agent", said_in="phone", actor=by,
            now=now, pack=catalogues.pack_in_force(session), **more,
        )  # fmt: skip


def history() -> list[tuple[str, str, str]]:
    with db.reading() as session:
        return [(one.channel, one.state, one.by_name) for one in profiles.consent_history(session, ADA)]


def stands(channel: str = "email") -> str | None:
    with db.reading() as session:
        return profiles.consent(session, ADA, "marketing", channel)


@pytest.fixture
def company(database: str) -> str:
    open_company()
    return database


def test_what_is_taken_back_is_withdrawn_and_what_was_never_given_is_denied(company: str) -> None:
    first = len(history())
    assert first, "what they were entered with is the ledger's beginning"
    assert say("denied") is not None
    assert stands() == "withdrawn"
    assert say("denied", purpose="service", now=LATER + timedelta(minutes=1)) is not None
    assert [line[:2] for line in history()[:2]] == [("email", "denied"), ("email", "withdrawn")]
    assert len(history()) == first + 2


def test_the_ledger_keeps_what_was_said_before(company: str) -> None:
    first = history()
    for nth, state in enumerate(("denied", "granted", "denied")):
        say(state, now=LATER + timedelta(minutes=nth))
    assert [line[1] for line in history()[:3]] == ["withdrawn", "granted", "withdrawn"]
    assert history()[3:] == first


def test_the_same_said_twice_is_written_once(company: str) -> None:
    say("denied")
    with db.reading() as session:
        before = profiles.profile(session, ADA).version
    assert say("denied", now=LATER + timedelta(minutes=1)) is None
    assert say("withdrawn", now=LATER + timedelta(minutes=1)) is None
    with db.reading() as session:
        assert profiles.profile(session, ADA).version == before
        told = interactions.timeline(session, ADA, kinds={"consent.changed"})
    assert len(told.items) == 1


def test_each_wording_has_a_version_of_its_own_and_keeps_it(company: str) -> None:
    with db.transaction() as session:
        one = profiles.wording_version(session, "marketing", ASKED, NOW)
        other = profiles.wording_version(session, "marketing", ASKED + " Please.", NOW)
        assert profiles.wording_version(session, "marketing", ASKED, LATER) == one != other
        assert profiles.wording_version(session, "service", ASKED, LATER) == 1
    said = say("granted", wording=ASKED + " Please.")
    assert said is not None
    assert said.wording_version == other
    with db.reading() as session:
        assert profiles.consent_history(session, ADA)[0].wording == ASKED + " Please."


def test_a_consent_is_on_the_timeline_for_both_and_told_to_endpoints(company: str) -> None:
    with receiving() as hook:
        add(hook, "consent.changed")
        say("denied")
        send(LATER)
    (body,) = hook.bodies.values()
    assert body["type"] == "consent.changed"
    assert {k: body["data"][k] for k in ("purpose", "for_channel", "state")} == {
        "purpose": "marketing", "for_channel": "email", "state": "withdrawn",
    }  # fmt: skip
    assert "Ada" not in str(body)
    with db.reading() as session:
        (event,) = interactions.timeline(session, ADA, kinds={"consent.changed"}).items
    assert interactions.in_words(event, "agent").title == "No longer agrees: offers and news"
    assert interactions.in_words(event, "customer").title == "You no longer agree: offers and news"


@pytest.mark.parametrize(
    "wrong", [{"purpose": "spying"}, {"channel": "pigeon"}, {"wording": "x" * 2000}, {"state": "perhaps"}]
)
def test_what_the_pack_does_not_ask_is_refused_and_writes_nothing(company: str, wrong: dict[str, str]) -> None:
    before = history()
    given = {"state": "denied", **wrong}
    with pytest.raises(Invalid):
        say(given.pop("state"), **given)  # type: ignore[arg-type]
    assert history() == before


def test_an_answer_to_words_that_have_changed_is_not_taken(company: str) -> None:
    with pytest.raises(Conflict, match="wording has changed"), db.transaction() as session:
        overview.say_consents(session, ADA, "marketing", {"email"}, "Other words.", BY_ADA, LATER)


def test_the_next_decision_obeys_in_every_channel(company: str) -> None:
    before = {one.treatment for one in decide(NOW).ranked}
    for channel in ("phone", "portal", "email", "sms"):
        say("denied", channel)
    decided = decide(LATER)
    after = {one.treatment for one in decided.ranked}
    refused = {w.treatment for w in decided.withheld or () if w.step == "consent"}
    assert before - after
    assert before - after <= refused
    say("granted", "sms", now=LATER + timedelta(minutes=1))
    assert {one.treatment for one in decide(LATER + timedelta(minutes=1)).ranked} == before


# --- what waits to be sent ------------------------------------------------------------------------------------------


@pytest.fixture
def messenger(database: str) -> Iterator[Receiver]:
    with receiving() as one:
        open_company()
        add(one, "message.due")
        answer(offer_of(decide(NOW), "faster"), "accepted", NOW)
        work(NOW)
        work(NOW)
        yield one


def test_a_message_tells_by_which_ways_the_customer_may_be_reached(messenger: Receiver) -> None:
    send(NOW)
    (body,) = messenger.bodies.values()
    assert body["data"]["channels"] == ["email", "sms"]


def test_a_way_that_was_refused_meanwhile_is_no_longer_told(messenger: Receiver) -> None:
    messenger.status = 500
    send(NOW)
    assert [body["data"]["channels"] for body in messenger.bodies.values()] == [["email", "sms"]]
    say("denied", "sms", purpose=purpose(), now=NOW)
    messenger.status = 204
    messenger.bodies.clear()  # the same message may say less by now, and nothing else
    send(later() + timedelta(hours=1))
    assert [body["data"]["channels"] for body in messenger.bodies.values()] == [["email"]]


def test_consent_is_asked_at_the_moment_of_sending_not_only_when_it_was_queued(messenger: Receiver) -> None:
    for channel in ("email", "sms"):
        say("denied", channel, purpose=purpose(), now=NOW)
    send(NOW)
    assert messenger.came == []
    (row,) = rows()
    assert (row.state, row.attempts, row.last_error) == ("dead", 0, "not sent: the customer does not consent")
    with db.transaction() as session:
        record.resend_all(session, LATER)
    send(LATER)
    assert messenger.came == [], "sending it again asks again"
    say("granted", "email", purpose=purpose())
    with db.transaction() as session:
        record.resend_all(session, LATER)
    send(LATER)
    assert len(messenger.came) == 1


def purpose() -> str:
    with db.reading() as session:
        return catalogues.in_force(session).catalogue.treatments["faster"].purpose


# --- what stood before there was a ledger ---------------------------------------------------------------------------


def test_what_stood_before_there_was_a_ledger_is_its_first_entry(loaded: str) -> None:
    """Down to the release before and up again: the migration makes of each consent an entry, and of each text a version."""
    from alembic import command

    from backend.migrations import runner

    with db.reading() as session:
        run = session.connection().execute
        kept = run(text("SELECT count(*), count(DISTINCT customer_id) FROM consent")).one()
    with db._migrating(loaded) as engine, engine.begin() as connection:
        command.downgrade(runner.config(connection), "2026_11_22_persons")
        command.upgrade(runner.config(connection), "head")
    with db.reading() as session:
        run = session.connection().execute
        assert run(text("SELECT count(*), count(DISTINCT customer_id) FROM consent_entry")).one() == kept
        assert run(text("SELECT count(*) FROM consent")).scalar_one() == kept[0] > 1000
        assert run(text("SELECT purpose, version FROM consent_wording")).all() == [("marketing", 1)]
    assert db.check(loaded) == []
