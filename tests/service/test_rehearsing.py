"""A day that is played: everyone is served, nothing is left open, and the house is whole after it, on both databases."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from backend import db
from backend.interactions import service as interactions
from backend.people import service as people
from backend.rehearsing.arriving import OPENS, day_of
from backend.rehearsing.crew import OURS, call_in, send_home
from backend.rehearsing.playing import Doing, Player, Script
from backend.rehearsing.scripts import LINE
from backend.rehearsing.service import Rehearsal, Wanted
from backend.staffing import service as staffing
from shared.kernel import clock
from shared.kernel.errors import Conflict, Invalid
from tests import commands
from tests.small_company import open_company

HALF_HOUR = Wanted(calls=1_500, agents=6, speed=600, begins=OPENS, ends=OPENS + 1_800, seed=3)


def played(wanted: Wanted = HALF_HOUR) -> dict[str, Any]:
    with Rehearsal(day_of("monday"), wanted) as rehearsal:
        steps = list(rehearsal)
    assert steps == list(range(1, rehearsal.steps + 1))
    return rehearsal.outcome()


@pytest.mark.usefixtures("loaded")
def test_everyone_is_served_and_nothing_is_left_open() -> None:
    found = played()
    counts = found["counts"]
    assert (found["faults"], found["differences"], found["audit_ok"]) == ([], [], True)
    assert counts["calls"] == counts["answered"] + counts.get("gave up", 0)
    assert counts["answered"] == counts["wrapped up"] > 5
    assert (counts["left"], counts["visits"] > 0, counts["presented"] > 0) == (0, True, True)
    with db.reading() as session:
        assert not [call for call in interactions.live(session) if call.external_id.startswith(OURS)]
        assert interactions.all_open(session) == ()
        assert interactions.at_work(session) == ()
        assert not [one for one in people.colleagues(session) if one.name.startswith("Made-up")]
        assert not [one for one in staffing.house(session, clock.now()).left if one.who.name.startswith("Made-up")]
        calls = session.execute(text("SELECT count(*) FROM call WHERE external_id LIKE 'rehearsal-%'")).scalar()
        events = session.execute(text("SELECT count(*) FROM event WHERE kind = 'call' AND actor_name LIKE 'Made-up%'"))
        signs_in = session.execute(
            text(
                "SELECT count(*) FROM credential c JOIN staff s ON s.staff_id = c.subject_id WHERE s.name LIKE 'Made-up%'"
            )
        )
        assert (calls, events.scalar(), signs_in.scalar()) == (counts["calls"], counts["wrapped up"], 0)


@pytest.mark.usefixtures("loaded")
def test_what_a_rehearsal_left_that_was_broken_off_is_over_with_the_next() -> None:
    crew = call_in(2, Rehearsal(day_of(""), HALF_HOUR)._pack)
    one = crew.next()
    assert one is not None
    with db.transaction() as session:
        interactions.ring(session, f"{OURS}1", "+12095550100", LINE, "inbound", [crew.address(one)], clock.now())
        interactions.answered(session, f"{OURS}1", [crew.address(one)], clock.now())
        interactions.ring(session, f"{OURS}2", "+12095550101", LINE, "inbound", [], clock.now())
    again = call_in(2, Rehearsal(day_of(""), HALF_HOUR)._pack)
    with db.reading() as session:
        assert interactions.live(session) == ()
        assert {state.state for state in interactions.at_work(session)} == {"ready"}
    assert send_home(again) == 0


@pytest.mark.usefixtures("database")
def test_without_anybody_made_up_nothing_is_played() -> None:
    open_company()
    with pytest.raises(Conflict, match="made-up customers"):
        Rehearsal(day_of(""), HALF_HOUR)


@pytest.mark.parametrize(("begins", "ends"), [(OPENS - 1, OPENS + 60), (OPENS + 60, OPENS + 60), (OPENS, 24 * 3600)])
def test_a_day_ends_after_it_begins(begins: int, ends: int) -> None:
    with pytest.raises(Invalid):
        Rehearsal(day_of(""), Wanted(begins=begins, ends=ends))


@pytest.mark.usefixtures("loaded")
def test_what_goes_wrong_is_told_and_the_day_goes_on() -> None:
    happened: list[str] = []

    def broken() -> Script:
        yield Doing(lambda session, now: session.execute(text("SELECT nothing FROM nowhere")))
        happened.append("never")

    def refused() -> Script:
        try:
            yield Doing(lambda session, now: interactions.answered(session, "unknown", [], now))
        except Exception as error:
            happened.append(type(error).__name__)
        yield 1.0
        happened.append("went on")

    player = Player(speed=100, threads=2, closes=60)
    for script in (broken(), refused()):
        player.begin(script, Random(1).random())
    assert not player.later(refused(), 61)
    player.play(60)
    player.close()
    assert (happened, player.playing) == (["NotFound", "went on"], 0)
    assert len(player.told.faults) == 1
    assert "nowhere" in player.told.faults[0]


def test_the_command_plays_and_tells(loaded_sqlite_url: str, tmp_path: Path) -> None:
    words = ("--from", "09:00", "--until", "09:10", "--calls", "1200", "--speed", "300", "--agents", "4")
    done = commands.run(loaded_sqlite_url, tmp_path, "simulate-day", *words, "--json", timeout=120)
    found = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, found["faults"]) == (0, []), done.stderr
    assert "No faults; the channels agree; the trail holds." in done.stderr
    for wrong, why in (
        (("--from", "9"), "no time of day"),
        (("--day", "sunday"), "no counts"),
        (("--until", "06:00"), "ends after"),
    ):
        refused = commands.run(loaded_sqlite_url, tmp_path, "simulate-day", *wrong, timeout=60)
        assert (refused.returncode, why in refused.stderr) == (1, True), refused.stderr


def test_it_is_refused_in_production(loaded_sqlite_url: str, tmp_path: Path) -> None:
    more = {"EVENHAND_ENV": "production", "EVENHAND_SECRET": "x" * 32}
    done = commands.run(loaded_sqlite_url, tmp_path, "simulate-day", timeout=60, **more)
    assert (done.returncode, "must not be production" in done.stderr) == (2, True), done.stderr
