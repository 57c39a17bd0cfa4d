"""What was learned at work in a decision: it ranks, it is drawn alike everywhere, it never brings in what a rule removed."""

from __future__ import annotations

import copy
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.catalogue.service import check_pack
from backend.engine import deciding as engine
from backend.engine.catalogue import Catalogue
from backend.engine.chances import features_of, histories_of
from backend.engine.delivery import deliver
from backend.engine.facts import Configuration, Ledger
from backend.engine.weighing import weighed
from backend.learning.epoch import Epoch, Exploring, epoch_of, lots
from backend.learning.fitting import Arm, Believed, Fit
from backend.matrix.service import folder_of
from backend.profiles.service import Snapshot
from backend.rules.service import Context
from backend.teaching.weighing import believed
from tests.unit import bridge
from tests.unit.reference import words
from tests.unit.reference.cases import NOW, cases, offer, person, setting

LEARNING: dict[str, Any] = {
    "feature": [
        {"key": "tenure", "label": "Months with us", "value": "tenure", "low": 0, "high": 60, "typical": 24},
        {"key": "fibre", "label": "Fibre", "value": "fibre", "missing": "monthly <= 0.0"},
        {"key": "owed", "label": "Owed", "value": "owed", "low": 0, "high": 100},
        {"key": "untaken", "label": "Times not taken", "history": "untaken", "low": 0, "high": 4},
        {"key": "taken", "label": "Times taken", "history": "taken", "low": 0, "high": 2},
    ]
}
BODY = words.body() | {"learning": LEARNING}


def with_learning(given: dict[str, Any]) -> dict[str, Any]:
    """The setting of a known case, learning in every one of its catalogues."""
    out = copy.copy(given)
    out["catalogue"] = given["catalogue"] | {"learning": LEARNING}
    out["older"] = {version: body | {"learning": LEARNING} for version, body in given.get("older", {}).items()}
    return out


def epoch_for(catalogue: Catalogue, seed: int = 1, number: int = 1, share: float = 1.0, sure: float = 0.3) -> Epoch:
    """An epoch that has learned something else of every treatment."""
    rng = np.random.default_rng(seed)
    columns = (*catalogue.pack.learning.columns, "channel:phone", "channel:portal")
    arms = tuple(Arm(t.key, t.group, t.acceptance) for t in catalogue.treatments.values())
    groups = tuple(sorted({arm.group for arm in arms}))
    many, width = len(arms), len(columns)
    spread = np.broadcast_to(np.eye(width) * sure**2, (many, width, width))
    found = Fit(
        rng.normal(0, 0.4, (many, width)),
        spread,
        groups,
        rng.normal(0, 0.2, (len(groups), width)),
        spread[: len(groups)],
        1,
    )
    return epoch_of(
        number, columns, arms, found, {"channel:phone": 0.7, "channel:portal": 0.3}, {"": Exploring(share, 0.05)}
    )


def at(seed: int = 1, **more: Any) -> list[tuple[Any, Snapshot, Ledger, Configuration]]:
    """Every known case of the reference, with an epoch in force."""
    found = []
    for case in cases():
        configuration = bridge.configuration_of(with_learning(case.configuration))
        configuration = replace(configuration, epoch=epoch_for(configuration.catalogue, seed, **more))
        seen, _ = bridge.ruling_of(case.profile, case.offers, case.configuration, case.now)
        found.append((case, seen, bridge.ledger_of(case.offers, configuration), configuration))
    return found


def test_nothing_learned_leaves_every_decision_as_it_is() -> None:
    for case in cases():
        _, plain = bridge.ruling_of(case.profile, case.offers, case.configuration, case.now)
        _, other = bridge.ruling_of(case.profile, case.offers, with_learning(case.configuration), case.now)
        assert [r._replace(history=()) for r in other.ranked] == list(plain.ranked)
        assert [tuple(w)[:4] for w in other.withheld] == [tuple(w)[:4] for w in plain.withheld]
        assert plain.features == ()
        assert len(other.features) == 5
        assert all(r.factors.draw is None for r in other.ranked)
        assert [r.first for r in plain.ranked] == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0][
            : len(plain.ranked)
        ]


def test_whatever_is_learned_only_priority_may_bring_in_or_silence() -> None:
    """Exploring never offers what eligibility, relevance, suitability, consent, contact policy or a budget removed."""
    changed: Counter[str] = Counter()
    for seed in (1, 2, 3):
        for _, seen, ledger, configuration in at(seed, sure=1.0):
            plain = engine.decide(seen, ledger, replace(configuration, epoch=Epoch(0)))
            found = engine.decide(seen, ledger, configuration)
            for one, other in ((plain, found), (found, plain)):
                gone = {(w.treatment, w.subject): w for w in other.withheld}
                for item in one.ranked:
                    if (left := gone.get((item.treatment, item.subject))) is not None:
                        changed[left.step] += 1
                        assert left.step == "arbitration", left
    assert changed["arbitration"]


