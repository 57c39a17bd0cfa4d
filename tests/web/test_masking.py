"""What staff are shown of a customer: by role, and masked until whoever speaks has been verified in an open contact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.matrix import service as matrix
from backend.matrix.service import body_of
from backend.people import permissions
from backend.people import service as people
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import ADMIN, AGENT, OTHERS, PORTAL_CUSTOMER, SUPERVISOR, add_others
from tests.pages import Browser, Page

PAYS = "Electronic check"


@pytest.fixture
def customer(loaded: str) -> Profile:
    """A customer of whom every page would tell how they pay: in their events, their offers and what was withheld."""
    with db.reading() as session:
        found = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
    with db.transaction() as session:
        profiles.learn(session, found, now=clock.now(), attributes={"payment_method": PAYS, "care_note": "vulnerable"})
        data = {"amount_minor": 100, "currency": "USD", "method": PAYS}
        interactions.record(session, found, "payment.made", None, SYSTEM, data, clock.now())
        changed = {"changed": {"Way of paying": PAYS}, "payment_method": PAYS}
        interactions.record(session, found, "profile.changed", None, SYSTEM, changed, clock.now())
    with db.reading() as session:
        return profiles.profile(session, found)


def secrets(customer: Profile) -> list[str]:
    """What is masked, as it could be written on a page."""
    assert customer.phone
    assert customer.email
    assert customer.birth_date
    day = customer.birth_date
    spelled = [day.isoformat(), matrix.day_text(day), short(day)]
    return [customer.phone, f"{customer.phone[-7:-4]} {customer.phone[-4:]}", customer.email, *spelled, PAYS]


def short(day: date | None) -> str:
    assert day is not None
    return f"{day.day} {day:%b %Y}"


def told(customer: Profile, text: str) -> list[str]:
    return [one for one in secrets(customer) if one in text]


def verify(page: Page, how: str = "password", htmx: bool = False) -> Page:
    form = next(form for form in page.forms if form.action.endswith("/verification"))
    return page.browser.send("post", form.action, {**form.fields, "how": how}, htmx=htmx)


def where(customer: Profile) -> str:
    return f"/customers/{customer.customer_id}"


def pages(browser: Browser, customer: Profile) -> dict[str, str]:
    """Everything that the desk shows of a customer."""
    page = browser.get(where(customer))
    decision = next(a.get("href", "") for a in page.all("a") if "/decisions/" in (a.get("href") or ""))
    parts = {
        name: browser.get(f"{where(customer)}/panels/{name}", htmx=True) for name in ("who", "timeline", "do", "moment")
    }
    return {
        "page": page.html, "decision": browser.get(decision).html, "why": browser.get(f"{decision}?why=").html,
        "timeline": browser.get(f"{where(customer)}/timeline").html, **{name: part.html for name, part in parts.items()},
    }  # fmt: skip


def test_nothing_that_is_masked_is_on_any_page_before_the_caller_is_verified(desk: Browser, customer: Profile) -> None:
    for name, html in pages(desk, customer).items():
        assert told(customer, html) == [], name
    who = desk.get(where(customer)).one(id="who")
    text = desk.get(where(customer)).text
    assert who is not None
    assert customer.birth_date
    assert f"Born •••• {customer.birth_date.year}" in text
    assert f"•••• {(customer.phone or '')[-3:]}" in text


@pytest.mark.parametrize("htmx", [False, True])
def test_a_verified_caller_opens_what_was_masked_until_the_contact_ends(
    desk: Browser, customer: Profile, htmx: bool
) -> None:
    desk.get(where(customer)).submit("/contact")
    assert told(customer, desk.get(where(customer)).html) == []
    after = verify(desk.get(where(customer)), htmx=htmx)
    assert "Verified: telephone password" in after.text
    shown = pages(desk, customer)
    assert set(told(customer, shown["who"])) >= {customer.email, PAYS, short(customer.birth_date)}
    assert PAYS in shown["timeline"]
    assert "Caller verified" in shown["timeline"]
    page = desk.get(where(customer))
    closing = next(a.get("href", "") for a in page.all("a") if (a.get("href") or "").endswith("/wrap-up"))
    desk.get(closing).submit("/wrap-up", code="solved", summary="Done")
    assert told(customer, desk.get(where(customer)).html) == []
    desk.get(where(customer)).submit("/contact")
    assert told(customer, desk.get(where(customer)).html) == [], "another contact, another caller"


def test_a_colleague_sees_nothing_by_my_verification(desk_as: Callable[[str], Browser], customer: Profile) -> None:
    mine = desk_as(AGENT)
    mine.get(where(customer)).submit("/contact")
    verify(mine.get(where(customer)))
    for other in ("agent2@demo.example", SUPERVISOR, ADMIN):
        assert told(customer, desk_as(other).get(where(customer)).html) == [], other


def test_no_way_of_verifying_is_no_verification(desk: Browser, customer: Profile) -> None:
    desk.get(where(customer)).submit("/contact")
    for how in ("", "because", "x" * 500):
        page = verify(desk.get(where(customer)), how)
        assert page.status == 422
        assert "Say how they proved who they are" in page.text
    assert told(customer, desk.get(where(customer)).html) == []


def test_somebody_else_on_the_line_has_to_be_verified_anew(desk: Browser, customer: Profile) -> None:
    with db.transaction() as session:
        one = interactions.record_representative(
            session, customer.customer_id, name="Rosa", relation="carer", authority="Seen", may_act=True, actor=SYSTEM,
            now=clock.now(),
        )  # fmt: skip
    desk.get(where(customer)).submit("/contact")
    verify(desk.get(where(customer)))
    desk.get(where(customer)).submit("/person", person=str(one.representative_id))
    assert told(customer, desk.get(where(customer)).html) == []


def test_an_attribute_is_seen_by_the_roles_that_the_pack_names(
    desk_as: Callable[[str], Browser], customer: Profile
) -> None:
    assert "Special care" in desk_as(AGENT).get(where(customer)).text
    assert "Special care" not in desk_as(ADMIN).get(where(customer)).text
    add_others()
    seen = {role for role, email in OTHERS.items() if "Special care" in desk_as(email).get(where(customer)).text}
    assert seen == {"senior_agent"}


def test_the_roles_of_a_pack_are_those_of_the_house() -> None:
    from typing import get_args

    from backend.matrix.types import Role

    assert set(get_args(Role)) == set(permissions.ROLES) - {"customer"}


# --- programs -------------------------------------------------------------------------------------------------------


def asked(api_app: Flask, scopes: list[str], customer: Profile) -> dict[str, Any]:
    with db.transaction() as session:
        key = people.create_key(session, scopes, clock.now())[1]
    client, head = api_app.test_client(), {"Authorization": f"Bearer {key}"}
    at = f"/api/v1/customers/{customer.customer_id}"
    decided = client.post(f"{at}/decisions", json={"channel": "phone"}, headers=head)
    assert decided.status_code in (200, 201)
    return {
        "profile": client.get(at, headers=head), "timeline": client.get(f"{at}/timeline", headers=head), "decision": decided,
        "explained": client.get(f"/api/v1/decisions/{decided.json['decision_id']}", headers=head),
    }  # fmt: skip


def test_a_program_reads_what_is_masked_by_a_scope_of_its_own(api_app: Flask, customer: Profile) -> None:
    for _ in range(2):  # the second time the answer stands already
        masked = asked(api_app, ["customers:read", "decisions:write"], customer)
        for name, answer in masked.items():
            assert answer.status_code in (200, 201), name
            assert told(customer, answer.get_data(as_text=True)) == [], name
        whole = asked(api_app, ["customers:sensitive", "decisions:write"], customer)
        assert {customer.phone, customer.email, PAYS} <= set(told(customer, whole["profile"].get_data(as_text=True)))
        assert PAYS in whole["timeline"].get_data(as_text=True)
    assert masked["profile"].json["masked"] == ["birth_date", "email", "payment_method", "phone", "senior_citizen"]
    assert "care_note" not in masked["profile"].json["attributes"]
    assert whole["profile"].json["masked"] == []


def test_the_engine_reads_all_whoever_looks(customer: Profile) -> None:
    with db.reading() as session:
        agent = people.find_staff(session, AGENT)
        assert agent is not None
        actor = people.staff_actor(session, agent[0])
    assert actor is not None
    seen = treatments.recommend_for_agent(customer.customer_id, "phone", actor, clock.now())
    assert [c.card.treatment for c in seen.cards] == [
        c.card.treatment
        for c in treatments.recommend_for_agent(customer.customer_id, "phone", SYSTEM, clock.now()).cards
    ]


# --- the words of treatments ----------------------------------------------------------------------------------------

RESTS = "because of how they pay"
SPENDS = 7654.32
TEXTS = frozenset({"headline", "body", "script", "promise", "agent", "customer", "text"})


def plant(found: Any) -> None:
    """Has every text of every treatment tell how the customer pays and what they spend, and a reason rest on it."""
    if isinstance(found, list):
        for one in found:
            plant(one)
    elif isinstance(found, dict):
        for key, value in found.items():
            if key in TEXTS and isinstance(value, str) and value:
                said = "For you" if key == "headline" else value
                found[key] = f"{said} [{{payment_method}}, {{monthly_charges}}]"
            else:
                plant(value)


@pytest.fixture
def telling(customer: Profile) -> Profile:
    """The customer, under a catalogue whose words tell what is masked wherever they can."""
    with db.transaction() as session:
        body = body_of(catalogues.files_of(session, catalogues.in_force(session).catalogue.version))
        for one in body["attributes"]["attribute"]:
            one["masked"] = one.get("masked", False) or one["key"] == "monthly_charges"
        for treatment in (one for file in body["treatments"].values() for one in file["treatment"]):
            plant(treatment)
            # What rests on what is masked tells it without naming it.
            resting = {"when": f"payment_method == '{PAYS}'", "agent": RESTS, "customer": RESTS}
            treatment["reason"] = [resting, *treatment.get("reason", ())]
        catalogues.publish(session, body, SYSTEM, clock.now())
        profiles.learn(session, customer.customer_id, now=clock.now(), attributes={"monthly_charges": SPENDS})
    return customer


def given_away(text: str) -> list[str]:
    """What of it the text tells, with the words around."""
    return [
        text[max(text.find(one) - 60, 0) : text.find(one) + 30]
        for one in (PAYS, "7,654.32", "7654.32", RESTS)
        if one in text
    ]


def test_no_word_of_a_treatment_tells_what_is_masked(
    telling: Profile, desk_as: Callable[[str], Browser], api_app: Flask
) -> None:
    desk = desk_as(AGENT)
    desk.get(where(telling)).submit("/contact")
    seen = pages(desk, telling) | {"alternatives": desk.get(f"{where(telling)}/alternatives").html}
    answers = desk.get(where(telling))
    for response in ("presented", "deferred", "declined", "accepted"):
        form = next((f for f in answers.forms if f.action.endswith("/responses") or "/offers/" in f.action), None)
        if form is None:
            break
        sent = {**form.fields, "response": response, "until": str(date.fromordinal(clock.now().toordinal() + 3))}
        answers = desk.send("post", form.action, sent)
        seen[f"after {response}"] = answers.html
    seen |= {f"{name}, later": html for name, html in pages(desk, telling).items()}
    boss = desk_as(SUPERVISOR)
    seen |= {path: boss.get(path).html for path in ("/wall", "/approvals")}
    seen |= {f"colleague: {name}": html for name, html in pages(boss, telling).items()}
    program = asked(api_app, ["customers:read", "decisions:write", "offers:write"], telling)
    seen |= {f"api: {name}": answer.get_data(as_text=True) for name, answer in program.items()}
    with db.transaction() as session:
        key = people.create_key(session, ["customers:read", "decisions:write", "offers:write"], clock.now())[1]
    client, head = api_app.test_client(), {"Authorization": f"Bearer {key}"}
    at = f"/api/v1/customers/{telling.customer_id}"
    for path in (f"{at}/offers", f"{at}/decisions", f"{at}/matrix"):
        seen[path] = client.get(path, headers=head).get_data(as_text=True)
    first = program["decision"].json["treatments"][0]["offer_id"]
    for channel in ("portal", "email"):
        answered = client.post(f"{at}/decisions", json={"channel": channel}, headers=head)
        seen[f"api: {channel}"] = answered.get_data(as_text=True)
    for response in ("presented", "accepted", "accepted"):
        body = {"response": response, "channel": "phone"}
        told_back = client.post(f"/api/v1/offers/{first}/responses", json=body, headers=head)
        seen[f"api: {response}"] = told_back.get_data(as_text=True)
    assert {name: given_away(text) for name, text in seen.items() if given_away(text)} == {}
    # The check itself: verified, all of it is there to be read; the customer reads it anyway.
    verify(desk.get(where(telling)))
    page = desk.get(where(telling)).html
    assert given_away(page) != []
    whole = asked(api_app, ["customers:sensitive", "decisions:write"], telling)["decision"].get_data(as_text=True)
    assert PAYS in whole


def test_a_reason_that_rests_on_what_is_masked_is_only_said_to_be_one(telling: Profile, desk: Browser) -> None:
    page = desk.get(where(telling))
    assert "masked until the caller is verified" in page.text
    desk.get(where(telling)).submit("/contact")
    verify(desk.get(where(telling)))
    assert RESTS in desk.get(where(telling)).text
