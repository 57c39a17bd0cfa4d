"""Golden decisions: what earlier releases decided comes out again to the bit, but where a later engine is declared to differ."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest

from backend.engine.catalogue import digest_of
from backend.engine.deciding import ENGINE_VERSION
from tests.golden import replaying
from tests.golden.declared import DECLARED

FILES = replaying.files()


def test_this_release_has_its_golden_decisions() -> None:
    kept = [replaying.read(path).engine for path in FILES]
    assert ENGINE_VERSION in kept, "make them: python -m tests.golden.making"
    assert set(kept) == set(range(1, ENGINE_VERSION + 1)), "those of earlier releases are kept"
    assert set(DECLARED) < set(kept)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_golden_decisions_come_out_again_to_the_bit_but_where_declared(path: Path) -> None:
    golden = replaying.read(path)
    assert len(golden.decisions) >= 300
    assert digest_of(golden.catalogue) == golden.digest, "the catalogue's text is what it was"
    found = replaying.differences(golden)
    declared = {} if golden.engine == ENGINE_VERSION else DECLARED.get(golden.engine, {})
    assert set(found) == set(declared), found
    assert all(declared.values()), "each with its reason"


def test_golden_decisions_meet_each_step_of_the_funnel_and_each_kind_of_customer() -> None:
    golden = replaying.read(FILES[-1])
    steps = {w["step"] for d in golden.decisions for w in d["result"]["withheld"]}
    assert {"eligible", "applicable", "suitable", "consent", "contact_policy", "budget"} <= steps
    states = {d["inputs"]["snapshot"]["life_cycle"] for d in golden.decisions}
    assert {"lapsed", "new", "at_risk", "active"} <= states
    assert any(r["pinned"] for d in golden.decisions for r in d["result"]["ranked"])
    assert any(r["live"] and not r["pinned"] for d in golden.decisions for r in d["result"]["ranked"])


@pytest.mark.parametrize("what", ["input", "rule"])
def test_a_change_of_one_input_or_one_rule_is_found(what: str) -> None:
    golden = replaying.read(FILES[-1])
    few = [copy.deepcopy(d) for d in golden.decisions if d["result"]["ranked"]][:5]
    if what == "input":
        few[0]["inputs"]["configuration"]["levers"] = {few[0]["result"]["ranked"][0]["treatment"]: 1.001}
        found = replaying.differences(replace(golden, decisions=few))
        assert {"ranked.factors", "ranked.priority"} <= set(found)
    else:
        body = copy.deepcopy(golden.catalogue)
        body["treatments"]["care"]["treatment"][0]["rules"]["eligible"] = "churned && !churned"
        assert set(replaying.differences(replace(golden, catalogue=body)))
