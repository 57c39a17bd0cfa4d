"""What of the wall is shown: a team's, a moment's, a channel's; kept in the address, so that it can be kept open and passed on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from backend.matrix.service import Pack
from backend.overview.service import Wall, WallLine


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty texts narrow nothing. `moment` is a stage, or a stage and an intent: "pay", "pay/bill_question"."""

    team: str = ""
    moment: str = ""
    channel: str = ""
    page: int = 1

    @property
    def args(self) -> dict[str, str]:
        """As they stand in an address, without those that narrow nothing."""
        asked = {"team": self.team, "moment": self.moment, "channel": self.channel}
        return {name: value for name, value in asked.items() if value}

    def args_of_page(self, page: int) -> dict[str, str]:
        return self.args | ({"page": str(page)} if page > 1 else {})

    def keeps(self, line: WallLine, members: Mapping[UUID, tuple[str, ...]]) -> bool:
        """Whether the line is shown. A call that waits for anybody is every team's; who is alone at the portal is no team's."""
        stage, _, intent = self.moment.partition("/")
        if self.channel and line.channel != self.channel:
            return False
        if stage and (line.stage != stage or (intent and line.intent != intent)):
            return False
        if not self.team or (line.staff_id is None and line.state == "ringing"):
            return True
        return line.staff_id is not None and self.team in members.get(line.staff_id, ())


def asked(given: Mapping[str, str], pack: Pack) -> Filters:
    """What an address asks for; what there is not, or no more, narrows nothing."""
    teams, channels = {one.key for one in pack.casework.team}, {one.key for one in pack.channels}
    team, moment, channel = (given.get(name, "") for name in ("team", "moment", "channel"))
    page = given.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1
    return Filters(
        team if team in teams else "", moment if moment in dict(moments(pack)) else "", channel if channel in channels else "",
        max(1, number),
    )  # fmt: skip


def moments(pack: Pack) -> list[tuple[str, str]]:
    """What a moment can be, for choosing: each stage, with the intents that belong to it."""
    found = []
    for stage in pack.stages:
        found.append((stage.key, stage.label))
        found += [(f"{stage.key}/{one.key}", one.label) for one in pack.intents.values() if one.stage == stage.key]
    return found


def narrowed(wall: Wall, filters: Filters) -> Wall:
    """The wall as these filters leave it."""
    if not filters.args:
        return wall
    members = wall.members or {}
    lines = tuple(line for line in wall.lines if filters.keeps(line, members))
    agents = wall.agents
    if filters.team:
        agents = tuple(one for one in agents if filters.team in members.get(one.staff_id, ()))
    return replace(wall, lines=lines, agents=agents, visitors=sum(line.channel == "portal" for line in lines))
