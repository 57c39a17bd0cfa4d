"""Who works here: invited, joined, changed, sent off, taken back; on both engines, and with every act on the trail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from backend import db
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from backend.staffing import service as staffing
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.cast import ADMIN, AGENT, SUPERVISOR

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KIM = "kim@example.com"
GOOD = "a pass that is long"


def actor(email: str) -> Actor:
    with db.reading() as session:
        found = people.staff_by_email(session, email)
        assert found is not None
        known = people.staff_actor(session, found)
    assert known is not None, f"{email} has left"
    return known


def staff_id(email: str) -> UUID:
    with db.reading() as session:
        found = people.staff_by_email(session, email)
    assert found is not None
    return found


def trail(action: str) -> list[dict[str, Any]]:
    with db.reading() as session:
        found = record.entries(session, record.Wanted(action=action), None, 50)[0]
    return [one.payload or {} for one in found]


def ask(email: str = KIM, role: str = "agent", teams: tuple[str, ...] = (), now: datetime = NOW) -> tuple[UUID, str]:
    """The invitation, and its token, as the one who gets the link has it."""
    links: list[str] = []

    def link_to(token: str) -> str:
        links.append(token)
        return f"https://desk.example/join/{token}"

    with db.transaction() as session:
        pack = catalogues.pack_in_force(session)
        made = staffing.ask(session, email, role, teams, pack=pack, link_to=link_to, by=actor(ADMIN), now=now)
    return made.invitation.invitation_id, links[0]


def join(token: str, name: str = "Kim Park", password: str = GOOD, now: datetime = NOW) -> str:
    return staffing.join(token, name, password, now)


def joined(email: str = KIM, role: str = "agent", teams: tuple[str, ...] = ()) -> Actor:
    join(ask(email, role, teams)[1])
    return actor(email)


@pytest.fixture(autouse=True)
def _loaded(loaded: str) -> None:
    """Everybody of the demo is there."""


# --- joiners --------------------------------------------------------------------------------------------------------


def test_who_is_invited_makes_their_own_sign_in_with_the_role_and_the_teams() -> None:
    with db.reading() as session:
        team = catalogues.pack_in_force(session).casework.team[0].key
    invited, token = ask(role="senior_agent", teams=(team,))
    assert join(token) == KIM
    proved = people.prove_staff(KIM, GOOD)
    assert proved is not None
    assert (proved.name, proved.role) == ("Kim Park", "senior_agent")
    with db.reading() as session:
        assert cases.teams_of(session, UUID(proved.id)) == (team,)
        assert people.invitations(session) == ()
    assert trail("staff.invited")[0]["after"] == {"email": KIM, "role": "senior_agent", "teams": [team]}
    assert trail("staff.joined")[0]["after"]["name"] == "Kim Park"
    assert token not in str(trail("staff.invited") + trail("staff.joined"))
    assert invited


def test_a_link_is_kept_as_a_digest_alone() -> None:
    _, token = ask()
    with db.reading() as session:
        kept = session.connection().execute(text("SELECT * FROM staff_invitation")).one()
    assert token not in str(tuple(kept))


def test_a_link_is_good_once_and_for_three_days() -> None:
    _, token = ask()
    with pytest.raises(Conflict, match="three days"):
        join(token, now=NOW + people.LASTS)
    join(token, now=NOW + people.LASTS - timedelta(minutes=1))
    with pytest.raises(Conflict, match="taken up already"):
        join(token)
    with pytest.raises(NotFound):
        join("made-up")


def test_what_will_not_do_takes_nothing_up() -> None:
    _, token = ask()
    for name, password, field in (("", GOOD, "name"), ("x" * 101, GOOD, "name"), ("Kim", "short", "password")):
        with pytest.raises(Invalid) as wrong:
            join(token, name, password)
        assert field in wrong.value.errors
    assert join(token) == KIM


def test_sent_again_the_old_link_opens_nothing() -> None:
    invited, old = ask()
    tokens: list[str] = []
    with db.transaction() as session:
        pack, by = catalogues.pack_in_force(session), actor(ADMIN)
        staffing.ask_again(
            session, invited, pack=pack, link_to=lambda t: tokens.append(t) or t, by=by, now=NOW + timedelta(days=4)
        )
    with pytest.raises(NotFound):
        join(old)
    assert join(tokens[0], now=NOW + timedelta(days=5)) == KIM


def test_withdrawn_it_opens_nothing() -> None:
    invited, token = ask()
    with db.transaction() as session:
        staffing.withdraw(session, invited, actor(ADMIN), NOW)
    with pytest.raises(NotFound):
        join(token)
    with pytest.raises(NotFound), db.transaction() as session:
        staffing.withdraw(session, invited, actor(ADMIN), NOW)
    assert trail("staff.invitation_withdrawn")[0]["before"]["email"] == KIM


@pytest.mark.parametrize(
    ("email", "role", "teams"),
    [
        ("kim", "agent", ()),
        ("kim@x", "agent", ()),
        ("a b@example.com", "agent", ()),
        (KIM, "customer", ()),
        (KIM, "agent", ("no",)),
    ],
)
def test_an_invitation_that_cannot_be_is_refused(email: str, role: str, teams: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        ask(email, role, teams)


def test_nobody_is_invited_twice_and_nobody_who_is_there() -> None:
    ask()
    with pytest.raises(Conflict, match="invited already"):
        ask(" KIM@example.com ")
    with pytest.raises(Conflict, match="works here already"):
        ask(AGENT)


def test_the_letter_holds_the_link_until_it_was_sent_and_no_record_does() -> None:
    mail.set_up(True)
    try:
        invited, token = ask()
    finally:
        mail.set_up(False)
    with db.reading() as session:
        sent = mail.sent_about(session, invited, [invited])[0]
        kept = (
            session.connection().execute(text("SELECT text FROM mail_sent WHERE about_id IS NOT NULL")).scalars().all()
        )
    assert (sent.recipient, sent.purpose) == (KIM, "invitation")
    assert sent.purpose in mail.CODES
    assert any(token in one for one in kept)
    with db.transaction() as session:
        mail.bounced(session, sent, "no such mailbox", NOW)
    with db.reading() as session:
        assert staffing.house(session, NOW).invited[0].unsent == "no such mailbox"
        assert token not in str(session.connection().execute(text("SELECT text FROM mail_sent")).scalars().all())


# --- roles and teams ------------------------------------------------------------------------------------------------


def test_a_role_is_changed_at_once_and_stands_on_the_trail_as_it_was() -> None:
    kim = joined()
    with db.transaction() as session:
        staffing.change_role(session, UUID(kim.id), "quality", actor(ADMIN), NOW)
    assert actor(KIM).role == "quality"
    assert trail("staff.role_changed")[0] == {"before": {"role": "agent"}, "after": {"role": "quality"}}
    with pytest.raises(Invalid), db.transaction() as session:
        staffing.change_role(session, UUID(kim.id), "customer", actor(ADMIN), NOW)


def test_nobody_changes_their_own_role_nor_ends_their_own_work() -> None:
    me = actor(ADMIN)
    for act in (
        lambda session: staffing.change_role(session, UUID(me.id), "agent", me, NOW),
        lambda session: staffing.end_work(session, UUID(me.id), me, NOW),
    ):
        with pytest.raises(Conflict, match="another administrator"), db.transaction() as session:
            act(session)


def test_the_last_administrator_stays_one() -> None:
    last, boss = staff_id(ADMIN), actor(SUPERVISOR)
    with pytest.raises(Conflict, match="last administrator"), db.transaction() as session:
        staffing.change_role(session, last, "agent", boss, NOW)
    with pytest.raises(Conflict, match="last administrator"), db.transaction() as session:
        staffing.end_work(session, last, boss, NOW)
    other = joined(role="admin")
    with db.transaction() as session:
        staffing.end_work(session, last, other, NOW)
    with pytest.raises(Conflict, match="last administrator"), db.transaction() as session:
        staffing.end_work(session, UUID(other.id), boss, NOW)


def test_who_becomes_powerful_signs_in_anew() -> None:
    kim = joined()
    with db.transaction() as session:
        people.begin_session(session, UUID(kim.id), "password", "Firefox on Linux", NOW)
        staffing.change_role(session, UUID(kim.id), "senior_agent", actor(ADMIN), NOW)
        assert people.sessions_of(session, UUID(kim.id), NOW)
        staffing.change_role(session, UUID(kim.id), "supervisor", actor(ADMIN), NOW)
        assert not people.sessions_of(session, UUID(kim.id), NOW)


# --- leavers --------------------------------------------------------------------------------------------------------


def customer() -> UUID:
    with db.reading() as session:
        return profiles.search(session, limit=1).items[0].id


def with_work(kim: Actor) -> None:
    """A contact, a case and a promise in their hand."""
    with db.transaction() as session:
        interactions.begin(session, customer(), "phone", kim, NOW)
        case = cases.open_case(session, customer(), "case", "No line", actor=kim, now=NOW)
        pack = catalogues.pack_in_force(session)
        cases.give_case(session, customer(), case.case_id, (UUID(kim.id), kim.name), pack=pack, actor=kim, now=NOW)
        cases.promise(session, customer(), "Call the technician", NOW + timedelta(days=1), actor=kim, now=NOW)


def held(who: Actor) -> staffing.InHand:
    with db.reading() as session:
        return staffing.member(session, UUID(who.id), NOW).in_hand


def test_who_leaves_is_out_at_once_and_their_name_stays() -> None:
    kim = joined()
    with_work(kim)
    with db.transaction() as session:
        inside = people.begin_session(session, UUID(kim.id), "password", "Firefox on Linux", NOW)
        interactions.set_agent_state(session, kim, "ready", NOW)
    with db.reading() as session:
        assert people.by_session(session, UUID(kim.id), inside, NOW) is not None
    with db.transaction() as session:
        staffing.end_work(session, UUID(kim.id), actor(ADMIN), NOW)
    with db.reading() as session:
        assert people.by_session(session, UUID(kim.id), inside, NOW) is None
        assert interactions.agent_state(session, kim, NOW).state == "offline"
        assert people.staff_actor(session, UUID(kim.id)) is None
        assert "Kim Park" in {one.name for one in people.everyone(session)}
        assert "Kim Park" not in {one.name for one in people.colleagues(session)}
    assert people.prove_staff(KIM, GOOD) is None
    assert trail("staff.left")[0] == {
        "before": {"works_here": True, "role": "agent"}, "after": {"works_here": False, "role": "agent"},
    }  # fmt: skip


def test_what_they_had_in_hand_goes_on_with_somebody() -> None:
    kim, other = joined(), actor(AGENT)
    with_work(kim)
    before = held(other)
    assert (held(kim).contacts, held(kim).cases, held(kim).promises) == (1, 1, 1)
    with db.transaction() as session:
        staffing.end_work(session, UUID(kim.id), actor(ADMIN), NOW)
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        assert staffing.member(session, UUID(kim.id), NOW).leaves_work
    done = staffing.hand_on(UUID(kim.id), other.id, pack=pack, by=actor(ADMIN), now=NOW)
    assert done == staffing.Handed(3, 0)
    assert held(other).many == before.many + 3
    assert staffing.hand_on(UUID(kim.id), other.id, pack=pack, by=actor(ADMIN), now=NOW) == staffing.Handed(0, 0)
    assert trail("contact.passed_on")[0] == {"before": {"staff": "Kim Park"}, "after": {"staff": other.name}}


def test_left_with_the_team_a_case_waits_and_what_must_be_somebodys_stays() -> None:
    kim = joined()
    with_work(kim)
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    done = staffing.hand_on(UUID(kim.id), staffing.NOBODY, pack=pack, by=actor(ADMIN), now=NOW)
    assert done == staffing.Handed(1, 2)
    assert (held(kim).cases, held(kim).someones) == (0, 2)
    for nobody in (kim.id, "x", str(staff_id(ADMIN))):
        with pytest.raises(Invalid):
            staffing.hand_on(UUID(kim.id), nobody, pack=pack, by=actor(ADMIN), now=NOW)


def test_who_is_taken_back_is_what_they_were() -> None:
    kim = joined(role="quality")
    with db.transaction() as session:
        staffing.end_work(session, UUID(kim.id), actor(ADMIN), NOW)
        with pytest.raises(Conflict, match="worked here before"):
            people.invite(session, KIM, "agent", (), actor(ADMIN), NOW)
    with db.transaction() as session:
        staffing.take_back(session, UUID(kim.id), actor(ADMIN), NOW)
    assert actor(KIM).role == "quality"
    assert people.prove_staff(KIM, GOOD) is not None
    with pytest.raises(Conflict), db.transaction() as session:
        staffing.take_back(session, UUID(kim.id), actor(ADMIN), NOW)


# --- sign-ins -------------------------------------------------------------------------------------------------------


def test_a_sign_in_is_over_by_itself() -> None:
    kim = UUID(joined().id)
    with db.transaction() as session:
        begun = people.begin_session(session, kim, "password", "Firefox on Linux", NOW)
    just_before = NOW + people.IDLE
    with db.transaction() as session:
        assert people.by_session(session, kim, begun, just_before) is not None
        assert people.by_session(session, kim, begun, just_before + timedelta(minutes=6)) is None
        assert people.by_session(session, staff_id(AGENT), begun, NOW) is None
        for hours in range(1, 12):
            people.seen_now(session, begun, NOW + timedelta(hours=hours))
        assert people.by_session(session, kim, begun, NOW + timedelta(hours=11, minutes=59)) is not None
        assert people.by_session(session, kim, begun, NOW + people.LONGEST) is None


def test_sign_ins_are_ended_one_by_one_and_all_together() -> None:
    kim = joined()
    with db.transaction() as session:
        one, two, three = (
            people.begin_session(session, UUID(kim.id), "password", words, NOW) for words in ("A", "B", "C")
        )
        assert staffing.end_sign_ins(session, UUID(kim.id), kim, NOW, only=two) == 1
        with pytest.raises(NotFound):
            staffing.end_sign_ins(session, UUID(kim.id), kim, NOW, only=two)
        assert staffing.end_sign_ins(session, UUID(kim.id), kim, NOW, but=one) == 1
        assert [line.session_id for line in people.sessions_of(session, UUID(kim.id), NOW, one)] == [one]
        assert staffing.end_sign_ins(session, UUID(kim.id), actor(ADMIN), NOW) == 1
        with pytest.raises(NotFound):
            staffing.end_sign_ins(session, UUID(kim.id), actor(ADMIN), NOW, only=three)
    assert len(trail("sign_in.ended")) == 3


def test_old_sign_ins_and_invitations_that_were_taken_up_are_forgotten() -> None:
    kim = joined()
    with db.transaction() as session:
        people.begin_session(session, UUID(kim.id), "password", "A", NOW)
    assert people.forget_sessions(NOW + timedelta(days=29)) == 0
    assert people.forget_sessions(NOW + timedelta(days=31)) == 1
    assert people.forget_invitations(NOW + timedelta(days=29)) == 0
    assert people.forget_invitations(NOW + timedelta(days=31)) == 1


def test_who_must_have_a_second_step_is_whoever_moves_what_all_customers_get() -> None:
    must = {role for role in people.STAFF_ROLES if people.needs_second_step(role)}
    assert must == {"supervisor", "author", "admin"}
