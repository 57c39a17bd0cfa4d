"""A customer's contacts as they are drawn: none, one, and ten thousand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from backend.interactions.service import Step
from backend.matrix.service import folder_of, load_pack
from backend.overview.way import COLUMN, DRAWN, JOINED, LEFT, ROW, TOP, Way, drawn, stage_of
from shared.kernel import ids

PACK = load_pack(folder_of("telecom"))
SOMEBODY = UUID(int=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def step(
    nth: int, kind: str = "call", channel: str = "phone", stage: str | None = None, intent: str | None = None
) -> Step:
    at = START + timedelta(minutes=nth)
    return Step(ids.uuid7(at), at, kind, channel, stage, intent)


def way(*steps: Step) -> Way:
    return drawn(SOMEBODY, "Somebody", "UTC", steps, PACK)


def test_nobody_called_and_nothing_is_drawn() -> None:
    empty = way()
    assert (empty.total, empty.cells, empty.dots, empty.line) == (0, (), (), "")


def test_one_contact_is_one_dot_without_a_line() -> None:
    one = way(step(0, stage="support"))
    assert (one.total, len(one.dots), one.line) == (1, 1, "")
    cell = one.cell("support", "phone")
    assert cell is not None
    assert (cell.count, cell.more) == (1, 0)


def test_ten_thousand_are_counted_the_newest_drawn_each_within_its_cell() -> None:
    channels = [one.key for one in PACK.channels]
    stages = [one.key for one in PACK.stages]
    many = way(*(step(n, channel=channels[n % 6], stage=stages[n % 8]) for n in range(10_000)))
    assert many.total == 10_000
    assert len(many.dots) <= DRAWN * 48
    assert many.line.count(",") == JOINED
    assert sum(cell.count for cell in many.cells) == 10_000
    for cell in many.cells:
        assert cell.more == cell.count - DRAWN
    for dot in many.dots:
        stage, channel = stages.index(stage_of(dot.step, PACK)), channels.index(dot.step.channel)
        assert LEFT + stage * COLUMN < dot.x - 4 < dot.x + 4 < LEFT + (stage + 1) * COLUMN
        assert TOP + channel * ROW < dot.y - 4 < dot.y + 4 < TOP + (channel + 1) * ROW
    places = [(dot.x, dot.y) for dot in many.dots]
    assert len(set(places)) == len(places), "no dot hides another"


def test_the_stage_is_what_was_noted_then_why_they_came_then_what_such_a_contact_is_for() -> None:
    intent = next(one for one in PACK.intents.values() if one.stage != "pay")
    assert stage_of(step(0, "payment.made", "portal", "leave", intent.key), PACK) == "leave"
    assert stage_of(step(0, "payment.made", "portal", None, intent.key), PACK) == intent.stage
    assert stage_of(step(0, "payment.made", "portal"), PACK) == "pay"
    assert stage_of(step(0, "visit", "portal"), PACK) == PACK.default_stage


def test_a_contact_of_a_stage_or_channel_that_is_no_more_is_left_out() -> None:
    assert way(step(0, channel="telegraph")).total == 0


def test_from_its_cursor_on_the_timeline_begins_with_it() -> None:
    one = step(0)
    [dot] = way(one).dots
    assert UUID(dot.cursor) > one.event_id
    assert UUID(dot.cursor).int == one.event_id.int + 1
