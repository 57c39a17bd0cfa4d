"""The audit trail and the answer to a customer's question, as supervisors and administrators see them; each act with and without scripting."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from agent_ui.oversight import trail
from backend import db
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import ADMIN, AGENT, AUTHOR, PORTAL_CUSTOMER, SUPERVISOR
from tests.pages import Browser

As = Callable[[str], Browser]


@pytest.fixture
def boss(desk_as: As) -> Browser:
    return desk_as(SUPERVISOR)


@pytest.fixture
def customer(loaded: str) -> UUID:
    with db.reading() as session:
        found = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
    treatments.decide(found, clock.now())
    return found


def seal() -> None:
    record.seal(clock.now())


def lines(browser: Browser) -> list[str]:
    page = browser.get("/audit")
    return [" ".join("".join(row.itertext()).split()) for row in page.all("tr")[1:]]


# --- the trail --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "status"), [(SUPERVISOR, 200), (ADMIN, 200), (AGENT, 403), (AUTHOR, 403)])
def test_the_trail_is_for_supervisors_and_administrators(desk_as: As, who: str, status: int) -> None:
    browser = desk_as(who)
    assert browser.client.get("/audit").status_code == status
    assert ("Audit trail" in browser.get("/").text) is (status == 200)


def test_who_signs_in_and_out_stands_there(desk_as: As, boss: Browser) -> None:
    agent = desk_as(AGENT)
    agent.get("/").submit("/sign-out")
    found = lines(boss)
    assert any(line.startswith("Signed out Avery Quinn themselves") for line in found)
    wrong = agent.get("/sign-in").submit("/sign-in", email=AGENT, password="not this one")
    assert wrong.status == 422
    assert any(line.startswith("Sign-in refused Evenhand Avery Quinn") for line in lines(boss))


def test_what_is_looked_for_is_found_and_stands_in_no_address(boss: Browser, customer: UUID) -> None:
    boss.get(f"/customers/{customer}")
    boss.get("/retention")
    found = boss.get("/audit").submit("/audit", whom=PORTAL_CUSTOMER)
    assert found.path == "/audit"
    assert found.response.request.query_string == b""
    assert "Looked at a customer" in found.text
    assert "Signed in" not in found.text
    none = found.submit("/audit", words="no.such.act")
    assert "Nothing fits." in none.text
    everything = none.submit("/audit", all="yes")
    assert "Signed in" in everything.text


def test_days_are_those_of_the_organisation_and_both_are_whole(boss: Browser) -> None:
    with db.reading() as session:
        zone = trail.catalogues.pack_in_force(session).timezone
    today = clock.local_day(clock.now(), zone)
    page = boss.get("/audit").submit("/audit", since=today.isoformat(), until=today.isoformat())
    assert "Signed in" in page.text
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert "Nothing fits." in page.submit("/audit", since=tomorrow, until="").text


def test_what_is_wrong_comes_back_as_it_was_typed(boss: Browser) -> None:
    page = boss.get("/audit").submit("/audit", whom="C000000", since="2026-11-20", until="2026-11-19", words="kept")
    assert page.status == 422
    assert "There is no customer with this number" in page.text
    assert "The last day comes before the first." in page.text
    assert [page.one("input", name=name).get("value") for name in ("whom", "until", "words")] == [
        "C000000", "2026-11-19", "kept",
    ]  # fmt: skip
    for day in ("0001-01-01", "9999-12-31", "yesterday"):
        assert page.submit("/audit", whom="", since=day, until="").status == 422, day
    assert boss.get("/audit?cursor=x").status == 422


def test_pages_of_it_follow_each_other(boss: Browser) -> None:
    for place in ("/audit", "/retention"):
        boss.get(place)
    with db.transaction() as session:
        for n in range(120):
            record.audit(
                session, actor=SYSTEM, action="note", subject=f"n:{n}", customer_id=None, payload={}, now=clock.now()
            )
    first = boss.get("/audit")
    onward = next(a.get("href", "") for a in first.all("a") if "cursor=" in (a.get("href") or ""))
    second = boss.get(onward)
    assert len(first.all("tr")) == len(second.all("tr")) == 51
    assert "n: 119" in first.text
    assert "n: 69" in second.text


def test_an_entry_opens_to_before_and_after_side_by_side(desk_as: As, boss: Browser) -> None:
    admin = desk_as(ADMIN)
    for extension in (AGENT, SUPERVISOR):
        admin.get("/telephones").submit("/telephones", extension="101", email=extension)
    seal()
    page = boss.get("/audit")
    entry = next(a.get("href", "") for a in page.all("a") if "".join(a.itertext()) == "Telephone given to somebody")
    opened = boss.get(entry)
    assert f"whose {AGENT} {SUPERVISOR}" in opened.text
    assert "The same act on the same thing before it" in opened.text
    assert "Digest of what it says" in opened.text


def test_an_entry_about_an_erased_customer_says_so(desk_as: As, boss: Browser, customer: UUID) -> None:
    boss.get(f"/customers/{customer}")
    with db.reading() as session:
        seen = record.entries(session, record.Wanted(action="customer.looked"))[0][0].entry_id
        number = profiles.profile(session, customer).number
    admin = desk_as(ADMIN)
    admin.get(f"/customers/{customer}/data").submit("/data/erasure", number=number)
    opened = boss.get(f"/audit/{seen}")
    assert "What it said was erased." in opened.text
    assert "a customer who was erased" in opened.text
    seal()
    assert "The chain holds" in boss.get("/audit").submit("/audit/verification").text


def test_the_chain_is_proved_on_demand_and_that_stands_there(boss: Browser) -> None:
    seal()
    before = boss.get("/audit")
    assert "not verified yet" in before.text
    after = before.submit("/audit/verification")
    assert "The chain holds" in after.text
    assert "by Sam Okafor" in after.text
    with db.transaction() as session:
        session.connection().execute(text("UPDATE audit_entry SET subject = 'x' WHERE position = 1"))
    broken = boss.get("/audit").submit("/audit/verification")
    assert "The chain is broken" in broken.text
    assert "does not hold from entry 1 on" in broken.text


@pytest.mark.parametrize("htmx", [True, False])
def test_a_long_chain_is_proved_in_parts_with_progress(
    boss: Browser, monkeypatch: pytest.MonkeyPatch, htmx: bool
) -> None:
    for _ in range(3):
        boss.get("/audit").submit("/audit/verification")
    seal()
    monkeypatch.setattr(trail, "A_PART", 2)
    page = boss.get("/audit").submit("/audit/verification", htmx=htmx)
    assert "Proved until entry 2 of" in page.text
    assert page.one("progress").get("value") == "2"
    forged = boss.post(
        "/audit/verification", {"csrf_token": page.form("/audit/verification").fields["csrf_token"], "reached": "x.y"}
    )
    assert "Proved until entry 2 of" in forged.text, "it begins anew"
    for _ in range(10):
        if not page.all("progress"):
            break
        page = page.submit("/audit/verification", htmx=htmx)
    assert "The chain holds" in boss.get("/audit").text or "The chain holds" in page.text


def test_what_was_found_is_taken_as_csv_and_that_stands_there(boss: Browser) -> None:
    found = boss.get("/audit").submit("/audit", words="signed_in")
    file = found.submit("/audit/csv")
    assert file.response.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(file.html)))
    assert {row["action"] for row in rows} == {"signed_in"}
    assert "Sam Okafor" in {row["actor"] for row in rows}
    assert "Audit trail taken as a file" in boss.get("/audit").submit("/audit", all="yes").text


# --- the question -----------------------------------------------------------------------------------------------------


def test_from_a_number_to_the_letter_that_was_sent(boss: Browser, customer: UUID) -> None:
    assert boss.get("/enquiry").submit("/enquiry", who="").status == 422
    page = boss.get("/enquiry").submit("/enquiry", who=PORTAL_CUSTOMER)
    assert page.path == f"/customers/{customer}/enquiry"
    assert "identical" in page.text
    assert "Published by Evenhand" in page.text
    known = [option.get("value", "") for option in page.one("select", id="about").iter("option")]
    with db.reading() as session:
        decision = treatments.decision_page(
            session, treatments.decisions_between(session, customer, *_ever())[0].decision_id, clock.now()
        )
    removed = next(line for line in decision.withheld if line.values)
    assert removed.treatment in known
    asked = boss.get(f"/customers/{customer}/enquiry?about={removed.treatment}")
    assert removed.rule in asked.text
    assert removed.values[0][1] in asked.text
    refused = asked.submit("/enquiry/letter", text="Your risk score was high.")
    assert refused.status == 422
    assert "Say it differently: risk, score." in refused.text
    assert "Your risk score was high." in "".join(refused.one("textarea", id="text").itertext())
    sent = refused.submit("/enquiry/letter", text="Dear you,\n\nit was not for you on that day.")
    assert "The letter is on its way" in sent.text
    assert "it was not for you on that day." in sent.text
    assert f"/customers/{customer}/cases/" in sent.path


def test_the_letter_can_be_put_on_paper(desk_as: As, customer: UUID) -> None:
    author = desk_as(AUTHOR)
    page = author.get(f"/customers/{customer}/enquiry")
    assert "Send the letter" not in page.text, "authors write to no customer"
    form = page.form("/enquiry/letter")
    paper = author.post(f"/customers/{customer}/enquiry/paper", {**form.fields, "subject": "S", "text": "On paper."})
    assert paper.status == 200
    assert "On paper." in paper.text
    with db.reading() as session:
        assert record.entries(session, record.Wanted(action="enquiry.printed"))[0][0].customer_id == customer


def test_another_day_forgets_what_was_asked_about_and_no_day_is_said(boss: Browser, customer: UUID) -> None:
    where = f"/customers/{customer}/enquiry"
    assert "Nothing was decided on that day." in boss.get(f"{where}?day=2020-02-02&about=whatever").text
    assert boss.get(f"{where}?about=no_such").status == 422
    for day in ("tomorrow", "0001-01-01", "9999-12-31"):
        assert boss.get(f"{where}?day={day}").status == 422, day
    assert boss.get(f"{where}?decision=x").status == 200


def test_agents_do_not_answer_for_decisions(desk: Browser, customer: UUID) -> None:
    assert desk.client.get(f"/customers/{customer}/enquiry").status_code == 403
    assert "They ask why" not in desk.get(f"/customers/{customer}").text


def test_the_way_there_is_on_the_customers_page(boss: Browser, customer: UUID) -> None:
    page = boss.get(f"/customers/{customer}")
    assert any((a.get("href") or "").endswith(f"/customers/{customer}/enquiry") for a in page.all("a"))


def _ever() -> tuple[datetime, datetime]:
    now = clock.now()
    return now - timedelta(days=400), now + timedelta(days=1)
