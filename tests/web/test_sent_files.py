"""Files that customers send in their case: checked, shown with their words, fetched by them alone, taken along by a split."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

import pytest

from backend import db
from backend.cases import service as cases
from backend.cases.types import File
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import PORTAL_CUSTOMER
from tests.pages import Browser, Page, elements, text_of

PNG = b"\x89PNG\r\n\x1a\n--"


def customer() -> UUID:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
    assert found is not None
    return found


@pytest.fixture
def case_id(desk: Browser) -> UUID:
    with db.transaction() as session:
        return cases.open_case(session, customer(), "case", "The router", actor=SYSTEM, now=clock.now()).case_id


def files(case_id: UUID) -> tuple[File, ...]:
    with db.reading() as session:
        return cases.files_of(session, customer(), case_id)


def send(portal: Browser, case_id: UUID, name: str = "router.png", content: bytes = PNG, text: str = "See it.") -> Page:
    fields = portal.get(f"/cases/{case_id}").form("/messages").fields
    data = {**fields, "text": text, "file": (BytesIO(content), name)}
    return Page(portal, portal.client.post(f"/cases/{case_id}/messages", data=data, follow_redirects=True))


def test_a_file_comes_with_words_or_alone_and_only_its_customer_fetches_it(
    portal: Browser, desk: Browser, case_id: UUID
) -> None:
    page = send(portal, case_id)
    (file,) = files(case_id)
    assert (file.channel, file.message_id is not None) == ("portal", True)
    where = f"/cases/{case_id}/files/{file.file_id}"
    assert page.all("a", href=where)
    fetched = portal.client.get(where)
    assert (fetched.status_code, fetched.data, fetched.mimetype) == (200, PNG, "application/octet-stream")
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    assert "A file: notes.txt" in send(portal, case_id, "notes.txt", b"Hello", text="").text
    theirs = desk.get(f"/customers/{customer()}/cases/{case_id}")
    assert "router.png" in text_of(theirs.one(id="case-talk"))
    with db.transaction() as session:
        ours = cases.attach(
            session, customer(), case_id, "ours.txt", b"Ours", home=portal.app.extensions["evenhand_home"], most_megabytes=1,
            seen=None, actor=SYSTEM, now=clock.now(),
        )  # fmt: skip
    assert portal.get(f"/cases/{case_id}/files/{ours.file_id}").status == 404
    assert "ours.txt" not in portal.get(f"/cases/{case_id}").text


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("bad.exe", b"MZ", "are not taken"), ("page.html", b"<script>", "are not taken"), ("picture.png", b"MZ", "no png file"),
        ("large.txt", b"a" * (10 * 1024 * 1024 + 1), "10 MB"), ("empty.txt", b"", "not empty"),
    ],
)  # fmt: skip
def test_what_is_not_taken_loses_no_word(portal: Browser, case_id: UUID, name: str, content: bytes, why: str) -> None:
    page = send(portal, case_id, name, content, "What I wrote.")
    assert (page.status, why in page.text) == (422, True), page.text
    assert "What I wrote." in (page.one("textarea", id="text").text or "")
    assert page.lint() == []
    assert files(case_id) == ()
    with db.reading() as session:
        assert cases.messages(session, customer(), case_id, notes=False) == (), "both or none"


def test_a_split_takes_the_files_of_its_messages_and_those_that_were_chosen(
    portal: Browser, desk: Browser, case_id: UUID
) -> None:
    send(portal, case_id)
    send(portal, case_id, "other.txt", b"Other", "Something else.")
    where = f"/customers/{customer()}/cases/{case_id}"
    attach = desk.get(where).form("/files")
    desk.client.post(f"{where}/files", data={**attach.fields, "file": (BytesIO(b"Loose"), "loose.txt")})
    page = desk.get(where)
    split = next(one for one in page.forms if one.action.endswith("/split"))
    message = next(one.get("value", "") for one in elements(split.element) if one.get("name") == "message")
    loose = next(one.get("value", "") for one in elements(split.element) if one.get("name") == "file")
    after = desk.post(split.action, {**split.fields, "message": message, "file": loose, "subject": "By itself"})
    made = UUID(after.path.rpartition("/")[2])
    assert made != case_id
    copied = files(made)
    assert {one.name for one in copied} == {"router.png", "loose.txt"}
    assert len(files(case_id)) == 3, "all of it stays there too"
    assert {one.place for one in copied}.isdisjoint(one.place for one in files(case_id)), "each has its own content"
    home = desk.app.extensions["evenhand_home"]
    assert {cases.content_of(home, one) for one in copied} == {PNG, b"Loose"}
    with db.reading() as session:
        ids = {one.message_id for one in cases.messages(session, customer(), made, notes=True)}
    assert next(one for one in copied if one.name == "router.png").message_id in ids


def test_a_macro_says_what_it_does_before_it_does_it(desk: Browser) -> None:
    page = desk.get(f"/customers/{customer()}/cases/new").submit("/cases", subject="The line", type="fault")
    steps = [text_of(one) for one in page.all(class_="macro-steps")]
    assert any("Answers the customer: Hello" in one and "Lets it wait" in one for one in steps), steps
    assert any("Makes it a case of type Fault" in one and "Technical support" in one for one in steps), steps
    assert not any("{" in one for one in steps), "what is shown is filled in"
