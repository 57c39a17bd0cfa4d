"""What authors and approvers do with drafts, in one line each."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from backend import db
from backend.catalogue import service as catalogues
from backend.catalogue.service import Draft
from backend.people.permissions import ROLES
from backend.simulation import service as simulations
from shared.kernel import clock
from shared.kernel.actors import Actor
from tests.small_company import NOW

AUTHOR = Actor("staff", "s-author", "Robin Author", ROLES["author"])
OTHER_AUTHOR = Actor("staff", "s-other", "Toni Author", ROLES["author"])
SECOND = Actor("staff", "s-second", "Sam Second", ROLES["supervisor"])
FILE = "treatments/one.toml"


def made(name: str = "A draft", actor: Actor = AUTHOR, now: datetime = NOW) -> UUID:
    """A draft of what is in force, its first file of treatments called one.toml."""
    with db.transaction() as session:
        version = catalogues.in_force(session).catalogue.version
        files = catalogues.files_of(session, version)
        first = next(path for path in files if path.startswith("treatments/"))
        renamed = {FILE if path == first else path: text for path, text in files.items()}
        return catalogues.begin_draft(session, name, actor, now, files=renamed)


def changed(**values: str) -> str:
    """The text of one.toml as it is in force, its first treatment changed."""
    with db.reading() as session:
        files = catalogues.files_of(session, catalogues.in_force(session).catalogue.version)
    text = next(text for path, text in files.items() if path.startswith("treatments/"))
    for key, value in values.items():
        text = re.sub(rf'^{key} = ".*"$', f'{key} = "{value}"', text, count=1, flags=re.MULTILINE)
    return text


def saved(draft_id: UUID, text: str, path: str = FILE, actor: Actor = AUTHOR, now: datetime = NOW) -> Draft:
    """The draft after somebody wrote this file, who had just read it."""
    with db.transaction() as session:
        before = catalogues.draft(session, draft_id).files.get(path)
        seen = catalogues.name_of(before) if before is not None else ""
        return catalogues.save_file(session, draft_id, path, text, seen, actor, now)


def approved(draft_id: UUID, stop: str = "approved", now: datetime = NOW) -> Draft:
    """The draft after it went as far as `stop`."""
    known = catalogues.check_draft(draft_id, AUTHOR, now)
    assert known.problems == (), known.problems
    if known.state == "checked":
        known = simulated(draft_id, now=now)
    with db.transaction() as session:
        known = catalogues.ask_approval(session, draft_id, known.revision, AUTHOR, now)
    if stop == "asked":
        return known
    with db.transaction() as session:
        return catalogues.approve(session, draft_id, known.revision, SECOND, now)


def in_state(draft_id: UUID) -> str:
    with db.reading() as session:
        return catalogues.draft(session, draft_id).state


def simulated(draft_id: UUID | str, actor: Actor = AUTHOR, now: datetime | None = None) -> Draft:
    """The draft after a worker simulated it."""
    draft_id = UUID(str(draft_id))
    now = now or clock.now()
    with db.transaction() as session:
        simulations.ask_simulation(session, draft_id, catalogues.draft(session, draft_id).revision, actor, now)
    assert simulations.simulate_next(now, processes=1)
    with db.reading() as session:
        return catalogues.draft(session, draft_id)
