"""The check of holdouts: what serves, remedies or is owed is kept from nobody, and the author is told why, with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backend.catalogue.service import check_pack
from backend.matrix.service import folder_of
from backend.proving.rules import place_of

HEAD = '[[holdout]]\nkey = "some"\nlabel = "Some"\nshare = 0.1\n'
PROTECTED = '[[segment]]\nkey = "older"\nlabel = "Older"\nrule = "senior_citizen"\n'


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    shutil.copytree(
        folder_of("telecom"), tmp_path / "pack", ignore=shutil.ignore_patterns("*.py", "*.gz", "__pycache__", "*.md")
    )
    return tmp_path / "pack"


def said(pack: Path, text: str) -> list[str]:
    (pack / "holdouts.toml").write_text(text)
    return [str(problem) for problem in check_pack(pack)]


def test_a_universal_control_group_and_one_of_a_group_are_fine_and_no_persona_falls_into_them(pack: Path) -> None:
    universal = '[[holdout]]\nkey = "universal"\nlabel = "Universal control"\nshare = 0.5\n'
    assert (
        said(pack, universal + HEAD + 'groups = ["streaming"]\nsegment = "budget"\n'.replace("budget", _segment(pack)))
        == []
    )


def test_a_salt_is_the_key_where_none_is_given() -> None:
    assert place_of("c", "some") != place_of("c", "other")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('treatments = ["technician_visit"]', "technician_visit is never held out: it is service"),
        ('treatments = ["payment_plan"]', "payment_plan is never held out: it settles what is owed, or eases it"),
        ('treatments = ["apology_credit"]', "apology_credit is never held out: its objective is to resolve, which is a remedy and no extra"),
        ('treatments = ["easy_bill"]', "easy_bill is never held out: it is there for those who are protected"),
        ('groups = ["special_care"]', "priority_repair of special_care is never held out"),
        ('treatments = ["nothing"]', "there is no treatment nothing"),
        ('groups = ["nothing"]', "there is no group nothing"),
        ('segment = "nothing"', "there is no segment nothing"),
    ],
)  # fmt: skip
def test_what_may_not_be_held_out_is_told_with_its_line(pack: Path, line: str, why: str) -> None:
    told = said(pack, HEAD + line + "\n")
    assert len(told) == 1
    assert told[0].startswith("holdouts.toml:")
    assert why in told[0]


@pytest.mark.parametrize(("old", "new"), [("0.1", "0"), ("0.1", "0.6"), ("0.1", '"much"'), ('"some"', '"Some one"')])
def test_shares_and_keys_that_are_none_are_told(pack: Path, old: str, new: str) -> None:
    told = said(pack, HEAD.replace(old, new))
    assert told
    assert all(line.startswith("holdouts.toml:") for line in told)


def test_two_of_one_key_or_one_salt_are_told(pack: Path) -> None:
    assert any("stands twice" in line for line in said(pack, HEAD + HEAD))
    assert any(
        "the very same customers" in line
        for line in said(pack, HEAD + HEAD.replace("some", "other") + 'salt = "some"\n')
    )


def test_protected_attributes_choose_no_control_group(pack: Path) -> None:
    text = (pack / "segments.toml").read_text()
    (pack / "segments.toml").write_text(PROTECTED + text)
    assert any(
        "protected attributes choose no control group" in line for line in said(pack, HEAD + 'segment = "older"\n')
    )


def test_a_list_that_is_none_is_told(pack: Path) -> None:
    assert said(pack, '[holdout]\nkey = "some"\n')[0].endswith(
        "holdout is a list of tables: each begins with [[holdout]]"
    )


def _segment(pack: Path) -> str:
    return next(
        line.split('"')[1] for line in (pack / "segments.toml").read_text().splitlines() if line.startswith("key = ")
    )
