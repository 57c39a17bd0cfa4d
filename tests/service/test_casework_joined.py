"""Cases that have to do with each other, their files, and words that are used again."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.cases import filing
from backend.cases import service as cases
from backend.cases.types import Case
from backend.casework.filling import filled, fitting
from backend.interactions import service as interactions
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.casework import MONDAY, later, opened, pack, staff, standing
from tests.made_customers import JOSE, MARIA, two_customers

CUSTOMER = Actor("customer", str(MARIA), "María Dávila", customer_id=MARIA)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture(autouse=True)
def both(database: str) -> None:
    two_customers()


def say(case: Case, text: str, hour: float = 1) -> UUID:
    with db.transaction() as session:
        return cases.write(
            session, MARIA, case.case_id, text, channel="portal", pack=pack(), actor=CUSTOMER, now=later(hour)
        ).message_id


def texts(case: Case) -> list[str]:
    with db.reading() as session:
        return [one.text for one in cases.messages(session, MARIA, case.case_id, notes=True)]


def kinds() -> list[str]:
    with db.reading() as session:
        return [event.kind for event in interactions.timeline(session, MARIA, limit=100).items][::-1]


def join(act: Any, one: Case, *rest: Any, **more: Any) -> Any:
    known = {"seen": None, "actor": staff(), "now": later(2)} | more
    with db.transaction() as session:
        return act(session, MARIA, one.case_id, *rest, **known)


def test_two_cases_are_linked_from_both_sides_and_apart_again() -> None:
    one, two = opened(), opened(subject="The bill")
    for _ in range(2):
        join(cases.link, one, two.case_id)
    with db.reading() as session:
        assert cases.linked(session, MARIA, one.case_id) == {two.case_id}
        assert cases.linked(session, MARIA, two.case_id) == {one.case_id}
    join(cases.unlink, two, one.case_id)
    with db.reading() as session:
        assert cases.linked(session, MARIA, one.case_id) == frozenset()
    assert kinds() == ["case.opened"] * 2 + ["case.linked", "case.unlinked"]


def test_a_case_is_linked_to_no_other_customers_and_not_to_itself() -> None:
    one, theirs = opened(), opened(JOSE)
    for act in (cases.link, cases.merge):
        with pytest.raises(NotFound):
            join(act, one, theirs.case_id)
        with pytest.raises(Invalid):
            join(act, one, one.case_id)


def test_messages_are_split_into_a_case_of_their_own_and_stay_where_they_were(tmp_path: Path) -> None:
    case = opened(type="fault")
    first, second = say(case, "It hums."), say(case, "And the bill is wrong.", 1.5)
    made: Case = join(cases.split, case, [second], "The bill", pack=pack(), home=tmp_path)
    assert texts(made) == ["And the bill is wrong."]
    assert texts(case) == ["It hums.", "And the bill is wrong."]
    work = standing(made)
    assert (work.type, work.status) == ("fault", "new")
    with db.reading() as session:
        (copy,) = cases.messages(session, MARIA, made.case_id, notes=True)
        assert (copy.copied_from, copy.at) == (second, later(1.5))
        assert cases.linked(session, MARIA, case.case_id) == {made.case_id}
    assert kinds()[-2:] == ["case.opened", "case.split"]
    for wrong, subject in (([], "x"), ([ids.uuid7()], "x"), ([first], " ")):
        with pytest.raises(Invalid):
            join(cases.split, case, wrong, subject, pack=pack(), home=tmp_path)


def test_two_cases_become_one_and_can_be_two_again() -> None:
    one, two = opened(), opened(subject="Humming")
    say(one, "It hums.", 1)
    say(two, "Still humming.", 1.5)
    join(cases.merge, one, two.case_id)
    assert texts(one) == ["It hums.", "Still humming."]
    merged = standing(two)
    assert (merged.status, merged.merged_into, merged.is_active) == ("closed", one.case_id, False)
    say(two, "Hello?", 3)
    assert texts(one)[-1] == "Hello?"
    with pytest.raises(Conflict, match="became part of another"), db.transaction() as session:
        cases.reopen(session, MARIA, two.case_id, pack=pack(), seen=None, actor=staff_(), now=later(4))
    with pytest.raises(Conflict):
        join(cases.merge, one, two.case_id)
    again = join(cases.unmerge, two, pack=pack(), now=later(4))
    assert (again.status, again.merged_into) == ("open", None)
    assert (texts(one), texts(two)) == (["It hums.", "Hello?"], ["Still humming."])
    with db.reading() as session:
        assert cases.case_of(session, MARIA, two.case_id).state == "open"
    assert kinds()[-1] == "case.unmerged"
    with pytest.raises(Conflict, match="part of no other"):
        join(cases.unmerge, two, pack=pack())


def staff_() -> Actor:
    return Actor("staff", str(UUID(int=5)), "Kim")


def test_what_became_part_of_a_case_goes_along_when_that_becomes_part_of_another() -> None:
    one, two, three = (opened(subject=name) for name in ("One", "Two", "Three"))
    say(three, "Third.")
    join(cases.merge, two, three.case_id)
    join(cases.merge, one, two.case_id)
    assert texts(one) == ["Third."]
    with db.reading() as session:
        assert set(cases.parts_of(session, MARIA, one.case_id)) == {two.case_id, three.case_id}


def test_a_case_that_fulfils_an_offer_stays_by_itself() -> None:
    one = opened()
    with db.transaction() as session:
        promised = cases.open_case(
            session, MARIA, "case", "The move", actor=staff_(), now=MONDAY, pack=pack(), offer_id=ids.uuid7()
        )
    with pytest.raises(Conflict, match="fulfils an offer"):
        join(cases.merge, one, promised.case_id)
    assert standing(promised).is_active


def packed(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", b"%PDF-1.7 ...", "application/pdf"),
        ("A photo.PNG", PNG, "image/png"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.webp", b"RIFF0000WEBPVP8 ", "image/webp"),
        ("a.txt", "Grüße".encode(), "text/plain"),
        ("a.docx", packed("word/document.xml"), filing._OFFICE[".docx"][1]),
    ],
)
def test_a_file_is_taken_where_its_name_and_content_agree(name: str, content: bytes, kind: str) -> None:
    assert filing.media_type_of(name, content) == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"<html><script>"),
        ("a.png", b"%PDF-1.7"),
        ("a.webp", b"RIFF0000WAVE"),
        ("a.svg", b"<svg onload='x'/>"),
        ("a.html", b"<p>"),
        ("a.pdf.exe", b"%PDF-1.7"),
        ("a", PNG),
        ("a.txt", b"\xff\xfe\x00x"),
        ("a.txt", b"a\x00b"),
        ("a.docx", b"PK\x03\x04 broken"),
        ("a.docx", packed("xl/workbook.xml")),
        ("a.xlsx", packed("xl/workbook.xml", "xl/vbaProject.bin")),
        ("a.js", b"alert(1)"),
    ],
)
def test_what_is_not_what_it_is_called_or_could_run_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(Invalid):
        filing.media_type_of(name, content)


@pytest.mark.parametrize(
    ("name", "clean"),
    [("../../etc/passwd.txt", "passwd.txt"), ("C:\\x\\y.pdf", "y.pdf"), ('a"b<c>.png', "abc.png"), ("a\nb\u202e.txt", "ab.txt")],
)  # fmt: skip
def test_a_name_keeps_no_path_and_nothing_that_deceives(name: str, clean: str) -> None:
    assert filing.clean_name(name) == clean


def attached(case: Case, home: Path, name: str = "a.png", content: bytes = PNG) -> Any:
    return join(cases.attach, case, name, content, home=home, most_megabytes=1)


def test_a_file_stands_outside_the_database_and_is_removed_with_its_customer(tmp_path: Path) -> None:
    case, other = opened(), opened(JOSE)
    file = attached(case, tmp_path)
    attached(case, tmp_path, "again.png")
    with db.transaction() as session:
        theirs = cases.attach(
            session, JOSE, other.case_id, "a.png", PNG, home=tmp_path, most_megabytes=1, seen=None, actor=staff_(), now=MONDAY
        )  # fmt: skip
    path = tmp_path / "attachments" / file.place
    assert path.read_bytes() == PNG
    assert path.stat().st_mode & 0o077 == 0
    assert theirs.place != file.place, "the same content of two customers is two files"
    with db.transaction() as session:
        assert [one.name for one in cases.files_of(session, MARIA, case.case_id)] == ["a.png", "again.png"]
        rows = cases.export_customer(session, MARIA)["case_file"]
        cases.erase_customer(session, MARIA)
        assert cases.remove_files(tmp_path, rows) == 1
    assert not path.exists()
    assert (tmp_path / "attachments" / theirs.place).exists()
    with db.reading() as session, pytest.raises(NotFound):
        cases.file_of(session, MARIA, case.case_id, file.file_id)
    with pytest.raises(NotFound):
        cases.content_of(tmp_path, file)


def test_a_file_too_large_or_empty_leaves_nothing_behind(tmp_path: Path) -> None:
    case = opened()
    for content in (b"", PNG + b"0" * 1024 * 1024):
        with pytest.raises(Invalid):
            attached(case, tmp_path, content=content)
    with pytest.raises(Conflict):
        join(cases.attach, case, "a.png", PNG, home=tmp_path, most_megabytes=1, seen=7)
    assert not (tmp_path / "attachments").exists()


def test_variables_are_filled_in_and_nothing_is_evaluated() -> None:
    values = {"customer.first_name": "{agent.name}", "agent.name": "Kim"}
    assert filled("Hello {customer.first_name}, {agent.name}", values) == "Hello {agent.name}, Kim"
    assert filled("{customer.name.__class__} {0} {}", values) == "{customer.name.__class__} {0} {}"


def test_canned_replies_are_for_their_types() -> None:
    keys = {one.key for one in fitting(pack().casework.canned_reply, "bill")}
    assert "bill_explained" in keys
    assert "line_checked" not in keys
