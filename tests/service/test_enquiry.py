"""A customer asks why: one day's decision with all that it was made from, made again, and a letter in their own plain words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.mailroom import service as mailroom
from backend.oversight import answering
from backend.oversight import service as oversight
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock, languages
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden, Invalid
from tests.cast import AGENT, PORTAL_CUSTOMER, SUPERVISOR


def staff(email: str) -> Actor:
    with db.reading() as session:
        found = people.find_staff(session, email)
        assert found is not None
        actor = people.staff_actor(session, found[0])
    assert actor is not None
    return actor


@pytest.fixture
def customer(loaded: str) -> UUID:
    """Somebody for whom something was decided today."""
    with db.reading() as session:
        found = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
    treatments.decide(found, clock.now())
    return found


def ask(customer_id: UUID, **more: Any) -> oversight.Enquiry:
    with db.reading() as session:
        return oversight.enquiry(session, customer_id, staff(SUPERVISOR), clock.now(), **more)


def test_the_last_day_is_answered_for_with_inputs_versions_and_replay(customer: UUID) -> None:
    found = ask(customer)
    assert found.decision is not None
    assert found.replay is not None
    assert found.replay.identical
    assert found.day == found.days[0] == clock.local_day(clock.now(), found.zone)
    assert found.decision.saw, "what was known of them, in words"
    assert found.published is not None
    assert (found.published.version, found.published.by) == (found.decision.catalogue_version, "Evenhand")
    assert found.published.approved_by is None, "it was loaded, and of no draft"


def test_what_was_not_offered_names_its_step_its_rule_and_what_the_rule_saw(customer: UUID) -> None:
    page = ask(customer).decision
    assert page is not None
    removed = next(line for line in page.withheld if line.values)
    about = ask(customer, about=removed.treatment).about
    assert about is not None
    assert about.ranked is None
    assert (about.withheld[0].rule, about.withheld[0].values) == (removed.rule, removed.values)
    first = page.ranked[0].treatment
    offered = ask(customer, about=first).about
    assert offered is not None
    assert offered.ranked is not None
    assert offered.ranked.rank == 1
    with pytest.raises(Invalid):
        ask(customer, about="no_such_treatment")


def test_a_day_without_a_decision_says_so(customer: UUID) -> None:
    found = ask(customer, day=clock.now().date() - timedelta(days=30))
    assert (found.decisions, found.decision, found.about) == ((), None, None)


def test_each_of_several_decisions_of_a_day_can_be_looked_at(customer: UUID) -> None:
    with db.transaction() as session:
        pack = catalogues.pack_in_force(session)
        profiles.set_moment(session, customer, "support", None, "stated", "phone", staff(AGENT), clock.now(), pack)
    treatments.decide(customer, clock.now())
    found = ask(customer)
    assert len(found.decisions) >= 2
    older = found.decisions[-1]
    assert ask(customer, decision_id=older.decision_id).chosen == older
    assert ask(customer, decision_id=uuid4()).chosen == found.decisions[0], "of another's nothing is shown"


def test_what_was_erased_says_so(customer: UUID) -> None:
    with db.transaction() as session:
        session.connection().execute(text("DELETE FROM snapshot"))
    found = ask(customer)
    assert found.erased
    assert (found.decision, found.replay) == (None, None)
    assert "no longer kept" in found.letter


def test_what_was_changed_afterwards_comes_out_otherwise(customer: UUID) -> None:
    with db.transaction() as session:
        session.connection().execute(text("UPDATE decision SET engine_version = 1"))
    found = ask(customer)
    assert found.replay is not None
    assert not found.replay.identical
    assert "comes out the same" not in found.letter


def test_only_those_who_may_replay(customer: UUID) -> None:
    with db.reading() as session, pytest.raises(Forbidden):
        oversight.enquiry(session, customer, staff(AGENT), clock.now())


# --- the letter -------------------------------------------------------------------------------------------------------


def test_every_letter_that_is_drafted_could_be_sent_as_it_is(customer: UUID) -> None:
    page = ask(customer).decision
    assert page is not None
    for treatment in ("", *page.names):
        found = ask(customer, about=treatment)
        answering.checked(found.subject, found.letter)
    for words in answering.WHY_NOT.values():
        for tag in ("en", "es"):
            with languages.speaking(tag):
                said = languages.gettext(words)
            answering.checked("x", said)
            assert said
            assert tag == "en" or said != words


def test_a_customer_is_written_to_in_their_own_language(customer: UUID) -> None:
    with db.transaction() as session:
        session.connection().execute(text("UPDATE customer SET language = 'es'"))
    treatments.decide(customer, clock.now())
    found = ask(customer)
    assert found.subject.startswith("Su pregunta sobre el ")
    assert "respóndanos" in found.letter
    answering.checked(found.subject, found.letter)


def test_in_their_language_nothing_is_called_by_a_name_of_the_house_and_no_blank_is_left(customer: UUID) -> None:
    with db.transaction() as session:
        session.connection().execute(text("UPDATE customer SET language = 'es'"))
        catalogue = catalogues.in_force(session).catalogue
    treatments.decide(customer, clock.now())
    page = ask(customer).decision
    assert page is not None
    shown = {key: one for key, one in catalogue.treatments.items() if key in page.called and one.portal}
    assert any("{" in one.portal.headline for one in shown.values() if one.portal)
    for key, one in shown.items():
        assert "{" not in page.called[key]
        assert page.called[key] != one.name, key
    same = next(one for one in shown.values() if one.portal and "{takes}" in one.portal.headline)
    assert page.called[same.key].endswith(("en dos minutos", "en diez minutos", "dos minutos, gratis"))


@pytest.mark.parametrize(
    "words", ["Your churn risk was high.", "By our rules", "la puntuación", "a SCORE", "of low value", "tu segmento"]
)
def test_words_for_colleagues_do_not_go_out(words: str) -> None:
    with pytest.raises(Invalid) as refused:
        answering.checked("Your question", f"Dear you, {words}")
    assert set(refused.value.errors) == {"text"}
    with pytest.raises(Invalid):
        answering.checked("", "")
    answering.checked("Your question", "It is of no use to you, and it costs more than it brings.")


def test_a_letter_is_sent_in_a_case_that_it_resolves_and_is_on_the_trail(customer: UUID) -> None:
    found, me, now = ask(customer), staff(SUPERVISOR), clock.now()
    assert found.chosen is not None
    with db.transaction() as session:
        case = oversight.send_answer(
            session, customer, found.subject, found.letter + "\n\nKim", decision_id=found.chosen.decision_id, about="", day=found.day,
            actor=me, now=now,
        )  # fmt: skip
    with db.reading() as session:
        said = cases.messages(session, customer, case.case_id, notes=False)
        work = cases.work_of(session, customer, case.case_id)
        kinds = [event.kind for event in interactions.timeline(session, customer, limit=10).items]
        entry = record.entries(session, record.Wanted(action="enquiry.answered"))[0][0]
    assert [one.text for one in said] == [found.letter + "\n\nKim"]
    assert work.status == "resolved"
    assert {"case.opened", "case.answered", "case.resolved"} <= set(kinds)
    assert (entry.actor_id, entry.customer_id) == (me.id, customer)
    assert entry.payload is not None
    assert entry.payload["decision_id"] == str(found.chosen.decision_id)


def test_the_letter_goes_by_e_mail_to_who_has_an_address(customer: UUID) -> None:
    found, me, now = ask(customer), staff(SUPERVISOR), clock.now()
    mailroom.set_up(True)
    try:
        with db.transaction() as session:
            oversight.send_answer(
                session,
                customer,
                found.subject,
                found.letter,
                decision_id=None,
                about="",
                day=found.day,
                actor=me,
                now=now,
            )
    finally:
        mailroom.set_up(False)
    with db.reading() as session:
        rows = session.connection().execute(text("SELECT subject, text FROM mail_sent")).all()
        email = profiles.profile(session, customer).email
    assert email
    assert len(rows) == 1
    assert found.subject in rows[0].subject
    assert found.letter in rows[0].text
