"""The script at the desk: filled in, with what the customer may answer; its acts are the card's own forms, without scripting too."""

from __future__ import annotations

import pytest

from tests.pages import Browser, Page, elements, text_of

SCRIPTED = ("contract_one_year", "right_size", "safe_and_sound", "autopay_bank", "support_trial", "technician_visit")


@pytest.fixture
def page(desk: Browser) -> Page:
    """The page of a customer to whom something with a branching script is offered."""
    for number in ("C371828", "C117942", "C100001"):
        found = desk.get("/").submit("/search", query=number)
        if found.all(class_="script-step"):
            return found
    pytest.fail("nobody of these is offered a treatment whose script branches")


def test_answers_are_filled_in_and_fold_under_what_is_said(page: Page) -> None:
    steps = page.all("details", class_="script-step")
    assert steps
    for step in steps:
        said = text_of(step)
        assert "{" not in said
        assert any(part.tag.endswith("summary") for part in elements(step)), "the keyboard opens it"


def test_an_answer_that_ends_the_matter_is_a_button_of_the_cards_own_form(page: Page) -> None:
    forms = {form.get("id") for form in page.all("form") if form.get("id")}
    buttons = [button for button in page.all("button") if button.get("form")]
    assert buttons
    assert {button.get("form") for button in buttons} <= forms
    declining = [button for button in buttons if str(button.get("form")).startswith("decline-")]
    assert declining
    for button in declining:
        known = {one.get("value") for one in page.all("button", name="reason")}
        assert button.get("value") in known


def test_a_decline_by_the_script_is_on_record_with_its_reason(desk: Browser, page: Page) -> None:
    button = next(one for one in page.all("button") if str(one.get("form", "")).startswith("decline-"))
    offer = str(button.get("form")).removeprefix("decline-")
    after = page.submit(f"{offer}/decline", reason=button.get("value", ""))
    assert after.status == 200
    assert text_of(button).removeprefix("Decline: ") in text_of(after.one(id="timeline")).lower()
