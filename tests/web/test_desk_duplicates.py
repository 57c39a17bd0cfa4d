"""Customers who may be one person, at the desk and over the API: compared, merged in one act, told apart, taken back."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from backend import db
from backend.identities import service as identities
from backend.matrix import service as matrix
from backend.people import permissions
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import AGENT, PASSWORD, SUPERVISOR, sign_in
from tests.merging import supervisor, two
from tests.pages import Browser, text_of


@pytest.fixture
def pair(loaded: str) -> tuple[UUID, UUID]:
    """Two customers who are suggested as one person."""
    first, second = two()
    parts = (identities.Agreement("birth_date", "same", 14.0), identities.Agreement("given_name", "different", -3.0))
    with db.transaction() as session:
        identities.suggest(session, [(first, second, 33.0, parts)], clock.now())
    return first, second


def boss(desk_as: Callable[[str], Browser]) -> Browser:
    return desk_as(SUPERVISOR)


def test_the_queue_tells_in_words_why(desk_as: Callable[[str], Browser], pair: tuple[UUID, UUID]) -> None:
    page = boss(desk_as).get("/duplicates")
    assert page.lint() == []
    assert "The same birth date. But another given name." in " ".join(page.text.split())
    assert "very likely one person" in page.text


def test_an_empty_queue_says_so_and_an_agent_does_not_reach_it(desk_as: Callable[[str], Browser]) -> None:
    page = boss(desk_as).get("/duplicates")
    assert "Nobody seems to be there twice." in page.text
    assert "Nobody was merged yet." in page.text
    assert desk_as(AGENT).client.get("/duplicates").status_code == 403


def test_two_are_merged_with_the_fields_as_chosen_and_taken_back(
    desk_as: Callable[[str], Browser], pair: tuple[UUID, UUID]
) -> None:
    first, second = pair
    with db.reading() as session:
        ours, theirs = profiles.profile(session, first), profiles.profile(session, second)
    browser = boss(desk_as)
    page = browser.get(f"/duplicates/{first}/{second}")
    assert page.lint() == []
    act = f"/duplicates/{first}/{second}/merge"
    unsure = page.submit(act, **{"field.name": "theirs"})
    assert unsure.status == 422
    assert "Say that they are the same person." in unsure.text
    assert unsure.form(act).fields["field.name"] == "theirs"
    merged = unsure.submit(act, sure="yes")
    assert merged.path == f"/customers/{first}"
    assert f"Merged: {theirs.name}, {theirs.number}" in merged.text
    with db.reading() as session:
        one = profiles.profile(session, first)
        assert (one.name, one.number, one.email) == (theirs.name, ours.number, ours.email)
    # A second click, and the way back in the browser.
    again = unsure.submit(act, sure="yes")
    assert again.path == f"/customers/{first}"
    assert "Merged already" in again.text
    back = browser.get(f"/duplicates/{second}/{first}")
    assert back.path == f"/customers/{first}"
    queue = browser.get("/duplicates")
    undo = next(form.action for form in queue.forms if form.action.endswith("/undoing"))
    undone = queue.submit(undo)
    assert f"Taken back: {theirs.name}, {theirs.number}" in undone.text
    twice = queue.submit(undo)
    assert "taken back already" in twice.text
    with db.reading() as session:
        assert profiles.profile(session, second).name == theirs.name


def test_who_merges_what_somebody_changed_meanwhile_looks_again(
    desk_as: Callable[[str], Browser], pair: tuple[UUID, UUID]
) -> None:
    first, second = pair
    page = boss(desk_as).get(f"/duplicates/{first}/{second}")
    with db.transaction() as session:
        profiles.learn(session, second, attributes={"tenure": 1}, now=clock.now())
    refused = page.submit(f"/duplicates/{first}/{second}/merge", sure="yes")
    assert refused.status == 409
    assert "changed since this page was opened" in refused.text
    assert refused.submit(f"/duplicates/{first}/{second}/merge", sure="yes").path == f"/customers/{first}"


def test_two_people_stay_two_and_who_comes_second_is_told(
    desk_as: Callable[[str], Browser], pair: tuple[UUID, UUID]
) -> None:
    first, second = pair
    mine, yours = boss(desk_as), desk_as("admin@demo.example")
    page, other = mine.get("/duplicates"), yours.get("/duplicates")
    act = next(form.action for form in page.forms if form.action.endswith("/distinction"))
    done = page.submit(act)
    assert "These two are not suggested again." in done.text
    late = other.submit(act)
    assert "Sam Okafor decided this already: said to be two people." in late.text
    shown = mine.get(f"/duplicates/{first}/{second}")
    assert "Said to be two people" in shown.text


def test_numbers_lead_to_any_two_and_wrong_ones_come_back_as_typed(
    desk_as: Callable[[str], Browser], pair: tuple[UUID, UUID]
) -> None:
    with db.reading() as session:
        numbers = [profiles.profile(session, one).number for one in pair]
    page = boss(desk_as).get("/duplicates")
    wrong = page.submit("/duplicates", first=numbers[0], second="C000000")
    assert wrong.status == 422
    assert wrong.form("/duplicates").fields["first"] == numbers[0]
    same = page.submit("/duplicates", first=numbers[0], second=numbers[0].lower())
    assert "one and the same" in same.text
    assert page.submit("/duplicates", first=numbers[0], second=numbers[1]).path == f"/duplicates/{pair[0]}/{pair[1]}"


def test_long_and_hostile_names_stay_text(desk_as: Callable[[str], Browser], pair: tuple[UUID, UUID]) -> None:
    from backend.profiles import queries

    name = "<script>alert(1)</script>" + "Wolfeschlegelsteinhausenbergerdorff" * 6
    with db.transaction() as session:
        session.execute(queries.CUSTOMER.update().where(queries.CUSTOMER.c.customer_id == pair[1]).values(name=name))
    browser = boss(desk_as)
    for path in ("/duplicates", f"/duplicates/{pair[0]}/{pair[1]}"):
        page = browser.get(path)
        assert name in page.text
        assert page.lint() == []
        assert not [one for one in page.all("script") if "alert" in text_of(one)]


def test_every_address_of_the_api_and_the_desk_takes_the_old_id(
    api_app: Flask, desk_as: Callable[[str], Browser], pair: tuple[UUID, UUID]
) -> None:
    first, second = pair
    with db.transaction() as session:
        identities.merge(session, second, first, actor=supervisor(), now=clock.now())
        key = people.create_key(session, ["all"], clock.now())[1]
    client, headers = api_app.test_client(), {"Authorization": f"Bearer {key}"}
    asked = 0
    for rule in api_app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments != {"customer_id"}:
            continue
        paths = [rule.rule.replace("<uuid:customer_id>", str(one)) for one in (first, second)]
        answers = [client.get(path, headers=headers) for path in paths]
        assert [answer.status_code for answer in answers] == [200, 200], rule.rule
        assert answers[0].json == answers[1].json, rule.rule
        asked += 1
    assert asked >= 8
    decided = [
        client.post(f"/api/v1/customers/{one}/decisions", json={"channel": "phone"}, headers=headers).get_json()
        for one in pair
    ]
    assert decided[0]["decision_id"] == decided[1]["decision_id"]
    moved = client.put(
        f"/api/v1/customers/{second}/moment",
        json={"stage": "renew", "intent": None, "channel": "phone"},
        headers=headers,
    )
    assert moved.status_code == 200
    browser = boss(desk_as)
    shown = [browser.get(f"/customers/{one}") for one in pair]
    assert [page.status for page in shown] == [200, 200]
    assert shown[0].one("h1") is not None
    assert text_of(shown[0].one("h1")) == text_of(shown[1].one("h1"))


def test_the_merged_ones_sign_in_goes_on_and_shows_the_survivor(
    loaded: str, portal_app: Flask, pair: tuple[UUID, UUID]
) -> None:
    first, second = pair
    with db.reading() as session:
        numbers = [profiles.profile(session, one).number for one in pair]
        name = profiles.profile(session, first).first_name
    signed_in = sign_in(Browser(portal_app), numbers[1])
    with db.transaction() as session:
        made = identities.merge(session, second, first, actor=supervisor(), now=clock.now())
    for path in ("/", "/offers", "/bills", "/activity"):
        assert signed_in.get(path).status == 200, path
    assert name in signed_in.get("/").text
    fresh = sign_in(Browser(portal_app), numbers[1], PASSWORD)
    assert name in fresh.get("/").text
    with db.transaction() as session:
        identities.unmerge(session, made.merge_id, actor=supervisor(), now=clock.now())
    assert signed_in.get("/").status == 200


def test_the_api_merges_and_takes_back(loaded: str, tmp_path: object, api_app: Flask, pair: tuple[UUID, UUID]) -> None:
    first, second = pair
    with db.transaction() as session:
        key = people.create_key(session, ["all"], clock.now())[1]
    client, headers = api_app.test_client(), {"Authorization": f"Bearer {key}"}
    compared = client.get(f"/api/v1/customers/{first}/duplicates/{second}", headers=headers).get_json()
    body = {
        "merged_id": str(second), "choose": ["name"], "version": compared["ours"]["version"],
        "merged_version": compared["theirs"]["version"],
    }  # fmt: skip
    wrong = client.post(f"/api/v1/customers/{first}/merges", json=body | {"choose": ["shoe_size"]}, headers=headers)
    assert (wrong.status_code, wrong.json["code"]) == (422, "invalid")
    stale = client.post(f"/api/v1/customers/{first}/merges", json=body | {"version": 1_000}, headers=headers)
    assert (stale.status_code, stale.json["code"]) == (409, "conflict")
    made = client.post(f"/api/v1/customers/{first}/merges", json=body, headers=headers)
    assert made.status_code == 201, made.text
    again = client.post(f"/api/v1/customers/{first}/merges", json=body, headers=headers)
    assert (again.status_code, again.json["customer_id"]) == (409, str(first))
    listed = client.get(f"/api/v1/customers/{second}/merges", headers=headers).get_json()["items"]
    assert [one["id"] for one in listed] == [made.json["id"]]
    undone = client.post(f"/api/v1/merges/{made.json['id']}/undoing", headers=headers)
    assert undone.status_code == 200
    assert undone.json["unmerged_by"]
    assert client.post(f"/api/v1/merges/{made.json['id']}/undoing", headers=headers).status_code == 409


# --- what is masked -------------------------------------------------------------------------------------------------


def looks_at(customer_id: UUID) -> set[tuple[str, str]]:
    with db.reading() as session:
        found = session.connection().execute(text("SELECT customer_id, actor_name, page FROM look"))
        return {(name, page) for who, name, page in found if str(who).replace("-", "") == customer_id.hex}


def hidden_of(*customer_ids: UUID) -> list[str]:
    """What is masked of them, as it could be written."""
    with db.reading() as session:
        people_ = [profiles.profile(session, one) for one in customer_ids]
    days = [one.birth_date for one in people_ if one.birth_date]
    spelled = [f"{day:%Y-%m-%d}" for day in days] + [matrix.day_text(day) for day in days]
    return [one for one in (*(p.phone for p in people_), *(p.email for p in people_), *spelled) if one]


def test_a_pair_is_masked_until_who_may_asks_for_it_and_each_is_looked_at(
    desk_as: Callable[[str], Browser], pair: tuple[UUID, UUID]
) -> None:
    first, second = pair
    with db.transaction() as session:
        for one in pair:
            profiles.learn(session, one, attributes={"payment_method": "Mailed check"}, now=clock.now())
    secrets = hidden_of(*pair)
    assert len(secrets) >= 6
    page = boss(desk_as).get(f"/duplicates/{first}/{second}")
    assert page.lint() == []
    assert [one for one in secrets if one in page.html] == []
    assert "Mailed check" not in page.html
    words = " ".join(page.text.split())
    assert "Phonemasked: they differ" in words.replace(" masked", "masked")
    assert "masked: the same" in words, "of the way of paying that much is told"
    assert looks_at(first) == looks_at(second) == {("Sam Okafor", "pair")}
    link = next(a.get("href") or "" for a in page.all("a") if text_of(a) == "Show them in clear")
    clear = boss(desk_as).get(link)
    assert [one for one in secrets if one not in clear.html and not one[:4].isdigit()] == []
    assert looks_at(first) == looks_at(second) == {("Sam Okafor", "pair"), ("Sam Okafor", "pair-in-clear")}
    told = boss(desk_as).get(f"/customers/{second}/looks")
    assert "Comparison, what is masked shown" in told.text
    # A refusal shows what was shown before, no less and no more.
    act = f"/duplicates/{first}/{second}/merge"
    assert secrets[0] in clear.submit(act).html
    assert secrets[0] not in page.submit(act).html
    assert clear.submit(act, sure="yes").path == f"/customers/{first}"


def test_who_may_merge_but_not_see_compares_what_is_masked(
    desk_as: Callable[[str], Browser], pair: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        permissions.ROLES, "supervisor", permissions.ROLES["supervisor"] - {permissions.Permission.COMPARE_IN_CLEAR}
    )
    browser = boss(desk_as)
    page = browser.get("/duplicates/{}/{}".format(*pair))
    assert "Show them in clear" not in page.text
    refused = browser.get("/duplicates/{}/{}?in_clear=yes".format(*pair))
    assert refused.status == 403
    assert [one for one in hidden_of(*pair) if one in refused.html] == []


def test_a_program_compares_what_is_masked_and_both_are_looked_at(
    api_app: Flask, pair: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    all_but = permissions.SCOPES["all"] - {permissions.Permission.SEE_SENSITIVE}
    monkeypatch.setitem(permissions.SCOPES, "merging", all_but)
    for scopes, hides in ((["all"], False), (["merging"], True)):
        with db.transaction() as session:
            key = people.create_key(session, scopes, clock.now())[1]
        answer = api_app.test_client().get(
            f"/api/v1/customers/{first}/duplicates/{second}", headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code == 200
        body = answer.get_data(as_text=True)
        fields = {one["key"]: one for one in answer.json["fields"]}
        assert fields["phone"]["masked"] is hides
        assert fields["phone"]["same"] is False
        assert all((one in body) is not hides for one in hidden_of(first)[:2])
        assert {page for _, page in looks_at(first)} == {page for _, page in looks_at(second)} == {"pair"}