def test_a_decision_with_what_was_learned_is_the_same_every_time_and_recomputable() -> None:
    drawn = 0
    for _, seen, ledger, configuration in at():
        one, two = engine.decide(seen, ledger, configuration), engine.decide(seen, ledger, configuration)
        assert one == two
        for item in one.ranked:
            f = item.factors
            drawn += f.draw is not None
            chance = f.propensity if f.draw is None else f.draw
            assert item.priority == pytest.approx(
                chance * (f.context * f.value * f.lever - f.price) - f.attention, abs=1e-9
            )
            assert 0 < f.propensity < 1
    assert drawn > 50


def test_the_order_is_the_same_in_every_channel_however_skewed_what_was_learned() -> None:
    """The channel of answers is known to learning alone: at every epoch a channel may withhold, and never re-rank."""
    for seed in range(4):
        for _, seen, ledger, configuration in at(seed):
            ruling = engine.decide(seen, ledger, configuration)
            order = [(r.treatment, r.subject) for r in ruling.ranked]
            for channel in configuration.catalogue.pack.channels:
                here = [(r.treatment, r.subject) for r in deliver(ruling.ranked, seen, configuration, channel.key).here]
                assert here == [one for one in order if one in here]


def _many_moments(
    configuration: Configuration, seen: Snapshot, ledger: Ledger, many: int
) -> tuple[Counter[Any], dict[Any, float]]:
    came: Counter[Any] = Counter()
    for nth in range(many):
        ranked = engine.decide(replace(seen, moment_key=str(nth)), ledger, configuration).ranked
        if ranked:
            came[ranked[0].treatment, ranked[0].subject] += 1
    told = {(r.treatment, r.subject): r.first for r in engine.decide(seen, ledger, configuration).ranked}
    return came, told


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_the_chance_of_the_first_place_is_how_often_moments_put_it_first(share: float) -> None:
    configuration = bridge.configuration_of(with_learning(setting()))
    configuration = replace(configuration, epoch=epoch_for(configuration.catalogue, 5, share=share, sure=0.5))
    seen, _ = bridge.ruling_of(person(), [], setting(), NOW)
    came, told = _many_moments(configuration, seen, Ledger(1), 1_500)
    assert len(came) > 1
    assert {key: many / 1_500 for key, many in came.items() if key in told} == {
        key: pytest.approx(told[key], abs=0.05) for key in came if key in told
    }


def test_what_was_presented_first_stays_first_whatever_is_drawn() -> None:
    pinned = 0
    for _, seen, ledger, configuration in at():
        ranked = engine.decide(seen, ledger, configuration).ranked
        if ranked and ranked[0].pinned:
            pinned += 1
            assert (ranked[0].first, sum(r.first for r in ranked)) == (1.0, 1.0)
    assert pinned


def test_only_a_share_of_the_moments_explores() -> None:
    configuration = bridge.configuration_of(with_learning(setting()))
    for share, expected in ((0.0, 0.0), (0.3, 0.3), (1.0, 1.0)):
        given = replace(configuration, epoch=epoch_for(configuration.catalogue, share=share))
        seen, _ = bridge.ruling_of(person(), [], setting(), NOW)
        drawn = [
            r.factors.draw is not None
            for nth in range(150)
            for r in engine.decide(replace(seen, moment_key=str(nth)), Ledger(1), given).ranked
        ]
        assert sum(drawn) / len(drawn) == pytest.approx(expected, abs=0.08)


def test_a_model_that_is_not_believed_ranks_by_the_catalogue() -> None:
    configuration = bridge.configuration_of(with_learning(setting()))
    epoch = epoch_for(configuration.catalogue)
    seen, _ = bridge.ruling_of(person(), [], setting(), NOW)
    first = engine.decide(seen, Ledger(1), replace(configuration, epoch=epoch)).ranked[0]
    fallen = replace(epoch, fallen={first.treatment: "Of the last 300 answers 3 were taken, and 90 were foretold."})
    again = engine.decide(seen, Ledger(1), replace(configuration, epoch=fallen))
    item = next(r for r in again.ranked if r.treatment == first.treatment)
    prior = configuration.catalogue.treatments[first.treatment].acceptance
    assert (item.factors.propensity, item.factors.draw) == (prior, None)


