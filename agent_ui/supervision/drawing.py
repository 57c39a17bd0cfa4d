"""Where everything stands in the drawing of the matrix: cells, the ways between them, one customer's own way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot

from backend.matrix.service import Pack
from backend.overview.service import LiveCell, LiveMatrix
from shared.kernel import money

LEFT, TOP, WIDE, HIGH, LOW = 92, 40, 146, 104, 38
"""`LOW` is a channel in which nothing happened."""
_WAY_AT = 70
"""So far below its top a way begins and ends in a cell: under the numbers."""
BAR = WIDE - 24
_THIN, _THICK = 1.5, 7.0
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Head:
    """A stage or channel; its words on one line or two."""

    key: str
    words: tuple[str, ...]
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Box:
    """One cell: where it stands, and its lines. `bar`: its contacts against those of the fullest cell."""

    x: int
    y: int
    cell: LiveCell
    trend: str
    lines: tuple[str, ...]
    bar: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way between two cells with its count; `path` is that of an SVG."""

    path: str
    width: str
    count: int
    x: str
    y: str
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    stages: tuple[Head, ...]
    channels: tuple[Head, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    own: str
    """One customer's way as the points of a line; empty without one."""
    stops: tuple[tuple[int, int, int], ...]
    """Where it comes by: x, y and which contact of theirs it is, the first being 1."""


def drawn(found: LiveMatrix, pack: Pack) -> Drawing:
    """All of it."""
    columns = {one.key: LEFT + nth * WIDE for nth, one in enumerate(pack.stages)}
    used = {channel for _, channel in found.cells} | {channel for _, channel, _ in found.steps}
    rows, bottom = {}, TOP
    for one in pack.channels:
        rows[one.key], bottom = bottom, bottom + (HIGH if one.key in used else LOW)
    # Where ways are drawn, they take the room of all but the first numbers.
    plain = not found.ways and not found.steps
    most = max((one.count for one in found.cells.values()), default=0)
    boxes = tuple(
        Box(columns[one.stage], rows[one.channel], one, trend(one), _lines(one, pack.currency) if plain else (),
            round(BAR * one.count / most) if most else 0)
        for one in found.cells.values()
        if one.stage in columns and one.channel in rows
    )  # fmt: skip
    middles = {
        (stage, channel): (x + WIDE // 2, y + _WAY_AT) for stage, x in columns.items() for channel, y in rows.items()
    }
    stops = _stops([(stage, channel) for stage, channel, _ in found.steps], middles)
    return Drawing(
        LEFT + len(columns) * WIDE, bottom,
        tuple(Head(one.key, _words(one.label), columns[one.key], WIDE) for one in pack.stages),
        tuple(Head(one.key, _words(one.label, 11), rows[one.key], HIGH if one.key in used else LOW) for one in pack.channels),
        boxes, _arrows(found, middles, pack), " ".join(f"{x},{y}" for x, y, _ in stops) if len(stops) > 1 else "", stops,
    )  # fmt: skip


def trend(cell: LiveCell) -> str:
    """ "▲ 12 %" against the span before; "new" where there was nothing; empty where nothing moved."""
    if cell.trend is None:
        return "new" if cell.count else ""
    share = round(100 * cell.trend)
    if share >= 1_000:
        return f"▲ ×{round(1 + cell.trend)}"
    return "±0 %" if share == 0 else f"{'▲' if share > 0 else '▼'} {abs(share)} %"


def in_money(amount: float, currency: str) -> str:
    """Whole units, since these are estimates: "$1,200"; below ten with their cents."""
    if 0 < abs(amount) < 10:
        return money.text(money.of_major(round(amount, 2), currency)).replace("-", "−")
    return money.text(money.of_major(float(round(amount)), currency)).replace("-", "−").removesuffix(".00")


def short_money(amount: float, currency: str) -> str:
    """The same where there is little room: "$1.2 M", "$840 k"."""
    for least, letter in ((1_000_000, "M"), (10_000, "k")):
        if abs(amount) >= least:
            scaled = amount / (1_000_000 if letter == "M" else 1_000)
            digits = round(scaled, 1) if abs(scaled) < 100 else round(scaled)
            whole = money.text(money.of_major(abs(float(int(digits))), currency)).removesuffix(".00")
            part = f"{abs(digits):.1f}".partition(".")[2] if isinstance(digits, float) else ""
            return f"{'−' if amount < 0 else ''}{whole}{'.' + part if part and part != '0' else ''} {letter}"
    return in_money(amount, currency)


def lasting(seconds: float) -> str:
    """How long: "42 s", "5 min", "3 h", "4 days"."""
    for size, word in ((86_400 * 2, "days"), (3_600 * 2, "h"), (120, "min")):
        if seconds >= size:
            return f"{round(seconds / {'days': 86_400, 'h': 3_600, 'min': 60}[word])} {word}"
    return f"{round(seconds)} s"


def _lines(cell: LiveCell, currency: str) -> tuple[str, ...]:
    found = [f"cost {short_money(cell.cost, currency)}" if cell.each is not None else "cost not named"]
    found.append("value: too few yet" if cell.value is None else f"value {short_money(cell.value, currency)}")
    if cell.rating is not None:
        found.append(f"liked {cell.rating:.1f} of 5")
    if cell.presented or cell.answered:
        found.append(f"offers {cell.accepted} of {max(cell.presented, cell.answered)} taken")
    return tuple(found)


def _words(label: str, most: int = 18) -> tuple[str, ...]:
    """On two lines where it is long."""
    if len(label) <= most or " " not in label:
        return (label,)
    first, _, rest = label.partition(" ")
    return (first, rest)


def _arrows(found: LiveMatrix, middles: Mapping[Place, tuple[int, int]], pack: Pack) -> tuple[Arrow, ...]:
    most = max((one.count for one in found.ways), default=1)
    arrows = []
    for one in found.ways:
        if one.start in middles and one.end in middles:
            width = _THIN + (_THICK - _THIN) * one.count / most
            path, x, y = _curve(middles[one.start], middles[one.end])
            words = f"{one.count} from {place_words(one.start, pack)} to {place_words(one.end, pack)}"
            arrows.append(Arrow(path, f"{width:.1f}", one.count, x, y, words))
    return tuple(arrows)


def place_words(place: Place, pack: Pack) -> str:
    """ "Getting help, Phone"."""
    return f"{pack.label_of(pack.stages, place[0])}, {pack.label_of(pack.channels, place[1])}"


def _curve(start: tuple[int, int], end: tuple[int, int]) -> tuple[str, str, str]:
    """A bow to the left of its direction, so that a way and its way back do not lie on each other; and where its count stands."""
    (x1, y1), (x2, y2) = start, end
    length = hypot(x2 - x1, y2 - y1) or 1.0
    # It begins and ends beside the middles, where the numbers stand.
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    cut = min(38.0, length / 3)
    x1f, y1f, x2f, y2f = x1 + ux * cut, y1 + uy * cut, x2 - ux * cut, y2 - uy * cut
    # A control point twice as far away as the curve shall bow: enough to be told apart, never up into the numbers.
    bow = 2 * min(30.0, 10 + length * 0.05)
    cx, cy = (x1f + x2f) / 2 + uy * bow, (y1f + y2f) / 2 - ux * bow
    # The middle of a quadratic curve is half-way to its bend.
    mx, my = (x1f + x2f) / 4 + cx / 2, (y1f + y2f) / 4 + cy / 2
    return f"M{x1f:.0f} {y1f:.0f}Q{cx:.0f} {cy:.0f} {x2f:.0f} {y2f:.0f}", f"{mx:.0f}", f"{my:.0f}"


def _stops(places: Sequence[Place], middles: Mapping[Place, tuple[int, int]]) -> tuple[tuple[int, int, int], ...]:
    """Each contact in its cell, side by side in the order in which they came; contacts in a row are one stop."""
    inside: dict[Place, int] = {}
    stops: list[tuple[int, int, int]] = []
    last: Place | None = None
    for nth, place in enumerate(places, 1):
        if place not in middles or place == last:
            continue
        last = place
        turn = inside[place] = inside.get(place, -1) + 1
        x, y = middles[place]
        stops.append((x - WIDE // 2 + 18 + turn % 6 * 22, y - 18 + turn // 6 % 3 * 20, nth))
    return tuple(stops)


def ordered(cells: Iterable[LiveCell], pack: Pack) -> list[LiveCell]:
    """As one reads them: by stage, then by channel."""
    stages = {one.key: nth for nth, one in enumerate(pack.stages)}
    channels = {one.key: nth for nth, one in enumerate(pack.channels)}
    return sorted(cells, key=lambda one: (stages.get(one.stage, 99), channels.get(one.channel, 99)))
