"""What is being written in a case: kept whoever leaves in the middle of it, and in the language of whoever reads it."""

from __future__ import annotations

from backend import db
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.pages import Browser
from tests.web.test_casework_pages import customer, letters, opened


def test_who_leaves_while_a_draft_is_being_saved_loses_no_word_and_overwrites_no_other_window(desk: Browser) -> None:
    page = opened(desk)
    where, form = str(page.one("form", id="write").get("data-draft")), page.form("/messages").fields
    before = {**form, "draft_seen": "0"}
    assert desk.send("post", where, {**before, "text": "Dear\ncustomer"}, htmx=True).status == 200
    # The page left before it could hear of that: what it sends last still names the version before.
    last = {**before, "text": "Dear\r\ncustomer, we", "saving": "Dear\r\ncustomer", "quiet": "yes"}
    assert desk.send("post", where, last).status == 200
    assert desk.get(page.path).form("/messages").fields["text"].split() == ["Dear", "customer,", "we"]
    for saving in ({}, {"saving": "something else"}):
        other = desk.send("post", where, {**before, "text": "From another window", "quiet": "yes", **saving})
        assert other.status == 409
    assert desk.get(page.path).form("/messages").fields["text"].split() == ["Dear", "customer,", "we"]


def test_a_canned_reply_and_a_macro_speak_the_customers_language(desk: Browser) -> None:
    page = opened(desk, type="fault")
    with db.transaction() as session:
        profiles.set_language(session, customer(), "es", clock.now())
    page = desk.get(page.path)
    assert "hemos reiniciado desde aquí" in page.text, "as the macro says before it is run"
    filled = desk.post(page.path + "/canned", {**page.form("/messages").fields, "reply": "line_checked"})
    text = filled.form("/messages").fields["text"]
    assert text.strip().startswith("Hola, ")
    assert "Avery Quinn" in text
    assert "{" not in text
    form = desk.get(page.path).form("/macro")
    after = desk.post(form.action, {**form.fields, "macro": "solved"})
    assert "Esto ya está resuelto." in letters(after)[0]
    assert "Resuelto, y se lo hemos dicho." in after.text
