"""Whose numbers they are: the names under which staff, teams and channels are shown, as they are today."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import Session

from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.matrix.service import Pack
from backend.people import service as people

ALONE = "By themselves"
NO_TEAM = "No team"


@dataclass(frozen=True)
class Names:
    """Names of keys; a load that told an agent's name alone is read as the one agent who is called so."""

    pack: Pack
    staff: dict[str, str]
    ids: dict[str, str]
    teams: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def who(self, staff: str) -> str:
        """The one key under which somebody's counts stand together."""
        return self.ids.get(staff, staff)

    def called(self, staff: str) -> str:
        if not staff:
            return ALONE
        return self.staff.get(self.who(staff)) or ("A former colleague" if _is_id(staff) else staff)

    def keys_of(self, staff: str) -> tuple[str, ...]:
        """All keys under which somebody's counts stand."""
        return (staff, *(name for name, one in self.ids.items() if one == staff))

    def teams_of(self, staff: str) -> tuple[str, ...]:
        return self.teams.get(self.who(staff)) or (("",) if staff else ())

    def members(self, team: str) -> tuple[str, ...]:
        """The keys of all of a team's counts."""
        return tuple(key for one, teams in self.teams.items() if team in teams for key in self.keys_of(one))

    def in_teams(self) -> tuple[str, ...]:
        """The keys of all who are in some team."""
        return tuple(key for one, teams in self.teams.items() if teams for key in self.keys_of(one))

    def team(self, key: str) -> str:
        return next((one.label for one in self.pack.casework.team if one.key == key), key) or NO_TEAM

    def channel(self, key: str) -> str:
        return self.pack.label_of(self.pack.channels, key) if key else "None"


def names(session: Session) -> Names:
    """As everybody is called, and which teams they are in, today."""
    everyone = people.everyone(session)
    often = Counter(one.name for one in everyone)
    return Names(
        catalogues.pack_in_force(session),
        {str(one.staff_id): one.name if often[one.name] == 1 else f"{one.name} ({one.email})" for one in everyone},
        {one.name: str(one.staff_id) for one in everyone if often[one.name] == 1},
        {str(one.staff_id): cases.teams_of(session, one.staff_id) for one in everyone},
    )


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