def test_features_are_scaled_bounded_and_say_where_nothing_is_known() -> None:
    pack = Catalogue(1, BODY).pack
    known = {"tenure": 54, "fibre": True, "monthly": 70.0, "owed": 250.0}
    assert features_of(pack, Context(known)) == (1.0, 0.5, 1.0, 0.0, 1.0)
    assert features_of(pack, Context(known | {"monthly": 0.0})) == (1.0, 0.5, 0.0, 1.0, 1.0)
    assert features_of(pack, Context({"tenure": 24, "monthly": 1.0, "owed": -5.0})) == (1.0, 0.0, 0.0, 1.0, 0.0)


def test_histories_count_what_is_over_and_no_offer_that_still_stands() -> None:
    catalogue = Catalogue(1, BODY)
    configuration = Configuration(1, catalogue)
    offers = [
        offer("faster", "declined", 20), offer("faster", "expired", 90), offer("films", "accepted", 40),
        offer("autumn", "presented", 1), offer("goodwill", "declined", 500),
    ]  # fmt: skip
    ledger = bridge.ledger_of(offers, configuration)
    today = NOW.date()
    assert histories_of(catalogue.pack.learning, ledger, today) == {"faster": (0.5, 0.0), "films": (0.0, 0.5)}


def test_the_draw_is_of_customer_treatment_and_moment_and_nothing_else() -> None:
    assert lots("c", "t", "", "1") == lots("c", "t", "", "1")
    others = {lots("d", "t", "", "1"), lots("c", "u", "", "1"), lots("c", "t", "", "2"), lots("c", "t", "h", "1")}
    assert lots("c", "t", "", "1") not in others
    assert len(others) == 4


def test_the_agent_hears_in_words_what_raised_and_lowered_the_chance() -> None:
    configuration = bridge.configuration_of(with_learning(setting()))
    epoch = epoch_for(configuration.catalogue)
    seen, _ = bridge.ruling_of(person(), [], setting(), NOW)
    configuration = replace(configuration, epoch=epoch)
    ruling = engine.decide(seen, Ledger(1), configuration)
    item = ruling.ranked[0]._replace(history=(0.75, 0.0))
    told = weighed(item, (1.0, 0.5, 1.0, 0.0, 0.9), {"tenure": "54"}, configuration)
    assert told
    assert all(one.words.endswith("the chance.") for one in told)
    assert [abs(one.contribution) for one in told] == sorted((abs(one.contribution) for one in told), reverse=True)
    said = {one.feature: one.words for one in told}
    assert said.get("untaken", "Times not taken: 3 times").startswith("Times not taken: 3 times")
    assert weighed(item, (), {}, configuration) == ()
    assert weighed(item, ruling.features, {}, replace(configuration, epoch=Epoch(0))) == ()


def test_what_a_pack_believes_becomes_precisions() -> None:
    wanted = Catalogue(1, BODY).pack.learning
    found = believed(wanted, 4)
    assert isinstance(found, Believed)
    assert found.group.tolist() == pytest.approx([wanted.base_spread**-2, *[wanted.group_spread**-2] * 3])
    assert found.kin.tolist() == pytest.approx([wanted.kin_spread**-2] * 4)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    shutil.copytree(
        folder_of("telecom"), tmp_path / "pack", ignore=shutil.ignore_patterns("*.py", "*.gz", "__pycache__", "*.md")
    )
    return tmp_path / "pack"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('value = "tenure"', 'value = "senior_citizen"', "senior_citizen is protected: it may enter no model"),
        ('value = "tenure"', "value = 'gender == \"Female\"'", "gender is protected: it may enter no model"),
        ('value = "tenure"', "value = '\"vulnerable\" in protective'", "protective tells of care_note, which no model may read"),
        ('value = "tenure"', 'value = "tenur"', "did you mean tenure?"),
        ('value = "tenure"', 'value = "contract"', "value:"),
        ('value = "tenure"', 'value = "presentations_30d"', "value:"),
        ("high = 72", "high = 0", "high must be above low"),
        ("typical = 24", "typical = 200", "typical lies between low and high"),
        ('key = "churn_risk"', 'key = "tenure"', "stands twice"),
        ('group = "win_back"', 'group = ""', "stands twice"),
        ("half_life_days = 90", "half_life_days = 0", "greater than or equal to 1"),
        ("half_life_days = 90", "half_lives = 90", "Extra inputs"),
        ('left = "churned"', 'left = "churnd"', "did you mean churned?"),
    ],
)  # fmt: skip
def test_what_learning_may_not_read_or_mean_is_told_with_file_and_line(
    pack: Path, old: str, new: str, said: str
) -> None:
    text = (pack / "learning.toml").read_text()
    assert old in text
    (pack / "learning.toml").write_text(text.replace(old, new, 1))
    found = [p for p in check_pack(pack) if p.file == "learning.toml"]
    assert any(said in p.message for p in found), found
