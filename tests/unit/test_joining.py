"""What two profiles hold, joined and parted again: nothing is lost, and what came since stays with the survivor."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.matrix.service import folder_of, pack_from, read_body
from backend.profiles import joining

PACK = pack_from(read_body(folder_of("telecom")))
_days = st.dictionaries(st.sampled_from(["2026-11-01", "2026-11-02", "2026-11-03"]), st.integers(1, 5), max_size=3)
_counts = st.dictionaries(st.sampled_from(["calls", "faults"]), _days, max_size=2)
_values = st.fixed_dictionaries(
    {}, optional={"open_cases": st.integers(0, 3), "overdue_amount": st.integers(0, 400).map(lambda n: n / 4), "last_bill": st.integers(1, 90).map(float)}
)  # fmt: skip
_dates = st.fixed_dictionaries(
    {}, optional={key: st.dates().map(str) for key in ("last_contact", "joined", "contract_started")}
)
_facts = st.fixed_dictionaries(
    {}, optional={"days": _counts, "values": _values, "dates": _dates, "bad_experience": st.none()}
)
_attributes = st.fixed_dictionaries(
    {}, optional={"tenure": st.integers(0, 72), "contract": st.sampled_from(["One year", "Two year"]), "care_note": st.none()}
)  # fmt: skip
_holdings = st.lists(st.sampled_from("abcd"), unique=True, max_size=3).map(
    lambda ids: [{"kind": "line", "holding_id": one, "label": one, "attributes": {}} for one in ids]
)
_text = st.none() | st.sampled_from(["x", "y"])
profiles = st.fixed_dictionaries(
    {
        **dict.fromkeys(joining.FIELDS, _text), "name": st.sampled_from(["Ada", "Grace"]), "attributes": _attributes, "facts": _facts,
        "holdings": _holdings,
    }
)  # fmt: skip
choices = st.sets(st.sampled_from([*joining.FIELDS, "attribute.tenure", "attribute.contract"]))


def without_holdings(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "holdings"}


@settings(max_examples=300, deadline=None)
@given(profiles, profiles, choices)
def test_parting_what_was_joined_gives_both_back(ours: Any, theirs: Any, chosen: set[str]) -> None:
    made = joining.joined(ours, theirs, chosen, PACK)
    first, second = joining.parted(made, ours, theirs, made)
    assert without_holdings(first) == without_holdings(ours)
    assert without_holdings(second) == without_holdings(theirs)
    assert first["holdings"] == ours["holdings"]
    assert second["holdings"] == theirs["holdings"]


@settings(max_examples=200, deadline=None)
@given(profiles, profiles, choices)
def test_counts_add_up_day_by_day(ours: Any, theirs: Any, chosen: set[str]) -> None:
    made = joining.joined(ours, theirs, chosen, PACK)["facts"].get("days", {})
    for key in ("calls", "faults"):
        total = sum(sum(one["facts"].get("days", {}).get(key, {}).values()) for one in (ours, theirs))
        assert sum(made.get(key, {}).values()) == total


@settings(max_examples=200, deadline=None)
@given(profiles, profiles, choices, st.integers(1, 4))
def test_what_was_learned_since_is_the_survivors(ours: Any, theirs: Any, chosen: set[str], more: int) -> None:
    made = joining.joined(ours, theirs, chosen, PACK)
    days = made["facts"].get("days", {})
    since = {
        **days,
        "calls": {**days.get("calls", {}), "2026-11-03": days.get("calls", {}).get("2026-11-03", 0) + more},
    }
    now = made | {
        "facts": made["facts"] | {"days": since},
        "attributes": made["attributes"] | {"tenure": 999},
    }
    first, second = joining.parted(now, ours, theirs, made)
    before = ours["facts"].get("days", {}).get("calls", {}).get("2026-11-03", 0)
    assert first["facts"]["days"]["calls"]["2026-11-03"] == before + more
    assert first["attributes"]["tenure"] == 999
    assert second["facts"] == theirs["facts"]
    assert second["attributes"] == theirs["attributes"]


def test_dates_and_values_join_as_the_pack_says() -> None:
    def facts(**more: Any) -> dict[str, Any]:
        return {**dict.fromkeys(joining.FIELDS), "attributes": {}, "holdings": [], "facts": more}

    ours = facts(
        values={"open_cases": 1, "overdue_amount": 10.5, "last_bill": 30.0},
        dates={"joined": "2020-01-01", "last_contact": "2026-01-01"},
    )
    theirs = facts(
        values={"open_cases": 2, "overdue_amount": 4.0, "last_bill": 9.0},
        dates={"joined": "2018-05-01", "last_contact": "2025-01-01"},
    )
    made = joining.joined(ours, theirs, (), PACK)["facts"]
    assert made["values"] == {"open_cases": 3, "overdue_amount": 14.5, "last_bill": 30.0}
    assert made["dates"] == {"joined": "2018-05-01", "last_contact": "2026-01-01"}
