"""The desk's pages of cases: lists, one case, what is written and done there, with and without what others did meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from uuid import UUID

import pytest

from backend import db
from backend.cases import service as cases
from backend.casework import service as casework
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import AUTHOR, PORTAL_CUSTOMER
from tests.pages import Browser, Page, text_of

NOOR = "agent2@demo.example"


def customer() -> UUID:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
    assert found is not None
    return found


def opened(desk: Browser, subject: str = "The line hums", **more: str) -> Page:
    """A new case's page, opened from the customer's."""
    page = desk.get(f"/customers/{customer()}")
    assert page.all("a", href=f"/customers/{customer()}/cases/new")
    return desk.get(f"/customers/{customer()}/cases/new").submit("/cases", subject=subject, **more)


def kinds() -> list[str]:
    with db.reading() as session:
        return [event.kind for event in interactions.timeline(session, customer(), limit=5).items]


def state(page: Page) -> str:
    return text_of(page.one(class_="case-state"))


def letters(page: Page) -> list[str]:
    return [text_of(one) for one in page.all("li", class_="letter")]


def test_a_case_is_opened_on_the_customers_page_and_is_mine(desk: Browser) -> None:
    page = opened(desk, type="fault", text="Since Monday.", words="theirs")
    assert (state(page), kinds()[:2]) == ("Open", ["case.assigned", "case.opened"])
    assert "Since Monday." in letters(page)[0]
    assert "wrote" in letters(page)[0]
    assert "answer due" in text_of(page.one(id="case-talk"))
    assert "The line hums" in desk.get("/cases").text
    assert "The line hums" in text_of(desk.get(f"/customers/{customer()}").one(id="open-work"))
    assert "The line hums" not in desk.get("/cases?view=unassigned").text


def test_a_case_without_a_subject_comes_back_as_it_was_typed(desk: Browser) -> None:
    form = desk.get(f"/customers/{customer()}/cases/new")
    page = form.submit("/cases", subject=" ", text="All that I wrote", type="bill", whose="team")
    assert page.status == 422
    assert "Say what it is about" in page.text
    assert page.form("/cases").fields["text"].strip() == "All that I wrote"
    assert page.form("/cases").fields["type"] == "bill"
    assert page.form("/cases").fields["whose"] == "team"


def test_an_answer_is_sent_and_the_first_one_is_in_time(desk: Browser) -> None:
    sent = opened(desk).submit("/messages", text="We look into it.")
    assert sent.status == 200
    assert "We look into it." in letters(sent)[-1]
    assert "answered" in letters(sent)[-1]
    assert "in time" in text_of(sent.one(id="case-side"))
    assert kinds()[0] == "case.answered"


@pytest.mark.parametrize(("then", "expected"), [("pending", "Pending"), ("resolved", "Resolved"), ("open", "Open")])
def test_with_an_answer_the_case_goes_on_waits_or_is_resolved(desk: Browser, then: str, expected: str) -> None:
    page = opened(desk)
    form = page.form("/messages")
    after = desk.post(form.action, {**form.fields, "text": "Here you are.", "then": then})
    assert (after.status, state(after)) == (200, expected)


def test_a_note_is_for_colleagues_alone(desk: Browser, portal: Browser) -> None:
    opened(desk).submit("/messages", text="Ask the technician.", kind="note")
    assert "Ask the technician." in desk.get(desk_path(desk)).text
    for where in ("/", "/activity"):
        assert "technician" not in portal.get(where).text


def desk_path(desk: Browser) -> str:
    return next(str(a.get("href")) for a in desk.get("/cases").all("a", class_="case-link"))


def test_an_empty_answer_is_refused_where_it_would_stand(desk: Browser) -> None:
    page = opened(desk).submit("/messages", text="   ")
    assert page.status == 422
    assert page.one("textarea", id="text").get("aria-invalid") == "true"
    long = "é" * 10_001
    refused = desk.get(desk_path(desk)).submit("/messages", text=long)
    assert refused.status == 422
    assert refused.form("/messages").fields["text"].strip() == long


def test_of_two_agents_the_second_is_told_and_keeps_what_they_typed(
    desk: Browser, desk_as: Callable[[str], Browser]
) -> None:
    first = opened(desk)
    second = desk_as(NOOR).get(first.path)
    first.submit("/messages", text="I have it.")
    refused = second.submit("/messages", text="Me too, and more.")
    assert refused.status == 409
    assert "Avery Quinn changed this case meanwhile" in refused.text
    assert "I have it." in letters(refused)[-1]
    assert refused.form("/messages").fields["text"].strip() == "Me too, and more."
    again = refused.submit("/messages")
    assert (again.status, len(letters(again))) == (200, 2)


def test_a_draft_is_there_again_in_another_browser_and_is_gone_once_sent(
    desk: Browser, desk_as: Callable[[str], Browser]
) -> None:
    page = opened(desk)
    where = page.one("form", id="write").get("data-draft")
    assert where
    kept = desk.send("post", where, {**page.form("/messages").fields, "text": "Dear customer"}, htmx=True)
    assert "Draft kept" in kept.text
    again = desk_as("agent1@demo.example").get(page.path)
    assert again.form("/messages").fields["text"].strip() == "Dear customer"
    assert desk_as(NOOR).get(page.path).form("/messages").fields["text"].strip() == ""
    sent = again.submit("/messages")
    assert sent.form("/messages").fields["text"].strip() == ""


def test_a_case_is_taken_handed_over_let_wait_opened_resolved_and_closed(desk: Browser) -> None:
    page = opened(desk, whose="team")
    assert state(page) == "New"
    take = next(form for form in page.forms if form.fields.get("to") == "me")
    page = desk.post(take.action, take.fields)
    assert state(page) == "Open"
    page = page.submit("/assignment", to="", team="technical")
    assert "with nobody, Technical support" in text_of(page.one(id="case-talk"))
    page = page.submit("/classification", type="bill", priority="urgent", tags="refund, twice")
    for words in ("Bill or payment", "Urgent", "refund", "twice"):
        assert words in text_of(page.one(class_="case-facts"))
    page = page.submit("/waiting", on="third_party", until="2099-01-04")
    assert "waits for somebody outside until" in text_of(page.one(class_="case-facts"))
    page = page.submit("/opening")
    assert state(page) == "Open"
    page = page.submit("/waiting", on="sleep", until="2099-01-04")
    assert state(page) == "Snoozed"
    page = page.submit("/resolution", outcome="Paid back.")
    assert state(page) == "Resolved"
    assert "Paid back." in page.text
    page = page.submit("/end")
    assert state(page) == "Closed"
    assert state(page.submit("/opening")) == "Reopened"


@pytest.mark.parametrize(
    ("act", "fields", "words"),
    [
        ("/waiting", {"on": "sleep", "until": ""}, "Choose a day"),
        ("/waiting", {"on": "sleep", "until": "yesterday"}, "Choose a day"),
        ("/waiting", {"on": "customer", "until": "0001-01-01"}, "Choose a day"),
        ("/waiting", {"on": "customer", "until": "2020-01-01"}, "has passed"),
        ("/waiting", {"on": "weather"}, "for whom it waits"),
        ("/assignment", {"to": "nobody"}, "somebody who works cases"),
        ("/assignment", {"to": "", "team": "moon"}, "no team moon"),
        ("/classification", {"type": "weather"}, "no type weather"),
        ("/classification", {"priority": "soon"}, "no priority soon"),
        ("/classification", {"tags": "x" * 61}, "short tags"),
        ("/resolution", {"outcome": "x" * 501}, "500 characters"),
        ("/resolution", {"outcome": "", "seen": "x"}, "open this page again"),
    ],
)
def test_what_cannot_be_taken_is_told_and_changes_nothing(
    desk: Browser, act: str, fields: dict[str, str], words: str
) -> None:
    page = opened(desk)
    form = page.form(act)
    refused = desk.post(form.action, {**form.fields, **fields})
    assert refused.status == 422
    assert words in refused.text
    assert state(refused) == "Open"


def test_lists_narrow_and_say_what_to_do_where_they_are_empty(desk: Browser) -> None:
    assert "You have no cases" in desk.get("/cases").text
    assert "You look after no team yet" in desk.get("/cases?view=team").text
    mine = desk.get("/cases?view=team").submit("/cases/teams", team="technical")
    assert "Your teams are noted" in mine.text
    opened(desk, type="fault", whose="team")
    assert "The line hums" in desk.get("/cases?view=team").text
    assert "The line hums" in desk.get("/cases?view=all&type=fault&priority=high&status=new&team=technical").text
    assert "No case fits" in desk.get("/cases?view=all&type=fault&priority=low").text
    assert desk.get("/cases?view=all&cursor=nonsense").status == 422
    assert desk.post("/cases/teams", {"csrf_token": token(desk), "team": "moon"}).status == 422


def token(desk: Browser) -> str:
    return next(form.fields["csrf_token"] for form in desk.get("/").forms if form.fields.get("csrf_token"))


def test_a_list_goes_on_page_by_page(desk: Browser) -> None:
    with db.transaction() as session:
        for number in range(60):
            casework.open_case(session, customer(), f"Case {number}", actor=SYSTEM, now=clock.now())
    page = desk.get("/cases?view=unassigned")
    seen: list[str] = []
    for _ in range(100):
        seen += [str(a.get("href")) for a in page.all("a", class_="case-link")]
        more = [a for a in page.all("a", class_="button") if text_of(a) == "Next page"]
        if not more:
            break
        page = desk.get(str(more[0].get("href")))
    assert len(seen) == len(set(seen)) >= 60


def test_who_only_reads_sees_a_case_and_has_nothing_to_press(desk: Browser, desk_as: Callable[[str], Browser]) -> None:
    page = opened(desk)
    read = desk_as(AUTHOR).get(page.path)
    assert state(read) == "Open"
    assert [form.action for form in read.forms if "/cases/" in form.action] == []


def test_a_callback_is_dealt_with_on_the_customers_page(desk: Browser) -> None:
    with db.transaction() as session:
        call = cases.open_case(session, customer(), "callback", "The bill", actor=SYSTEM, now=clock.now())
    assert desk.get(f"/customers/{customer()}/cases/{call.case_id}").path == f"/customers/{customer()}"
    assert desk.get(f"/customers/{customer()}/cases/{UUID(int=4)}").status == 404


def test_the_worker_wakes_what_slept_and_closes_what_was_resolved_long_ago(desk: Browser) -> None:
    page = opened(desk)
    page = page.submit("/waiting", on="sleep", until="2099-01-04")
    case_id = UUID(page.path.rpartition("/")[2])
    far = clock.utc(clock.now().replace(year=2099, month=6, day=1))
    assert casework.wake_due(clock.now(), 10) == 0
    assert casework.wake_due(far, 10) == 1
    with db.reading() as session:
        assert cases.work_of(session, customer(), case_id).status == "open"
    desk.get(page.path).submit("/resolution", outcome="")
    assert casework.close_due(clock.now(), 10) == 0
    assert casework.close_due(far, 10) == 1
    with db.reading() as session:
        assert cases.work_of(session, customer(), case_id).status == "closed"


def test_parts_of_the_page_fetch_themselves(desk: Browser) -> None:
    page = opened(desk)
    talk, side = (desk.get(f"{page.path}/panels/{part}", htmx=True) for part in ("talk", "side"))
    assert talk.one("section", id="case-talk").get("data-from") == f"{page.path}/panels/talk"
    assert side.one("aside", id="case-side").get("data-from") == f"{page.path}/panels/side"
    assert not talk.is_whole


def test_the_customer_reads_the_answer_and_what_they_write_comes_back(desk: Browser, portal: Browser) -> None:
    page = opened(desk, text="It hums at night.", words="theirs")
    page.submit("/messages", text="Switch it off and on.")
    home = portal.get("/")
    link = next(str(a.get("href")) for a in home.all("a") if text_of(a) == "Read or write")
    mine = portal.get(link)
    assert [text_of(one.find("div")) for one in mine.all("li", class_="letter")] == [
        "It hums at night.",
        "Switch it off and on.",
    ]
    assert mine.submit("/messages", text=" ").status == 422
    after = mine.submit("/messages", text="It still hums.")
    assert "It still hums." in after.text
    assert "customer wrote" in desk.get("/cases").text
    done = desk.get(page.path).submit("/resolution", outcome="A new cable.")
    assert "A new cable." in portal.get(link).text
    portal.get(link).submit("/messages", text="It hums again.")
    assert state(desk.get(page.path)) == "Reopened"
    desk.get(page.path).submit("/resolution", outcome="")
    desk.get(page.path).submit("/end")
    assert done.status == 200
    assert not [form for form in portal.get(link).forms if form.action.endswith("/messages")]
    token_ = next(form.fields["csrf_token"] for form in portal.get("/").forms if form.fields.get("csrf_token"))
    refused = portal.post(f"{link}/messages", {"csrf_token": token_, "text": "Hello?"})
    assert refused.status == 409
    assert "write to us anew" in refused.text


def test_a_canned_reply_is_filled_in_and_waits_as_a_draft(desk: Browser) -> None:
    page = opened(desk, type="fault")
    form = page.form("/messages")
    where = page.path + "/canned"
    filled = desk.post(where, {**form.fields, "text": "By the way:", "reply": "line_checked"})
    text = filled.form("/messages").fields["text"]
    with db.reading() as session:
        name = profiles.profile(session, customer()).name.split(" ")[0]
    assert text.strip().startswith(f"By the way:\n\nHello {name},")
    assert "Avery Quinn" in text
    assert "{" not in text
    assert letters(filled) == []
    wrong = desk.post(where, {**form.fields, "text": "All that I wrote", "reply": "none"})
    assert wrong.status == 422
    assert wrong.form("/messages").fields["text"].strip() == "All that I wrote"


def test_a_macro_does_all_that_it_says(desk: Browser) -> None:
    page = opened(desk, type="fault", whose="team")
    form = page.form("/macro")
    after = desk.post(form.action, {**form.fields, "macro": "line_checked"})
    assert state(after) == "Pending"
    for words in ("line_checked", "Avery Quinn", "waits for the customer until"):
        assert words in text_of(after.one(class_="case-facts"))
    assert "restarted it from our side" in letters(after)[0]
    stale = desk.post(form.action, {**form.fields, "macro": "solved"})
    assert stale.status == 409
    assert desk.post(form.action, {**after.form("/macro").fields, "macro": "none"}).status == 404
    solved = desk.post(form.action, {**after.form("/macro").fields, "macro": "solved"})
    assert (state(solved), "Solved, and told to you." in solved.text) == ("Resolved", True)


def test_cases_are_linked_split_and_made_one_on_the_page(desk: Browser) -> None:
    first = opened(desk, subject="Humming", text="It hums.", words="theirs")
    second = opened(desk, subject="The bill", text="Too high.", words="theirs")
    other = first.path.rpartition("/")[2]

    def join(page: Page, how: str) -> Page:
        form = page.form("/links")
        return desk.post(form.action, {**form.fields, "other": other, "how": how})

    linked = join(second, "link")
    assert "Linked" in linked.text
    assert "No longer linked" in join(linked, "unlink").text
    merged = join(desk.get(second.path), "merge")
    assert len(letters(merged)) == 2
    gone = desk.get(first.path)
    assert state(gone) == "Closed"
    assert "became part of" in gone.text
    assert state(gone.submit("/parting")) == "Open"
    page = desk.get(second.path)
    message = next(str(one.get("value")) for one in page.all("input", name="message"))
    made = page.submit("/split", subject="Only the bill", message=message)
    assert made.path not in (first.path, second.path)
    assert "Too high." in letters(made)[0]
    assert desk.get(second.path).submit("/split", subject="").status == 422


def test_a_file_is_attached_and_handed_out_as_a_file(desk: Browser, desk_as: Callable[[str], Browser]) -> None:
    page = opened(desk)
    form = page.form("/files")

    def send(name: str, content: bytes) -> Page:
        fields = {**desk.get(page.path).form("/files").fields, "file": (BytesIO(content), name)}
        answer = desk.client.post(form.action, data=fields, content_type="multipart/form-data", follow_redirects=True)
        return Page(desk, answer)

    png = b"\x89PNG\r\n\x1a\n" + b"0" * 200_000
    kept = send("A photo of it.png", png)
    assert kept.status == 200
    link = next(a for a in kept.all("a") if text_of(a) == "A photo of it.png")
    answer = desk.client.get(str(link.get("href")))
    assert answer.data == png
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert desk_as(AUTHOR).client.get(str(link.get("href"))).status_code == 403
    for name, content, words in (
        ("page.html", b"<script>", "not taken"), ("a.png", b"<script>", "whatever its name says"), ("", b"", "Choose a file"),
    ):  # fmt: skip
        refused = send(name, content)
        assert refused.status == 422
        assert words in refused.text
    assert send("big.txt", b"x" * (11 * 1024 * 1024)).status == 422
