"""The engine against decisions worked out by a reference that knows nothing of it."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.unit import bridge
from tests.unit.reference import decision as reference
from tests.unit.reference.cases import Case, cases

HERE = Path(__file__).parent / "reference"
CHANNELS = ("phone", "portal", "email", "sms")
OURS = {"backend", "shared", "agent_ui", "selfservice_ui", "wsgi"}


def expected(case: Case) -> reference.Decision:
    return reference.decide(case.profile, case.offers, case.configuration, case.now)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_engine_decides_as_the_reference_does(case: Case) -> None:
    wanted = expected(case)
    seen, ruling = bridge.ruling_of(case.profile, case.offers, case.configuration, case.now)
    bridge.assert_equal(wanted, seen, ruling)
    for channel in CHANNELS:
        bridge.assert_equal_delivery(wanted, case.configuration, seen, ruling, channel)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_an_agent_may_choose_what_the_reference_says(case: Case) -> None:
    wanted = reference.overridable(case.profile, case.offers, case.configuration, case.now)
    found = bridge.overridable_of(case.profile, case.offers, case.configuration, case.now)
    bridge.assert_same_overridable(wanted, found)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_each_case_shows_what_it_is_named_for(case: Case) -> None:
    wanted = expected(case)
    ranked = [place.name for place in wanted.ranked]
    if case.first:
        assert ranked[:1] == [case.first]
    assert [t for t in ranked if t in case.order] == list(case.order)
    assert {t: wanted.withheld.get(t, ("ranked",))[:2] for t in case.withheld} == case.withheld
    for treatment, terms in case.terms.items():
        held = dict(next(place.terms for place in wanted.ranked if place.name == treatment))
        assert {key: held[key] for key in terms} == terms
    for channel, rules in case.channels.items():
        places = {place.name: place for place in wanted.ranked}
        found = {t: reference.undeliverable(wanted, places[t], case.configuration, channel) for t in rules}
        assert found == rules
    for treatment, figures in case.figures.items():
        place = next(place for place in wanted.ranked if place.name == treatment)
        assert {name: getattr(place, name) for name in figures} == pytest.approx(figures, rel=1e-12)


def test_there_are_enough_cases_and_none_stands_twice() -> None:
    names = Counter(case.name for case in cases())
    assert len(names) >= 200
    assert set(names.values()) == {1}


def test_every_step_and_rule_of_the_funnel_is_shown_by_some_case() -> None:
    left = {(step, rule.split(":")[0]) for case in cases() for step, rule, _ in expected(case).withheld.values()}
    named = {
        ("in_force", "dates"), ("suitable", "protective"), ("suitable", "experience"), ("consent", "purpose"),
        ("contact_policy", "terms"), ("contact_policy", "deferred"), ("contact_policy", "repeat"), ("contact_policy", "cool_off"),
        ("contact_policy", "cap"), ("contact_policy", "gap"), ("contact_policy", "concession_cap"),
        ("contact_policy", "beside"), ("eligible", "requires"), ("eligible", "subject"), ("applicable", "follows"), ("budget", "budget"), ("holdout", "holdout"),
        ("arbitration", "value"), ("arbitration", "silence"), ("arbitration", "excludes"),
    }  # fmt: skip
    assert named - left == set()
    assert {step for step, _ in left} == {
        "in_force",
        "eligible",
        "applicable",
        "suitable",
        "consent",
        "contact_policy",
        "budget",
        "holdout",
        "arbitration",
    }


def test_one_priority_worked_out_on_paper() -> None:
    """films for the settled customer: active, stage use, no intent, β 0.5.

    active Σ 2.6 and use Σ 2.2, so the products (x/Σ + 0.05) are inform .242308·.322727, resolve .242308·.186364,
    retain .242308·.231818, expand .319231·.413636, collect .203846·.095455, in sum .343439...; w[expand] is .384...;
    C = 0.6 · w[expand]; V = .5·(30 − 2) + .5·12 = 20; priority = 0.2·C·20 − 0.1.
    """
    case = cases()[0]
    products = {
        "inform": (0.5 / 2.6 + 0.05) * (0.6 / 2.2 + 0.05),
        "resolve": (0.5 / 2.6 + 0.05) * (0.3 / 2.2 + 0.05),
        "retain": (0.5 / 2.6 + 0.05) * (0.4 / 2.2 + 0.05),
        "expand": (0.7 / 2.6 + 0.05) * (0.8 / 2.2 + 0.05),
        "collect": (0.4 / 2.6 + 0.05) * (0.1 / 2.2 + 0.05),
    }
    context = 0.6 * products["expand"] / sum(products.values())
    _, ruling = bridge.ruling_of(case.profile, case.offers, case.configuration, case.now)
    films = next(r for r in ruling.ranked if r.treatment == "films")
    assert films.factors.value == pytest.approx(20.0, abs=1e-9)
    assert films.factors.context == pytest.approx(context, abs=1e-9)
    assert films.priority == pytest.approx(0.2 * context * 20 - 0.1, abs=1e-9)


def test_a_wrong_formula_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself can fail: a smoothing left out of the engine is caught."""
    from backend.engine import deciding as engine

    real = engine.objective_weights
    monkeypatch.setattr(engine, "objective_weights", lambda s, p: {o: w + 1e-7 for o, w in real(s, p).items()})
    case = cases()[0]
    seen, ruling = bridge.ruling_of(case.profile, case.offers, case.configuration, case.now)
    with pytest.raises(AssertionError):
        bridge.assert_equal(expected(case), seen, ruling)


def test_the_reference_imports_nothing_of_the_product() -> None:
    for path in HERE.glob("*.py"):
        imported: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path.name} imports by a relative path"
                imported.add(node.module or "")
        assert not {name.split(".")[0] for name in imported} & (OURS | {"cel", "importlib"}), path.name
        assert all(name.startswith("tests.unit.reference") for name in imported if name.startswith("tests")), path.name


def test_the_reference_decides_every_case_in_a_process_that_cannot_import_the_product() -> None:
    code = f"""
import sys
class Barred:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {OURS | {"cel", "sqlalchemy", "pydantic"}!r}:
            raise ImportError(name)
sys.meta_path.insert(0, Barred())
from tests.unit.reference.cases import cases
from tests.unit.reference.decision import decide
print(sum(len(decide(c.profile, c.offers, c.configuration, c.now).ranked) > 0 for c in cases()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=HERE.parents[2], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 200
