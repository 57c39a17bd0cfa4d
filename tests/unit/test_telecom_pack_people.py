"""The made-up people and their history fit the real attributes, harm nobody, and come out the same each time."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from backend.matrix.service import folder_of, load_pack
from backend.packs.telecom.identities import AREA_CODES, Names, customer_number
from backend.packs.telecom.making import MadeCustomer, people, read_customers
from backend.profiles import service as profiles
from shared.kernel import clock

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
PACK = load_pack(folder_of("telecom"))


@pytest.fixture(scope="module")
def everyone() -> list[MadeCustomer]:
    return list(people(read_customers(), NOW))


def test_the_same_seed_and_day_make_the_same_people() -> None:
    rows = list(islice(read_customers(), 150))
    first = list(people(rows, NOW))
    assert list(people(rows, NOW + timedelta(hours=3))) == first
    assert list(people(rows, NOW, seed=7)) != first
    assert list(people(rows, NOW + timedelta(days=1))) != first


def test_an_anchor_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        next(people(read_customers(), datetime(2026, 11, 22)))  # noqa: DTZ001 (the point of the test)


def test_numbers_addresses_and_phones_are_unique_and_reach_nobody(everyone: list[MadeCustomer]) -> None:
    assert len(everyone) == 7_043
    for unique in ({p.number for p in everyone}, {p.email for p in everyone}, {p.phone for p in everyone}):
        assert len(unique) == 7_043
    for person in everyone:
        assert person.made_up
        assert person.email.rpartition("@")[2] in ("example.com", "example.org", "example.net")
        assert person.phone[:2] == "+1"
        assert person.phone[5:10] == "55501"
        assert phonenumbers.is_possible_number(phonenumbers.parse(person.phone))


def test_area_codes_are_real_and_in_their_time_zone() -> None:
    codes = [code for codes in AREA_CODES.values() for code in codes.split()]
    assert len(codes) == len(set(codes)) >= 71
    for zone in AREA_CODES:
        assert ZoneInfo(zone)


def test_customer_numbers_never_repeat_and_files_beyond_the_reserved_numbers_get_no_phone() -> None:
    assert len({customer_number(place) for place in range(900_000)}) == 900_000
    assert Names(1).next(100 * sum(len(codes.split()) for codes in AREA_CODES.values()), "Male").phone is None


def test_a_file_with_its_own_numbers_keeps_them() -> None:
    [made] = people([{**next(read_customers()), "number": "7590-VHVEG"}], NOW)
    assert made.number == "7590-VHVEG"


def test_birthdays_agree_with_the_senior_flag(everyone: list[MadeCustomer]) -> None:
    for person in everyone:
        age = (TODAY - date.fromisoformat(person.attributes["birth_date"])).days / 365.25
        assert 20.9 < age < 91
        assert (age >= 65) == person.attributes["senior_citizen"]


def test_real_attributes_are_the_files_own(everyone: list[MadeCustomer]) -> None:
    for row, person in zip(read_customers(), everyone, strict=True):
        assert {key: person.attributes[key] for key in row} == row
        assert set(person.attributes) - set(row) == set(person.made_attributes)
        assert set(person.attributes) == set(PACK.attributes) - {"works_here"}, "none of them does"


def test_history_lies_between_joining_and_yesterday_or_leaving(everyone: list[MadeCustomer]) -> None:
    for person in everyone:
        zone = person.timezone
        left = person.attributes["left_on"]
        assert (left is not None) == person.attributes["churned"]
        end = date.fromisoformat(left) if left else TODAY - timedelta(days=1)
        assert TODAY - timedelta(days=30) <= end
        assert all(person.since <= clock.local_day(event.at, zone) <= end for event in person.events)
        assert all(event.at >= NOW - timedelta(days=2 * 365 + 63) for event in person.events)
        assert [e.at for e in person.events] == sorted(e.at for e in person.events)


def test_there_is_a_bill_for_each_month_up_to_two_years_and_they_add_up(everyone: list[MadeCustomer]) -> None:
    for person in everyone:
        tenure = person.attributes["tenure"]
        assert len(person.bills) == min(tenure, 24)
        assert len({b.reference for b in person.bills}) == len(person.bills)
        assert all(sum(line.amount_minor for line in b.lines) == b.amount_minor > 0 for b in person.bills)
        assert all(line.amount_minor > 0 for b in person.bills for line in b.lines)
        if 0 < tenure <= 24:
            assert sum(b.amount_minor for b in person.bills) == round(person.attributes["total_charges"] * 100)
        if tenure > 1:
            one_off = round(person.facts["values"]["one_off_charge"] * 100)
            assert person.bills[0].amount_minor == round(person.attributes["monthly_charges"] * 100) + one_off
        issued = [b.issued_on for b in person.bills]
        assert issued == sorted(issued, reverse=True)


def test_bills_payments_and_what_is_overdue_agree(everyone: list[MadeCustomer]) -> None:
    for person in everyone:
        paid = {
            e.data["bill"]: clock.local_day(e.at, person.timezone) for e in person.events if e.kind == "payment.made"
        }
        assert paid == {b.reference: b.paid_on for b in person.bills if b.status == "paid"}
        overdue = [b for b in person.bills if b.status == "overdue"]
        assert all(b.due_on < TODAY and b.paid_on is None for b in overdue)
        assert all(b.due_on >= TODAY for b in person.bills if b.status == "open")
        assert person.facts["values"]["overdue_amount"] == pytest.approx(sum(b.amount_minor for b in overdue) / 100)
        assert person.facts["dates"].get("overdue_since") == (
            min(b.due_on for b in overdue).isoformat() if overdue else None
        )


def test_facts_are_what_the_history_says(everyone: list[MadeCustomer]) -> None:
    counted = {
        "call": "calls",
        "visit": "visits",
        "complaint.opened": "complaints",
        "payment.failed": "failed_payments",
    }
    horizon = TODAY - timedelta(days=366)
    for person in everyone:
        found: dict[str, Counter[str]] = {name: Counter() for name in counted.values()}
        for event in person.events:
            day = clock.local_day(event.at, person.timezone)
            if event.kind in counted and day > horizon:
                found[counted[event.kind]][day.isoformat()] += 1
        for name, days in found.items():
            assert person.facts["days"].get(name, {}) == dict(days)
        kinds = Counter(event.kind for event in person.events)
        assert person.facts["values"]["open_complaints"] == kinds["complaint.opened"] - kinds["complaint.resolved"]
        assert person.facts["values"]["open_cases"] == kinds["case.opened"] - kinds["case.resolved"]
        contacts = [clock.local_day(e.at, person.timezone) for e in person.events if e.kind in ("call", "visit")]
        assert person.facts["dates"].get("last_contact") == (max(contacts).isoformat() if contacts else None)


def test_every_fact_of_the_pack_reads_something_that_the_history_or_the_tracking_plan_writes(
    everyone: list[MadeCustomer],
) -> None:
    days, values, dates = ({key for p in everyone for key in p.facts[part]} for part in ("days", "values", "dates"))
    days |= {key for event in PACK.tracking.event for key in (*event.count, *event.add)}
    values |= profiles.OWN_VALUES
    for fact in PACK.facts.values():
        assert fact.experience or (fact.of or fact.value or fact.since) in (
            days if fact.of else values if fact.value else dates
        )


def test_a_few_bad_experiences_are_unresolved_and_each_has_its_event_and_its_words(
    everyone: list[MadeCustomer],
) -> None:
    bad = [p for p in everyone if p.facts["bad_experience"]]
    assert 0.03 < len(bad) / len(everyone) < 0.12
    assert {p.facts["bad_experience"]["kind"] for p in bad} == set(PACK.acknowledgements)
    for person in bad:
        on = person.facts["bad_experience"]["on"]
        assert person.facts["dates"]["bad_experience"] == on
        assert any(
            clock.local_day(e.at, person.timezone).isoformat() == on for e in person.events if e.kind != "bill.issued"
        )


def test_who_has_no_internet_has_no_internet_trouble(everyone: list[MadeCustomer]) -> None:
    for person in everyone:
        if person.attributes["internet_service"] == "No":
            assert not any(e.kind == "call" and e.data["reason"] == "internet" for e in person.events)
            assert (person.facts["bad_experience"] or {}).get("kind") not in ("outage", "slow_internet", "missed_visit")


def test_who_left_called_more_in_the_last_months(everyone: list[MadeCustomer]) -> None:
    def rate(churned: bool) -> float:
        group = [p for p in everyone if p.attributes["churned"] is churned and p.attributes["tenure"] >= 6]
        since = NOW - timedelta(days=90)
        return sum(e.kind == "call" and e.at > since for p in group for e in p.events) / len(group)

    assert rate(True) > 1.5 * rate(False)


def test_about_seven_in_ten_allow_offers(everyone: list[MadeCustomer]) -> None:
    willing = sum(any(c.state == "granted" for c in p.consents if c.purpose == "marketing") for p in everyone)
    assert 0.65 < willing / len(everyone) < 0.85
