"""What is in force: catalogue versions and the published configuration, read by every process, compiled once in each."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, insert, select
from sqlmodel import Session

from backend.matrix.service import Body, Pack
from backend.treatments.catalogue import Catalogue, digest_of
from backend.treatments.facts import Configuration
from backend.treatments.tables import CatalogueVersionRow, ConfigurationRow
from shared.kernel.actors import Actor
from shared.kernel.errors import NotFound

_CATALOGUE = CatalogueVersionRow.__table__  # type: ignore[attr-defined]
_CONFIGURATION = ConfigurationRow.__table__  # type: ignore[attr-defined]
_IN_FORCE = (
    select(_CONFIGURATION, _CATALOGUE.c.digest)
    .join(_CATALOGUE, _CATALOGUE.c.version == _CONFIGURATION.c.catalogue_version)
    .order_by(_CONFIGURATION.c.version.desc())
    .limit(1)
)
VERSION_IN_FORCE = select(func.max(_CONFIGURATION.c.version)).scalar_subquery()
"""The configuration's version alone, for a select; NULL before the first."""


def publish(session: Session, body: Body, actor: Actor, now: datetime) -> int:
    """Puts this catalogue in force and gives its version; the version in force already where the text is the same.

    Raises PackError where the body is not a catalogue: check it first, this is the last gate.
    """
    digest = digest_of(body)
    latest = session.execute(_IN_FORCE).one_or_none()
    if latest is not None and latest.digest == digest:
        return int(latest.catalogue_version)
    Catalogue(0, body, digest)
    version = 1 + (session.execute(select(_CATALOGUE.c.version).order_by(_CATALOGUE.c.version.desc())).scalar() or 0)
    packed = zlib.compress(json.dumps(body, default=str).encode(), 6)
    stamp = {"published_at": now, "published_by": actor.name}
    session.execute(insert(_CATALOGUE).values(version=version, digest=digest, body=packed, **stamp))
    configure(session, version, {}, {}, actor, now)
    return version


def configure(
    session: Session,
    catalogue_version: int,
    levers: dict[str, float],
    prices: dict[str, float],
    actor: Actor,
    now: datetime,
) -> int:
    """Puts a catalogue in force with these levers and bid prices, as a new version of the configuration."""
    version = 1 + (
        session.execute(select(_CONFIGURATION.c.version).order_by(_CONFIGURATION.c.version.desc())).scalar() or 0
    )
    session.execute(
        insert(_CONFIGURATION).values(
            version=version,
            catalogue_version=catalogue_version,
            levers=levers,
            prices=prices,
            published_at=now,
            published_by=actor.name,
        )
    )
    return version


def in_force(session: Session, older: Collection[int] = ()) -> Configuration:
    """The published configuration, with the older catalogues that the ledger names. Raises NotFound before the first."""
    row = session.execute(_IN_FORCE).one_or_none()
    if row is None:
        raise NotFound("No catalogue has been published yet: load a pack first.")
    return _configuration(session, row, older)


def as_of(session: Session, version: int, older: Collection[int] = ()) -> Configuration:
    """The configuration of this version, in force or not. Raises NotFound."""
    row = session.execute(
        select(_CONFIGURATION, _CATALOGUE.c.digest)
        .join(_CATALOGUE, _CATALOGUE.c.version == _CONFIGURATION.c.catalogue_version)
        .where(_CONFIGURATION.c.version == version)
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no configuration {version}.")
    return _configuration(session, row, older)


def content_of(session: Session, version: int) -> str:
    """The name of what is stored as this version now: another one than its digest where somebody changed the text."""
    return _named(session.execute(select(_CATALOGUE.c.body).where(_CATALOGUE.c.version == version)).scalar_one())


@lru_cache(maxsize=32)
def _named(body: bytes) -> str:
    try:
        return digest_of(json.loads(zlib.decompress(body)))
    except (ValueError, zlib.error):
        return "unreadable"


def warm(session: Session) -> None:
    """Compiles the catalogue in force, where there is one, so that no request has to wait for it."""
    with suppress(NotFound):
        in_force(session)


def pack_in_force(session: Session) -> Pack:
    """The pack of the catalogue in force. Raises NotFound before the first."""
    return in_force(session).catalogue.pack


def _configuration(session: Session, row, older: Collection[int]) -> Configuration:  # type: ignore[no-untyped-def]
    return Configuration(
        version=row.version,
        catalogue=_catalogue(session, row.catalogue_version, row.digest),
        older={v: _catalogue(session, v, None) for v in set(older) - {row.catalogue_version}},
        levers=row.levers,
        prices=row.prices,
    )


def _catalogue(session: Session, version: int, digest: str | None) -> Catalogue:
    """Compiled once per process and digest: a version never changes, and a digest names one content."""
    if digest is None:
        digest = session.execute(select(_CATALOGUE.c.digest).where(_CATALOGUE.c.version == version)).scalar_one()
    cached = _compiled.get((version, digest))
    if cached is not None:
        return cached
    with _compiling:
        # Whoever waited here finds it compiled: a cold process with many requests must not do it for each of them.
        cached = _compiled.get((version, digest))
        if cached is not None:
            return cached
        body = session.execute(select(_CATALOGUE.c.body).where(_CATALOGUE.c.version == version)).scalar_one()
        cached = _compiled[version, digest] = Catalogue(version, json.loads(zlib.decompress(body)), digest)
    return cached


_compiled: dict[tuple[int, str], Catalogue] = {}
_compiling = threading.Lock()
