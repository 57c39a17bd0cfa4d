"""Profiles in a real database: found, read, taught, told why someone is here."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from backend import db
from backend.matrix.service import folder_of, load_pack
from backend.profiles import service as profiles
from backend.profiles.tables import CustomerAliasRow, IdentifierClaimRow, IdentifierRow
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.made_customers import JOSE, MARIA, NOW, customer, two_customers

PACK = load_pack(folder_of("telecom"))


@pytest.fixture
def people(database: str) -> str:
    two_customers()
    return database


def found(**asked: str | int | None) -> list[tuple[UUID, str]]:
    with db.reading() as session:
        return [(m.id, m.matched) for m in profiles.search(session, **asked).items]  # type: ignore[arg-type]


@pytest.mark.usefixtures("people")
def test_an_identifier_names_one_customer_however_it_is_written() -> None:
    assert found(identifier="phone:(213) 555-0101") == [(MARIA, "phone")]
    assert found(identifier="email:MARIA@example.com") == [(MARIA, "email")]
    assert found(identifier="number:c100002") == [(JOSE, "number")]
    assert found(identifier="phone:+1 213 555 0199") == []


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    "query", ["maria", "DÁVILA", "maria davila", "davila maria", "100001", "555-0101", "maria@exam"]
)
def test_a_text_finds_the_customer_without_regard_to_accents_case_and_order(query: str) -> None:
    assert [i for i, _ in found(query=query)] == [MARIA]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("query", ["%", "_", "\\", "ma%ia", "|", "' or 1=1 --"])
def test_what_is_typed_is_never_a_wildcard(query: str) -> None:
    assert found(query=query) == []


@pytest.mark.usefixtures("people")
def test_names_that_begin_with_the_text_come_first() -> None:
    with db.transaction() as session:
        profiles.enrol(
            session, [customer(uuid4(), "C100003", "Ana Joseph"), customer(uuid4(), "C100004", "Joseph Abel")]
        )
    with db.reading() as session:
        names = [m.name for m in profiles.search(session, query="jos").items]
    assert names == ["José O'Neil", "Joseph Abel", "Ana Joseph"]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("query", [None, "person"])
def test_pages_of_a_search_join_without_gap_or_repeat(query: str | None) -> None:
    with db.transaction() as session:
        profiles.enrol(session, [customer(uuid4(), f"C{i:06}", f"Person {i % 3}") for i in range(23)])
    seen, cursor = [], None
    for _ in range(5):
        with db.reading() as session:
            page = profiles.search(session, query=query, limit=5, cursor=cursor)
        seen += [m.number for m in page.items]
        cursor = page.next_cursor
    assert cursor is None
    assert len(seen) == len(set(seen)) == 23
    assert "erson" not in str(cursor)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    "asked", [{"identifier": "shoe:42"}, {"identifier": "42"}, {"limit": 0}, {"limit": 101}, {"cursor": "x"}]
)
def test_a_search_that_cannot_be_is_refused(asked: dict[str, str | int]) -> None:
    with pytest.raises(Invalid):
        found(**asked)


@pytest.mark.usefixtures("people")
def test_customers_sign_in_by_number_or_email() -> None:
    with db.reading() as session:
        assert profiles.find_by_sign_in(session, "c100001 ") == MARIA
        assert profiles.find_by_sign_in(session, "Maria@example.com") == MARIA
        assert profiles.find_by_sign_in(session, "+12135550101") is None


@pytest.mark.usefixtures("people")
def test_an_alias_leads_to_the_canonical_customer() -> None:
    old = uuid4()
    with db.transaction() as session:
        session.add(CustomerAliasRow(alias_id=old, customer_id=MARIA))
    with db.reading() as session:
        assert profiles.resolve(session, old) == MARIA
        assert profiles.profile(session, old).customer_id == MARIA
        with pytest.raises(NotFound):
            profiles.profile(session, uuid4())


@pytest.mark.usefixtures("people")
def test_what_is_learned_counts_up_the_version_and_nothing_gets_lost() -> None:
    with db.transaction() as session:
        first = profiles.learn(session, MARIA, now=NOW, count={"calls": 1}, dates={"last_contact": date(2026, 11, 22)})
    with db.transaction() as session:
        second = profiles.learn(
            session, MARIA, now=NOW, count={"calls": 2}, values={"open_cases": 1}, attributes={"tenure": 13}
        )
    assert (first, second) == (2, 3)
    with db.reading() as session:
        known = profiles.profile(session, MARIA)
        other = profiles.profile(session, JOSE)
    assert known.facts["days"] == {"calls": {"2026-11-22": 3}}
    assert known.facts["values"] == {"open_cases": 1}
    assert known.facts["dates"] == {"last_contact": "2026-11-22"}
    assert known.attributes == {"tenure": 13, "contract": "One year"}
    assert other.version == 1


@pytest.mark.usefixtures("people")
def test_a_count_falls_on_the_customer_s_own_day_and_old_days_are_dropped() -> None:
    before_midnight = NOW.replace(day=23, hour=7)  # 23:00 on the 22nd in Los Angeles
    long_ago = NOW - timedelta(days=900)
    with db.transaction() as session:
        profiles.learn(session, MARIA, now=long_ago, count={"calls": 1})
        profiles.learn(session, MARIA, now=before_midnight, count={"calls": 1})
    with db.reading() as session:
        assert profiles.profile(session, MARIA).facts["days"]["calls"] == {"2026-11-22": 1}


@pytest.mark.usefixtures("people")
def test_a_bad_experience_is_written_and_put_right() -> None:
    with db.transaction() as session:
        profiles.learn(session, MARIA, now=NOW, bad_experience={"kind": "outage", "on": "2026-11-20"})
        profiles.learn(session, MARIA, now=NOW, count={"calls": 1})
    with db.reading() as session:
        assert profiles.profile(session, MARIA).facts["bad_experience"]["kind"] == "outage"
    with db.transaction() as session:
        profiles.learn(session, MARIA, now=NOW, bad_experience=None)
    with db.reading() as session:
        assert profiles.profile(session, MARIA).facts["bad_experience"] is None


def tell(
    stage: str, intent: str | None, source: str = "stated", at: object = NOW, channel: str = "portal"
) -> profiles.Moment:
    with db.transaction() as session:
        return profiles.set_moment(session, MARIA, stage, intent, source, channel, SYSTEM, at, PACK)  # type: ignore[arg-type]


@pytest.mark.usefixtures("people")
def test_a_moment_is_written_and_fades_after_its_intent_s_time() -> None:
    told = tell("support", "not_working")
    assert (told.version, told.stage, told.intent, told.source) == (1, "support", "not_working", "stated")
    assert told.fades_at == NOW + timedelta(hours=PACK.intents["not_working"].fade_hours)
    assert told.live(told.fades_at - timedelta(seconds=1))
    assert not told.live(told.fades_at)
    with db.reading() as session:
        assert profiles.profile(session, MARIA).moment == told
        assert profiles.profile(session, MARIA).version == 1


@pytest.mark.usefixtures("people")
def test_what_was_stated_beats_what_is_inferred_while_it_lives() -> None:
    told = tell("support", "not_working")
    assert tell("pay", "bill_question", "inferred") == told
    after = told.fades_at + timedelta(minutes=1)
    guessed = tell("pay", "bill_question", "inferred", at=after)
    assert (guessed.version, guessed.source, guessed.intent) == (2, "inferred", "bill_question")
    assert tell("support", None, at=after).version == 3


@pytest.mark.usefixtures("people")
def test_the_same_moment_told_again_keeps_its_version_and_lasts_longer() -> None:
    told = tell("support", "not_working")
    again = tell("support", "not_working", at=NOW + timedelta(hours=5), channel="phone")
    assert (again.version, again.set_at) == (told.version, told.set_at)
    assert again.fades_at == told.fades_at + timedelta(hours=5)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("stage", "intent", "channel", "field"),
    [
        ("nowhere", None, "portal", "stage"),
        ("support", "bored", "portal", "intent"),
        ("support", None, "fax", "channel"),
    ],
)
def test_a_moment_that_the_pack_does_not_know_is_refused(
    stage: str, intent: str | None, channel: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        tell(stage, intent, channel=channel)
    assert list(refused.value.errors) == [field]


@pytest.mark.usefixtures("people")
def test_a_number_is_entered_once_and_an_identifier_keeps_its_first_owner() -> None:
    newcomer = uuid4()
    with db.transaction() as session:
        done = profiles.enrol(
            session,
            [
                customer(uuid4(), "c100001", "María Again"),
                customer(newcomer, "C100009", "Nina New", phone="+1 (213) 555-0101", email="nina@example.com"),
            ],
        )
    assert done.entered == {newcomer}
    with db.reading() as session:
        nina = profiles.profile(session, newcomer)
        kinds = set(session.exec(select(IdentifierRow.kind).where(IdentifierRow.customer_id == newcomer)))
    assert (nina.phone, nina.email) == (None, "nina@example.com")
    assert kinds == {"number", "email"}
    assert found(identifier="phone:+12135550101") == [(MARIA, "phone")]


@pytest.mark.usefixtures("people")
def test_a_lost_race_for_a_number_is_a_conflict() -> None:
    def claim() -> None:
        with db.transaction() as session:
            session.add(IdentifierClaimRow(kind="number", value="C100001", customer_id=JOSE))

    with pytest.raises(Conflict):
        claim()


@pytest.mark.usefixtures("people")
def test_bills_come_newest_first_and_can_leave_their_lines_behind() -> None:
    with db.reading() as session:
        whole = profiles.bills(session, MARIA)
        heads = profiles.bill_heads(session, MARIA)
        unpaid = profiles.bill_heads(session, MARIA, unpaid=True)
    assert [b.reference for b in whole] == ["B202611", "B202610"]
    assert whole[0].lines == (("Phone line", whole[0].amount),)
    assert heads[0].lines == ()
    assert [b.reference for b in unpaid] == ["B202611"]


@pytest.mark.usefixtures("people")
def test_export_hands_over_every_row_and_erasure_leaves_none() -> None:
    tell("support", None)
    with db.reading() as session:
        exported = profiles.export_customer(session, MARIA)
    assert {table for table, rows in exported.items() if rows} == {
        "customer", "identifier", "identifier_claim", "moment", "consent", "consent_entry", "bill",
    }  # fmt: skip
    with db.transaction() as session:
        profiles.erase_customer(session, MARIA)
    with db.reading() as session:
        assert not any(profiles.export_customer(session, MARIA).values())
        assert profiles.profile(session, JOSE).name == "José O'Neil"
        with pytest.raises(NotFound):
            profiles.profile(session, MARIA)
