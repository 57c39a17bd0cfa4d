"""The check of what a treatment asks for with its acceptance: each mistake is told before anything is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.catalogue.service import check_pack
from tests.unit.test_catalogue_check import spoil, written

SLOT = 'key = "when"\nkind = "slot"\nused_for = "time"\nlabel = "When?"\n'


def told(tmp_path: Path, fulfil: str, *inputs: str, term: str = "") -> list[str]:
    folder = written(tmp_path, fulfil=fulfil)
    text = "".join(f"[[treatment.input]]\n{one}\n" for one in inputs)
    spoil(folder, "treatments/one.toml", "[treatment.fulfilment]", f"{text}[treatment.fulfilment]")
    if term:
        spoil(folder, "treatments/one.toml", 'label = "Price"', f'label = "Price"\n{term}')
    return [one.message for one in check_pack(folder)]


@pytest.mark.parametrize(
    ("fulfil", "asked", "said"),
    [
        ("message", 'key = "a"\nkind = "text"\nlabel = "A?"', "a message uses nothing that the customer chooses"),
        ("booking", SLOT, "a slot names its calendar: one of callbacks, visits"),
        ("booking", SLOT + 'calendar = "visit"', "a slot names its calendar"),
        ("booking", SLOT + 'calendar = "callbacks"', "is for calls back"),
        ("callback", SLOT + 'calendar = "visits"', "calls back have no other"),
        ("case", SLOT + 'calendar = "visits"', "a slot is no time of a case"),
        ("booking", SLOT.replace("time", "note") + 'calendar = "visits"', "a slot is booked"),
        ("booking", 'key = "a"\nkind = "date"\nlabel = "A?"\ncalendar = "visits"', "only a slot has a calendar"),
        ("case", 'key = "a"\nkind = "choice"\nlabel = "A?"\noption = [{ key = "b", label = "B" }]', "two options or more"),
        ("case", 'key = "a"\nkind = "text"\nlabel = "A?"\nprefill = "gender"', "gender is not the customer's to see"),
        ("case", 'key = "a"\nkind = "text"\nlabel = "A?"\nprefill = "adress"', "nothing is called adress"),
        ("case", 'key = "a"\nkind = "text"\nlabel = "A?"\nlabels = { spanish = "A" }', "String should match"),
    ],
)  # fmt: skip
def test_each_mistake_of_an_input_is_told(tmp_path: Path, fulfil: str, asked: str, said: str) -> None:
    found = told(tmp_path, fulfil, asked)
    assert any(said in one for one in found), found


def test_two_of_one_name_and_two_times_are_told(tmp_path: Path) -> None:
    found = told(tmp_path, "booking", SLOT + 'calendar = "visits"', SLOT + 'calendar = "visits"')
    assert {"two inputs share a key", "only one of when, when can be the time"} <= set(found)


def test_what_an_approval_accepts_can_ask_nobody(tmp_path: Path) -> None:
    text = 'key = "a"\nkind = "text"\nlabel = "A?"'
    beyond = "low = 0\nhigh = 50\nauthority_low = 0\nauthority_high = 20"
    assert any("nobody is asked" in one for one in told(tmp_path, "case", text, term=beyond))


def test_what_is_right_is_let_through(tmp_path: Path) -> None:
    day = 'key = "day"\nkind = "date"\nlabel = "Which day?"\nused_for = "time"\nlabels = { es = "¿Qué día?" }'
    choice = (
        'key = "a"\nkind = "choice"\nlabel = "A?"\noption = [{ key = "b", label = "B" }, { key = "c", label = "C" }]'
    )
    assert told(tmp_path, "booking", day, choice, 'key = "p"\nkind = "text"\nlabel = "P"\nprefill = "phone"') == []
