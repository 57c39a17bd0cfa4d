"""What a bundle does is what its parts promise, all of it: each way in which it would not is told before anything is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.cases import service as cases
from backend.catalogue.service import check_pack
from backend.engine.bundling import LONGEST_WORK, members_of, work_of
from backend.engine.catalogue import Treatment, read_treatments
from backend.matrix.service import folder_of, load_pack
from tests.unit.test_catalogue_check import pack

__all__ = ["pack"]
CARE = "treatments/care.toml"
WHOLE = 'set = { payment_method = "Bank transfer (automatic)", paperless_billing = true }\nless = { monthly_charges = "off" }\nundo_days = 30'
TREATMENTS = {t.key: t for t in read_treatments(load_pack(folder_of("telecom")))}


def spoil(folder: Path, old: str, new: str, after: str = 'key = "hands_free_bill"') -> None:
    """Changes what comes first after this line."""
    text = (folder / CARE).read_text(encoding="utf-8")
    head, found, tail = text.partition(after)
    assert found
    assert old in tail
    (folder / CARE).write_text(head + found + tail.replace(old, new, 1), encoding="utf-8")


def told(folder: Path) -> list[str]:
    problems = check_pack(folder)
    assert {p.file for p in problems} <= {CARE}
    return [p.message for p in problems if p.rule == "hands_free_bill.bundle"]


def test_the_packs_bundle_does_what_its_parts_do_apart() -> None:
    bundle = TREATMENTS["hands_free_bill"]
    parts = members_of(bundle, TREATMENTS)
    assert [part.key for part in parts] == ["autopay_bank", "paperless"]
    assert dict(bundle.fulfilment.set) == {k: v for part in parts for k, v in part.fulfilment.set.items()}
    off = {t.key: next(float(term.value.text) for term in t.term if term.key == "off") for t in (bundle, *parts)}
    assert off == {"hands_free_bill": 1.5, "autopay_bank": 1.0, "paperless": 0.5}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (WHOLE, WHOLE.replace(", paperless_billing = true", ""), "leaves out paperless_billing, which paperless changes"),
        (WHOLE, WHOLE.replace("= true", "= false"), "does not set paperless_billing to True, as paperless does"),
        (WHOLE, WHOLE.replace("Bank transfer (automatic)", "Credit card (automatic)"), "does not set payment_method to 'Bank transfer (automatic)', as autopay_bank does"),
        (WHOLE, WHOLE.replace("undo_days = 30", "undo_days = 14"), "autopay_bank may be taken back for 30 days, the bundle for 14"),
        (WHOLE, WHOLE.replace("less =", "more ="), "it changes monthly_charges by +1.5, its parts together by -1.5"),
        ("value = 1.5", "value = 1.25", "it changes monthly_charges by -1.25, its parts together by -1.5: as a bundle it would be dearer"),
    ],
)  # fmt: skip
def test_a_bundle_that_would_not_do_what_its_parts_do_is_told(pack: Path, old: str, new: str, said: str) -> None:
    spoil(pack, old, new)
    assert any(said in message for message in told(pack)), told(pack)


@pytest.mark.parametrize(
    ("part", "new", "said"),
    [
        ("paperless", 'requires = ["thank_you"]', "paperless comes after thank_you, the bundle does not"),
        ("paperless", 'follows = { after = "thank_you" }', "paperless follows thank_you, the bundle does not at the same time"),
        ("autopay_bank", 'use = [{ budget = "goodwill" }]', "autopay_bank takes of goodwill, the bundle does not"),
    ],
)  # fmt: skip
def test_what_holds_for_a_part_must_hold_for_the_bundle(pack: Path, part: str, new: str, said: str) -> None:
    spoil(pack, 'issue = "care"', f'issue = "care"\n{new}', after=f'key = "{part}"')
    assert said in told(pack)


def test_a_part_that_gives_money_away_makes_the_bundle_a_concession(pack: Path) -> None:
    spoil(pack, 'issue = "care"', 'issue = "care"\nconcession = true', after='key = "paperless"')
    spoil(pack, 'key = "off"', 'key = "off"\nconcession = true', after='key = "paperless"')
    assert "paperless is a concession: the bundle must be one, or it would pass by its cap" in told(pack)


def worked(key: str, what: str, bundle: tuple[str, ...] = ()) -> Treatment:
    like = TREATMENTS["call_guard"]
    return like.model_copy(
        update={"key": key, "bundle": bundle, "fulfilment": like.fulfilment.model_copy(update={"what": what})}
    )


def test_the_work_of_a_bundle_names_that_of_each_part() -> None:
    parts = worked("guard", "Switch on the guard"), worked("print", "Bill in large print")
    assert work_of(worked("both", "Two things", ("guard", "print")), parts) == (
        "Two things: Switch on the guard; Bill in large print"
    )
    assert work_of(parts[0], ()) == "Switch on the guard"


def test_work_that_no_case_could_hold_is_told(pack: Path) -> None:
    assert LONGEST_WORK == cases.LONGEST_SUBJECT
    spoil(
        pack, 'issue = "care"', 'issue = "care"\nbundle = ["easy_bill", "priority_repair"]', after='key = "call_guard"'
    )
    for key in ("easy_bill", "priority_repair"):
        spoil(pack, "what = ", f'what = "{"x" * 100}"\n# ', after=f'key = "{key}"')
    assert any("its work in words has 228 characters; at most 200" in p.message for p in check_pack(pack)), check_pack(
        pack
    )
