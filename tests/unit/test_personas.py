"""Personas: a pack's example customers get what they must and nothing that they must not, or the check says why."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from backend.catalogue import personas
from backend.catalogue.service import check_pack, check_texts
from backend.engine.catalogue import Catalogue
from backend.matrix.service import Problem, folder_of, read_body, texts_of

TELECOM = folder_of("telecom")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the telecom pack's text, to be spoilt."""
    shutil.copytree(TELECOM, tmp_path / "pack", ignore=shutil.ignore_patterns("*.py", "*.gz", "__pycache__", "*.md"))
    return tmp_path / "pack"


def spoil(pack: Path, file: str, old: str, new: str) -> int:
    """Replaces the first of `old` by `new` in the file; gives the line where it stands."""
    text = (pack / file).read_text()
    assert old in text, f"{old!r} is not in {file}"
    (pack / file).write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def line_of(pack: Path, persona: str, field: str) -> int:
    lines = (pack / "personas.toml").read_text().splitlines()
    start = lines.index(f'key = "{persona}"')
    return next(n for n, line in enumerate(lines[start:], start + 1) if line.startswith(f"{field} ="))


def test_the_pack_carries_a_dozen_who_all_get_what_they_should(pack: Path) -> None:
    read = personas.Personas.model_validate(read_body(TELECOM)["personas"])
    assert len(read.persona) >= 12
    assert all(one.must or one.must_not for one in read.persona)
    assert check_pack(pack) == []


def test_a_rule_that_takes_a_treatment_from_a_persona_is_told_with_line_step_rule_and_values(pack: Path) -> None:
    spoil(
        pack,
        "treatments/retention.toml",
        "applicable = 'leave_signals_60d >= 1",
        "applicable = 'leave_signals_60d >= 9",
    )
    spoil(pack, "treatments/retention.toml", '|| intent == "leaving" || stage == "leave"', "")
    found = check_pack(pack)
    told = {(p.file, p.line, p.rule): p.message for p in found}
    message = told["personas.toml", line_of(pack, "fibre_and_unhappy", "must"), "fibre_and_unhappy.must"]
    assert "Dana" in message
    assert "(made up)" in message
    assert "must get stay_talk, which left at applicable by its rule" in message
    assert "leave_signals_60d >= 9" in message
    assert "saw leave_signals_60d = 2" in message


def test_what_a_persona_must_not_get_is_told_with_its_place(pack: Path) -> None:
    old = 'must_not = ["fiber_upgrade", "referral"]'
    line = spoil(pack, "personas.toml", old, 'must_not = ["plan_check"]')
    spoil(pack, "personas.toml", 'must = ["plan_check"]', "must = []")
    [problem] = check_pack(pack)
    assert (problem.file, problem.line, problem.rule) == ("personas.toml", line, "no_offers_please.must_not")
    assert "must not get plan_check, which is number 1 of 1" in problem.message


def test_a_protective_state_that_no_longer_silences_is_found_by_the_persona_whom_it_protects(pack: Path) -> None:
    spoil(pack, "pack.toml", "rule = 'care_note == \"bereaved\"'", "rule = 'care_note == \"none\" && tenure > 10000'")
    assert any(p.rule == "bereaved.must_not" and "pay_now" in p.message for p in check_pack(pack))


def test_another_first_is_told_with_what_came_instead(pack: Path) -> None:
    line = spoil(pack, "personas.toml", 'first = "payment_plan"', 'first = "due_date"')
    [problem] = check_pack(pack)
    assert (problem.line, problem.rule) == (line, "owes_a_bill.first")
    assert "but payment_plan is; it is number 2" in problem.message


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ("made_up = true", "made_up = false", "made_up", "True"),
        ('must = ["apology_credit"', 'must = ["apology_credits"', "fibre_and_unhappy.must", "did you mean apology_credit?"),
        ("faults_90d = 3", "fault_90d = 3", "fibre_and_unhappy.facts", "did you mean faults_90d?"),
        ("faults_90d = 3", 'faults_90d = "three"', "fibre_and_unhappy.facts", "of type int"),
        ("calls_30d = 1, calls_90d = 2", "calls_30d = 3, calls_90d = 2", "fibre_and_unhappy.facts", "a shorter window holds 3"),
        ("tenure = 14", "tenuer = 14", "fibre_and_unhappy.attributes", "did you mean tenure?"),
        ('contract = "Month-to-month"', 'contract = "Weekly"', "fibre_and_unhappy.attributes", 'never "Weekly"'),
        ('intent = "leaving"', 'intent = "leave"', "fibre_and_unhappy.moment", "did you mean leaving?"),
        ('consents = ["marketing"]', 'consents = ["market"]', "fibre_and_unhappy.consents", "did you mean marketing?"),
        ("today = 2026-11-18", "", "today", "Field required"),
        ("[[persona]]", "[persona]", "toml", "Cannot"),
    ],
)  # fmt: skip
def test_a_persona_that_cannot_be_is_told(pack: Path, old: str, new: str, rule: str, said: str) -> None:
    spoil(pack, "personas.toml", old, new)
    found = check_pack(pack)
    assert any(p.file == "personas.toml" and p.rule == rule and said in p.message for p in found), found


def test_what_a_check_found_stands_with_the_persona_whom_it_concerns(pack: Path) -> None:
    texts = texts_of(pack)
    assert not any(one.wrong for one in personas.expected(texts, []))
    texts["personas.toml"] = texts["personas.toml"].replace('first = "payment_plan"', 'first = "due_date"')
    found = check_texts(texts)
    (luis,) = [one for one in personas.expected(texts, found) if one.wrong]
    assert luis.label.startswith("Luis")
    assert luis.first == "due_date"
    assert luis.wrong == (found[0].message,)
    assert personas.expected(texts, [Problem("pack.toml", 1, "pack", "wrong")]) == (), "they are not tried then"
    assert personas.expected(texts | {"personas.toml": "["}, []) == ()


def test_a_pack_without_personas_is_in_order(pack: Path) -> None:
    (pack / "personas.toml").unlink()
    assert check_pack(pack) == []


def test_facts_are_as_given_and_a_longer_window_does_not_leak_into_a_shorter() -> None:
    catalogue = Catalogue(0, read_body(TELECOM))
    one = personas.Persona.model_validate({
        "key": "one", "label": "One", "made_up": True,
        "facts": {"calls_90d": 2, "overdue_amount": 12.5, "days_overdue": 40, "faults_90d": 1},
    })  # fmt: skip
    facts = personas.outcome(one, date(2026, 11, 18), catalogue).snapshot.facts
    assert {k: facts[k] for k in ("calls_30d", "calls_90d", "overdue_amount", "days_overdue", "faults_90d", "open_cases")} == {
        "calls_30d": 0, "calls_90d": 2, "overdue_amount": 12.5, "days_overdue": 40, "faults_90d": 1, "open_cases": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("matrix.toml", "objectives = 3\n"),
        ("matrix.toml", "cell = [[1]]\n"),
        ("pack.toml", "pack = " + "[" * 3000 + "]" * 3000),
        ("pack.toml", f"number = {'9' * 5000}\n"),
        ("treatments/care.toml", "treatment = 5\n"),
        ("attributes.toml", "[[attribute]]\nkey = { a = 1 }\n"),
        ("segments.toml", "segment = [1, 2]\n"),
    ],
)
def test_any_text_gets_an_answer_with_a_file(pack: Path, file: str, text: str) -> None:
    (pack / file).write_text(text)
    found = check_pack(pack)
    assert found
    assert all(p.line >= 1 and p.file.endswith(".toml") for p in found)
