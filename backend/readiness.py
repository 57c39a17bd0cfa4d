"""Starting a process: its log, its database, and what must hold before it serves anyone."""

import os

from backend import db, logs, settings
from backend.catalogue import service as catalogues
from backend.mailroom import service as mailroom
from backend.people import service as people
from backend.profiles import service as profiles
from backend.settings import Settings, SettingsError

_ready: str | None = None


def begin() -> Settings:
    """Reads the settings, starts the log and opens the database, as every command does first. Raises SettingsError."""
    found = settings.read(os.environ)
    logs.configure()
    db.open(found.database_url, found.home)
    mailroom.set_up(found.smtp is not None, found.address, found.sms_domain)
    return found


def begin_serving() -> Settings:
    """Does what `begin` does, and raises SettingsError when this installation may not be served as it is."""
    found = begin()
    if not db.is_current():
        raise SettingsError(
            "The database lacks migrations of this release: run `evenhand db upgrade` "
            "(EVENHAND_DATABASE_URL or EVENHAND_HOME say which database)."
        )
    if found.env == "production":
        with db.reading() as session:
            if people.demo_credentials_exist(session):
                raise SettingsError(
                    "EVENHAND_ENV may not be production while the demo's sign-ins exist, since everyone knows their "
                    "password: serve another database."
                )
    with db.reading() as session:
        catalogues.warm(session)
    return found


def unready() -> list[str]:
    """What keeps this process from serving, in words; empty when nothing does. Once ready, a database is not asked again."""
    global _ready
    if _ready == db.url_of():
        return []
    missing = []
    if not db.is_current():
        return ["migrations"]
    with db.reading() as session:
        packs = profiles.loaded_packs(session)
    missing += [f"the rest of the pack {name}" for name, finished in packs.items() if not finished]
    missing += [] if packs else ["a pack"]
    if not missing:
        _ready = db.url_of()
    return missing
