"""What is in force: catalogue versions and the published configuration, read by every process, compiled once in each."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, select, text
from sqlmodel import Session

from backend import db
from backend.catalogue.tables import CatalogueSourceRow, CatalogueVersionRow, ConfigurationRow, DraftRow
from backend.engine.catalogue import Catalogue, digest_of
from backend.engine.facts import Configuration
from backend.matrix.service import Body, Pack, Telephony, texts_from
from backend.profiles import service as profiles
from backend.proving.rules import Experiment
from backend.record import service as record
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, NotFound

_CATALOGUE = db.table_of(CatalogueVersionRow)
_CONFIGURATION = db.table_of(ConfigurationRow)
_DRAFT = db.table_of(DraftRow)
_SOURCE = db.table_of(CatalogueSourceRow)
_IN_FORCE = (
    select(_CONFIGURATION, _CATALOGUE.c.digest)
    .join(_CATALOGUE, _CATALOGUE.c.version == _CONFIGURATION.c.catalogue_version)
    .order_by(_CONFIGURATION.c.version.desc())
    .limit(1)
)
_AS_OF = (
    select(_CONFIGURATION, _CATALOGUE.c.digest)
    .join(_CATALOGUE, _CATALOGUE.c.version == _CONFIGURATION.c.catalogue_version)
    .where(_CONFIGURATION.c.version == bindparam("version"))
)
_HOLD = text(f"LOCK TABLE {_CONFIGURATION.name} IN SHARE ROW EXCLUSIVE MODE")
VERSION_IN_FORCE = select(func.max(_CONFIGURATION.c.version)).scalar_subquery()
"""The configuration's version alone, for a select; NULL before the first."""


