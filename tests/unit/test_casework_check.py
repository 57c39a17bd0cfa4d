"""What a pack says of cases is checked before anything is published."""

from __future__ import annotations

from typing import Any

import pytest

from backend.matrix import service as matrix

BASE = matrix.read_body(matrix.folder_of("telecom"))


def told(**changed: Any) -> list[str]:
    """What the check says of the pack with these parts of its cases in place of its own."""
    texts = matrix.texts_from({**BASE, "cases": {**BASE["cases"], **changed}})
    pack, problems = matrix.check(texts)
    assert pack is None or pack.casework
    return [str(one) for one in problems if one.file == "cases.toml"]


REPLY = {"key": "hello", "label": "Hello", "text": "Hello {customer.first_name}"}


def test_the_pack_of_the_demo_is_well() -> None:
    assert told() == []


def test_a_pack_that_says_nothing_of_cases_has_one_type_and_no_promises() -> None:
    plain = {**BASE, "pack": {key: value for key, value in BASE["pack"].items() if key != "restricted"}}
    pack = matrix.pack_from({key: value for key, value in plain.items() if key != "cases"})
    assert [one.key for one in pack.casework.case_type] == [pack.casework.default_type]
    assert pack.casework.priority_of(pack.casework.default_priority).first_answer is None
    assert matrix.check(matrix.texts_from({key: value for key, value in plain.items() if key != "cases"}))[1] == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"default_type": "weather"}, "weather is no type of case"),
        ({"default_priority": "soon"}, "soon is no priority"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus is no time zone"),
        ({"case_type": [*BASE["cases"]["case_type"], {"key": "move", "label": "Again"}]}, "move: stands twice"),
        ({"case_type": [{"key": "question", "label": "Q", "team": "moon"}]}, "moon is no team"),
        ({"holiday": [{"day": "2026-12-25", "label": "A"}, {"day": "2026-12-25", "label": "B"}]}, "stands twice"),
        ({"canned_reply": [REPLY | {"text": "Hello {customer.risk}"}], "macro": []}, "{customer.risk} is nothing"),
        (
            {"canned_reply": [REPLY | {"text": "Hello {customer.name.__class__}"}], "macro": []},
            "is nothing that can be",
        ),
        ({"canned_reply": [REPLY | {"text": "Hello {name"}], "macro": []}, "a brace stands alone"),
        ({"canned_reply": [REPLY | {"types": ["weather"]}], "macro": []}, "weather is no type of case"),
        ({"macro": [{"key": "x", "label": "X"}]}, "does nothing"),
        ({"macro": [{"key": "x", "label": "X", "reply": "none"}]}, "none is no canned reply"),
        ({"macro": [{"key": "x", "label": "X", "state": "open", "wait_days": 2}]}, "wait_days needs state pending"),
        ({"macro": [{"key": "x", "label": "X", "state": "open", "outcome": "Well"}]}, "outcome needs state resolved"),
        ({"hours": [{"days": [8], "from": "08:00", "until": "17:00"}]}, "less than or equal to 7"),
        ({"hours": [{"days": [1], "from": "8", "until": "17:00"}]}, "String should match"),
        ({"close_days": 0}, "greater than or equal to 1"),
        ({"surprise": 1}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(changed: dict[str, Any], words: str) -> None:
    found = told(**changed)
    assert any(words in one for one in found), found
    assert all(one.startswith("cases.toml:") for one in found)


def test_an_answer_promised_after_the_resolution_is_told() -> None:
    late = [one | {"first_answer": 100} if one["key"] == "normal" else one for one in BASE["cases"]["priority"]]
    assert any("promised after the resolution" in one for one in told(priority=late))


def test_a_calendar_is_called_as_nothing_else() -> None:
    assert any("called as nothing else" in one for one in told(calendar=[{"key": "care", "label": "Care"}]))
    assert any("stands twice" in one for one in told(calendar=[{"key": "a", "label": "A"}, {"key": "a", "label": "B"}]))
