"""Files that tell who belongs to which household or account: joined, known already, left again, with faults."""

from pathlib import Path
from typing import Any

import pytest

from backend import db
from backend.loading import Given
from backend.profiles import service as profiles
from tests.service.test_loading_mapped import counts, customer, file, five, load

REGISTER = (
    "customer,group,sort,called,since,left,industry",
    "K-1,H-9,home,The Groß home,01.03.2026,,",
    "K-2,H-9,home,,,,",
    "K-1,A-1,firm,Acme,02.03.2026,,steel",
    "K-1,A-2,club,,,,",
    "K-9,H-9,home,,,,",
)


def belongs(number: str) -> dict[str, tuple[str, str, dict[str, Any], bool]]:
    with db.reading() as session:
        found = profiles.memberships(session, customer(number).customer_id)
    return {m.group.key: (m.group.kind, m.group.name, m.group.traits, m.until is None) for m in found}


@pytest.mark.usefixtures("database")
def test_a_register_of_households_and_accounts_says_who_belongs_to_which(tmp_path: Path) -> None:
    load(tmp_path, *five(tmp_path))
    register = Given("households", path=file(tmp_path, "register.csv", *REGISTER))
    dry = load(tmp_path, register, dry=True)
    assert counts(dry) == [(3, 0, 0, 2)]
    assert belongs("K-1") == {}
    report = load(tmp_path, register)
    assert counts(report) == [(3, 0, 0, 2)]
    assert {fault.value for fault in report.files[0].faults} == {"club", "K-9"}
    home = ("household", "The Groß home", {}, True)
    assert belongs("K-1") == {"H-9": home, "A-1": ("business", "Acme", {"industry": "steel"}, True)}
    assert belongs("K-2") == {"H-9": home}
    before = customer("K-1").version
    again = file(tmp_path, "again.csv", *REGISTER[:4])
    assert counts(load(tmp_path, Given("households", path=again))) == [(0, 0, 3, 0)]
    assert customer("K-1").version == before
    moved = file(tmp_path, "moved.csv", REGISTER[0], "K-1,H-9,home,,,yes,", "K-2,H-9,home,,,,", "K-1,A-1,firm,,,,glass")
    assert counts(load(tmp_path, Given("households", path=moved))) == [(0, 2, 1, 0)]
    assert belongs("K-1") == {"H-9": (*home[:3], False), "A-1": ("business", "Acme", {"industry": "glass"}, True)}
    assert customer("K-1").facts["values"]["accounts"] == 1