def hold(session: Session) -> None:
    """From here to the end of the transaction nobody else puts anything in force: what is read now is what gets replaced.

    SQLite's writers take turns anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_HOLD)


def publish(
    session: Session,
    body: Body,
    actor: Actor,
    now: datetime,
    files: Mapping[str, str] | None = None,
    *,
    only_new: bool = False,
) -> int:
    """Puts this catalogue in force and gives its version; the version in force already where the text is the same.

    `files` are the texts that the body was read from. Levers and bid prices stay as they are for treatments that are still
    there. With `only_new` a text that was in force before is not put back, and nothing is put in the place of a version that
    people drafted and approved: a load must not undo their work. Raises PackError where the body is not a catalogue: check it first, this is the last gate.
    """
    hold(session)
    digest = digest_of(body)
    latest = session.execute(_IN_FORCE).one_or_none()
    if latest is not None and latest.digest == digest:
        if files is not None:
            _keep_files(session, latest.catalogue_version, files)
        return int(latest.catalogue_version)
    if only_new and latest is not None and session.execute(_superseded(latest.catalogue_version, digest)).scalar():
        return int(latest.catalogue_version)
    catalogue = Catalogue(0, body, digest)
    version = _new_version(session, body, digest, actor, now, files)
    configure(session, version, actor=actor, now=now, **_kept(latest, catalogue))
    return version


def keep_version(session: Session, body: Body, files: Mapping[str, str], actor: Actor, now: datetime) -> int:
    """Keeps a catalogue as a version without putting it in force, for an experiment; gives the one that has this very text already.

    Raises PackError where the body is not a catalogue.
    """
    hold(session)
    digest = digest_of(body)
    known = session.execute(
        select(_CATALOGUE.c.version).where(_CATALOGUE.c.digest == digest).order_by(_CATALOGUE.c.version.desc()).limit(1)
    ).scalar()
    if known is not None:
        return int(known)
    Catalogue(0, body, digest)
    return _new_version(session, body, digest, actor, now, files)


def _new_version(
    session: Session, body: Body, digest: str, actor: Actor, now: datetime, files: Mapping[str, str] | None
) -> int:
    version = 1 + (session.execute(select(func.max(_CATALOGUE.c.version))).scalar() or 0)
    packed = zlib.compress(json.dumps(body, default=str).encode(), 6)
    stamp = {"published_at": now, "published_by": actor.name}
    session.execute(insert(_CATALOGUE).values(version=version, digest=digest, body=packed, **stamp))
    if files is not None:
        _keep_files(session, version, files)
    return version


def run_experiments(session: Session, experiments: Sequence[Experiment], actor: Actor, now: datetime) -> int:
    """Has these experiments run from now on, and no others, with all else as it is; gives the configuration. Raises NotFound."""
    hold(session)
    latest = session.execute(_IN_FORCE).one_or_none()
    if latest is None:
        raise NotFound("Nothing is published yet: load a pack first.")
    return configure(
        session, latest.catalogue_version, latest.levers, latest.prices, actor, now, latest.exhausted, experiments
    )


def _superseded(in_force: int, digest: str) -> Any:
    """Whether this text was published before, or what is in force came of a draft."""
    return select(
        exists().where(_CATALOGUE.c.digest == digest) | exists().where(_DRAFT.c.catalogue_version == in_force)
    )


def put_in_force(session: Session, version: int, actor: Actor, now: datetime) -> int:
    """Puts an earlier catalogue version in force again, with the levers and bid prices of today; gives the configuration.

    Offers presented under other versions keep their terms. Raises NotFound, and Conflict for the one in force already.
    """
    latest = session.execute(_IN_FORCE).one_or_none()
    if latest is not None and latest.catalogue_version == version:
        raise Conflict(f"Version {version} is in force already.")
    return configure(session, version, actor=actor, now=now, **_kept(latest, catalogue_of(session, version)))


def _kept(latest: Any, catalogue: Catalogue) -> dict[str, Any]:
    """Levers of the configuration in force, bid prices and exhausted budgets: of those that the catalogue has."""
    if latest is None:
        return {"levers": {}, "prices": {}, "exhausted": ()}
    budgets = {budget.key for budget in catalogue.pack.budgets}
    return {
        "levers": {key: lever for key, lever in latest.levers.items() if key in catalogue.treatments},
        "prices": {key: price for key, price in latest.prices.items() if key in budgets},
        "exhausted": budgets & {*latest.exhausted},
    }


def configure(
    session: Session,
    catalogue_version: int,
    levers: dict[str, float],
    prices: dict[str, float],
    actor: Actor,
    now: datetime,
    exhausted: Collection[str] = (),
    experiments: Sequence[Experiment] | None = None,
) -> int:
    """Puts a catalogue in force with these levers, bid prices and exhausted budgets, as a new version of the configuration.

    Experiments go on where none are given, but for those whose treatments this catalogue has otherwise than the one before. It
    goes on the record.
    """
    before = session.execute(_IN_FORCE).one_or_none()
    version = 1 + (before.version if before is not None else 0)
    if experiments is None:
        experiments = _going_on(session, before, catalogue_version) if before is not None else ()
    running = [one.to_json() for one in experiments]
    session.execute(
        insert(_CONFIGURATION).values(
            version=version,
            catalogue_version=catalogue_version,
            levers=levers,
            prices=prices,
            exhausted=sorted(exhausted),
            experiments=running,
            published_at=now,
            published_by=actor.name,
        )
    )
    if before is not None and before.catalogue_version != catalogue_version:
        _close_anew(session, before.catalogue_version, catalogue_version)
    was = {} if before is None else {"configuration": before.version, "catalogue": before.catalogue_version}
    record.audit(
        session, actor=actor, action="configuration.in_force", subject=f"configuration:{version}", customer_id=None,
        payload={
            "catalogue": catalogue_version, "levers": levers, "prices": prices, "exhausted": sorted(exhausted),
            "experiments": [one["key"] for one in running], "before": was,
        }, now=now,
    )  # fmt: skip
    record.changed(session, "catalogue", subject=str(catalogue_version), now=now)
    return version


def _close_anew(session: Session, before: int, after: int) -> None:
    """Where other customers are closed than before, everybody's group is worked out again, at the workers' next turns."""
    groups = [
        [(one.key, one.rule.text) for one in catalogue_of(session, version).pack.restricted]
        for version in (before, after)
    ]
    if groups[0] != groups[1]:
        profiles.work_out_again(session)


def _going_on(session: Session, before: Any, version: int) -> Sequence[Experiment]:
    """The experiments of the configuration before, without those that would compare with what is no more."""
    running = [Experiment.from_json(one) for one in before.experiments]
    if before.catalogue_version == version or not running:
        return running
    old, new = _catalogue(session, before.catalogue_version, before.digest), _catalogue(session, version, None)

    def same(one: Experiment) -> bool:
        if not any(arm.version for arm in one.arms):
            return True
        kept = all(old.treatments.get(key) == new.treatments.get(key) for key in one.treatments)
        return bool(one.treatments) and kept

    return [one for one in running if same(one)]


def files_of(session: Session, version: int) -> dict[str, str]:
    """The text files of a version by their paths: as they were written or, of a version that came without, from its content.

    Raises NotFound.
    """
    packed = session.execute(select(_SOURCE.c.files).where(_SOURCE.c.version == version)).scalar()
    if packed is not None:
        files: dict[str, str] = json.loads(zlib.decompress(packed))
        return files
    body = session.execute(select(_CATALOGUE.c.body).where(_CATALOGUE.c.version == version)).scalar()
    if body is None:
        raise NotFound(f"There is no catalogue version {version}.")
    return texts_from(json.loads(zlib.decompress(body)))


def _keep_files(session: Session, version: int, files: Mapping[str, str]) -> None:
    packed = zlib.compress(json.dumps(dict(sorted(files.items()))).encode(), 6)
    db.upsert(session, CatalogueSourceRow, [{"version": version, "files": packed}], key=("version",))


def in_force(session: Session, older: Collection[int] = ()) -> Configuration:
    """The published configuration, with the older catalogues that the ledger names. Raises NotFound before the first."""
    row = session.execute(_IN_FORCE).one_or_none()
    if row is None:
        raise NotFound("No catalogue has been published yet: load a pack first.")
    return _configuration(session, row, older)


def as_of(session: Session, version: int, older: Collection[int] = ()) -> Configuration:
    """The configuration of this version, in force or not: none ever changes. Raises NotFound."""
    row = db.keep(
        session, ("configuration", version), lambda: session.execute(_AS_OF, {"version": version}).one_or_none()
    )
    if row is None:
        raise NotFound(f"There is no configuration {version}.")
    return _configuration(session, row, older)


def catalogue_of(session: Session, version: int) -> Catalogue:
    """The catalogue of this version, in force or not. Raises NotFound."""
    digest = session.execute(select(_CATALOGUE.c.digest).where(_CATALOGUE.c.version == version)).scalar()
    if digest is None:
        raise NotFound(f"There is no catalogue version {version}.")
    return _catalogue(session, version, digest)


def published(session: Session, version: int) -> tuple[datetime, str]:
    """When this version was published, and by whom. Raises NotFound."""
    row = session.execute(
        select(_CATALOGUE.c.published_at, _CATALOGUE.c.published_by).where(_CATALOGUE.c.version == version)
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no catalogue version {version}.")
    return row.published_at, row.published_by


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


def telephony_in_force(session: Session) -> Telephony:
    """The queues of the pack in force; none before the first is published."""
    try:
        return pack_in_force(session).telephony
    except NotFound:
        return Telephony()


def _configuration(session: Session, row, older: Collection[int]) -> Configuration:  # type: ignore[no-untyped-def]
    experiments = tuple(Experiment.from_json(one) for one in row.experiments)
    arms = {arm.version for one in experiments for arm in one.arms if arm.version is not None}
    return Configuration(
        version=row.version,
        catalogue=_catalogue(session, row.catalogue_version, row.digest),
        older={v: _catalogue(session, v, None) for v in {*older, *arms} - {row.catalogue_version}},
        levers=row.levers,
        prices=row.prices,
        exhausted=frozenset(row.exhausted),
        experiments=experiments,
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
