"""The drawing of the matrix as it goes: cells in their places, ways that leave the numbers readable, money in little room."""

from datetime import UTC, date, datetime

import pytest

from agent_ui.supervision import drawing
from agent_ui.supervision.drawing import BAR, HIGH, LOW, WIDE, drawn
from backend.interactions.service import Move
from backend.matrix.service import folder_of, load_pack
from backend.overview.service import Asked, LiveCell, LiveMatrix

PACK = load_pack(folder_of("telecom"))
AT = datetime(2026, 1, 1, tzinfo=UTC)


def cell(stage: str, channel: str, count: int, before: int = 0) -> LiveCell:
    return LiveCell(stage, channel, count, before, 2.0, None, 0, 0, 0, 0, 0, 0, None)


def matrix(*cells: LiveCell, ways: tuple[Move, ...] = (), steps: tuple[tuple[str, str], ...] = ()) -> LiveMatrix:
    found = {(one.stage, one.channel): one for one in cells}
    asked = Asked(date(2026, 1, 1), date(2026, 1, 30))
    return LiveMatrix(asked, found, 0, 0, None, 0, ways, tuple((*step, AT) for step in steps))


def test_every_cell_stands_in_its_column_and_row_and_the_fullest_has_the_longest_bar() -> None:
    found = drawn(matrix(cell("pay", "portal", 10), cell("support", "phone", 5)), PACK)
    stages, channels = {one.key: one for one in found.stages}, {one.key: one for one in found.channels}
    for box in found.boxes:
        assert (box.x, box.y) == (stages[box.cell.stage].at, channels[box.cell.channel].at)
    assert sorted(box.bar for box in found.boxes) == [BAR // 2, BAR]
    assert {channels[key].size for key in ("portal", "phone")} == {HIGH}
    assert channels["email"].size == LOW, "a channel in which nothing happened takes little room"


def test_a_way_and_its_way_back_do_not_lie_on_each_other() -> None:
    there, back = (("pay", "portal"), ("use", "portal")), (("use", "portal"), ("pay", "portal"))
    found = drawn(matrix(cell("pay", "portal", 9), ways=(Move(*there, 6), Move(*back, 3))), PACK)
    one, other = found.arrows
    assert one.y != other.y
    assert float(one.width) > float(other.width)
    assert one.words == "6 from Paying, Portal to Using, Portal"
    assert all(not box.lines for box in found.boxes), "ways take the room of the lines"


def test_contacts_in_a_row_are_one_stop_and_a_cell_come_back_to_is_another_beside_it() -> None:
    pay, use = ("pay", "portal"), ("use", "portal")
    found = drawn(matrix(cell("pay", "portal", 9), steps=(pay, pay, use, pay)), PACK)
    assert [nth for _, _, nth in found.stops] == [1, 3, 4]
    assert len({(x, y) for x, y, _ in found.stops}) == 3
    assert abs(found.stops[0][0] - found.stops[2][0]) < WIDE


@pytest.mark.parametrize(
    ("count", "before", "said"),
    [(5, 0, "new"), (0, 0, ""), (10, 10, "±0 %"), (12, 10, "▲ 20 %"), (8, 10, "▼ 20 %"), (300, 10, "▲ ×30")],
)
def test_the_trend_says_its_direction_by_a_shape(count: int, before: int, said: str) -> None:
    assert drawing.trend(cell("pay", "portal", count, before)) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (3.5, "$3.50"), (840.4, "$840"), (-1264.8, "−$1,265"), (12_240, "$12.2 k"), (186_000, "$186 k"), (1_340_000, "$1.3 M"),
        (-57_381, "−$57.4 k"),
    ],
)  # fmt: skip
def test_money_is_short_where_there_is_little_room(amount: float, said: str) -> None:
    assert drawing.short_money(amount, "USD") == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(42, "42 s"), (300, "5 min"), (10_800, "3 h"), (86_400, "24 h"), (869_100, "10 days")]
)
def test_a_time_between_contacts_is_said_in_its_own_size(seconds: float, said: str) -> None:
    assert drawing.lasting(seconds) == said
