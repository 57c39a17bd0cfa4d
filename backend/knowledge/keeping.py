"""Articles are published, version upon version, put back, and taken out of use. No version is ever changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select, update
from sqlmodel import Session

from backend import db
from backend.knowledge.matching import search_text
from backend.knowledge.reading import checked, writing_from
from backend.knowledge.tables import ArticleDraftRow, ArticleRow, ArticleVersionRow
from backend.knowledge.texts import plain_of
from backend.knowledge.types import Article, ArticleDraft, Writing
from backend.matrix.service import Pack
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

ARTICLE, VERSION, DRAFT = db.table_of(ArticleRow), db.table_of(ArticleVersionRow), db.table_of(ArticleDraftRow)
NEW = UUID(int=0)
"""What an author writes that is no article yet is kept under this id."""
LONGEST_NOTE = 200
LONGEST_DRAFT = 40_000
OF_ARTICLE = (ARTICLE.c.current, ARTICLE.c.retired)
TOGETHER = select(VERSION, *OF_ARTICLE).join(ARTICLE, ARTICLE.c.article_id == VERSION.c.article_id)
CURRENT = TOGETHER.where(VERSION.c.version == ARTICLE.c.current)
_BY_PACK = "the pack"


def publish(
    session: Session, article_id: UUID | None, writing: Writing, *, pack: Pack, seen: int | None, note: str = "", actor: Actor,
    now: datetime,
) -> Article:  # fmt: skip
    """The next version of an article, or the first of a new one; what the author had begun is done with.

    Raises Invalid by field, NotFound, and Conflict where somebody published since the version that was `seen`.
    """
    checked(writing, pack)
    note = " ".join(note.split())
    if len(note) > LONGEST_NOTE:
        raise Invalid("Please check the article.", {"note": f"Keep it to {LONGEST_NOTE} characters."})
    same = select(ARTICLE.c.article_id).where(ARTICLE.c.slug == writing.slug)
    taken = session.execute(same).scalar_one_or_none()
    if taken is not None and taken != article_id:
        raise Invalid("Please check the article.", {"slug": "Another article stands at this address."})
    if article_id is None:
        made = _first(session, writing, note, actor.name, now, from_pack=False)
    else:
        before = article(session, article_id)
        if seen is not None and seen != before.current:
            raise Conflict(
                f"{before.published_by} published version {before.current} meanwhile.", version=before.current
            )
        made = _next(session, before, writing, note, actor.name, now)
    if actor.kind == "staff":
        drop_draft(session, article_id or NEW, UUID(actor.id))
    _audit(session, "article.published", made, actor, now)
    return made


def restore(
    session: Session, article_id: UUID, version: int, *, pack: Pack, seen: int | None, actor: Actor, now: datetime
) -> Article:
    """An older version's text is the newest again, as a version of its own. Raises NotFound, Invalid, Conflict."""
    old = version_of(session, article_id, version)
    if old.version == old.current:
        raise Conflict("This is the version that everybody reads already.", version=old.current)
    note = f"Version {version} again"
    return publish(session, article_id, old.writing, pack=pack, seen=seen, note=note, actor=actor, now=now)


def retire(session: Session, article_id: UUID, *, retired: bool, actor: Actor, now: datetime) -> Article:
    """Takes the article out of use, or puts it back into it: nobody finds a retired one but its authors."""
    article(session, article_id)
    session.execute(
        update(ARTICLE)
        .where(ARTICLE.c.article_id == article_id)
        .values(retired=retired, changed_at=now, from_pack=False)
    )
    after = article(session, article_id)
    _audit(session, "article.retired" if retired else "article.restored", after, actor, now)
    return after


def take_in(session: Session, writings: Iterable[Writing], now: datetime) -> int:
    """The articles of a pack: new ones are there, changed ones have a new version. What people here changed stays theirs.

    Gives how many were published.
    """
    known = {
        row.slug: row for row in session.execute(select(ARTICLE.c.slug, ARTICLE.c.article_id, ARTICLE.c.from_pack))
    }
    published = 0
    for writing in writings:
        row = known.get(writing.slug)
        if row is None:
            _first(session, writing, "", _BY_PACK, now, from_pack=True)
        elif row.from_pack and (before := article(session, row.article_id)).writing != writing:
            _next(session, before, writing, "", _BY_PACK, now, from_pack=True)
        else:
            continue
        published += 1
    return published


def article(session: Session, article_id: UUID) -> Article:
    """The article as everybody reads it; a retired one too. Raises NotFound."""
    row = session.execute(CURRENT.where(VERSION.c.article_id == article_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such article.")
    return article_from(row)


def public_article(session: Session, slug: str) -> Article:
    """A public article by its address. Raises NotFound, for what is for colleagues alone too."""
    wanted = (ARTICLE.c.slug == slug, ARTICLE.c.audience == "public", ARTICLE.c.retired.is_(False))
    row = session.execute(CURRENT.where(*wanted)).one_or_none()
    if row is None:
        raise NotFound("There is no such article.")
    return article_from(row)


def in_other_languages(session: Session, one: Article) -> tuple[Article, ...]:
    """The public articles that say the same in another language, by language: what it translates, and what translates either."""
    original = one.writing.translates or one.slug
    same = or_(VERSION.c.slug == original, VERSION.c.translates == original)
    others = (VERSION.c.article_id != one.article_id, VERSION.c.language != one.writing.language)
    wanted = (same, *others, ARTICLE.c.audience == "public", ARTICLE.c.retired.is_(False))
    return tuple(
        map(article_from, session.execute(CURRENT.where(*wanted).order_by(VERSION.c.language, VERSION.c.slug)))
    )


def version_of(session: Session, article_id: UUID, version: int) -> Article:
    """One version, whether it counts or not. Raises NotFound."""
    row = session.execute(
        TOGETHER.where(VERSION.c.article_id == article_id, VERSION.c.version == version)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such version.")
    return article_from(row)


def keep_draft(
    session: Session, article_id: UUID, staff_id: UUID, fields: dict[str, str], base: int, now: datetime
) -> ArticleDraft:
    """Keeps what the author has written so far, for any browser of theirs. Raises Invalid where it is too much."""
    if sum(len(text) for text in fields.values()) > LONGEST_DRAFT:
        raise Invalid("That is too much to keep.", {"text": f"Keep it to {LONGEST_DRAFT:,} characters in all."})
    row = {"article_id": article_id, "staff_id": staff_id, "fields": fields, "base": base, "saved_at": now}
    db.upsert(session, ArticleDraftRow, [row], key=("article_id", "staff_id"), update=("fields", "base", "saved_at"))
    return ArticleDraft(fields, base, now)


def draft_of(session: Session, article_id: UUID, staff_id: UUID) -> ArticleDraft | None:
    """What this author has begun to write."""
    mine = (DRAFT.c.article_id == article_id, DRAFT.c.staff_id == staff_id)
    row = session.execute(select(DRAFT).where(*mine)).one_or_none()
    return None if row is None else ArticleDraft(dict(row.fields), row.base, row.saved_at)


def drop_draft(session: Session, article_id: UUID, staff_id: UUID) -> None:
    session.execute(delete(DRAFT).where(DRAFT.c.article_id == article_id, DRAFT.c.staff_id == staff_id))


def article_from(row: Any) -> Article:
    return Article(
        row.article_id,
        row.version,
        row.current,
        writing_from(row),
        row.published_at,
        row.published_by,
        row.retired,
        row.note,
    )


def _first(session: Session, writing: Writing, note: str, by: str, now: datetime, *, from_pack: bool) -> Article:
    article_id = ids.uuid7()
    session.execute(
        insert(ARTICLE).values(
            article_id=article_id, current=1, from_pack=from_pack, retired=False, **_found_by(writing, now)
        )
    )
    return _version(session, article_id, 1, writing, note, by, now)


def _next(
    session: Session, before: Article, writing: Writing, note: str, by: str, now: datetime, *, from_pack: bool = False
) -> Article:
    newest = select(func.max(VERSION.c.version)).where(VERSION.c.article_id == before.article_id)
    number = int(session.execute(newest).scalar_one()) + 1
    written = session.execute(
        update(ARTICLE)
        .where(ARTICLE.c.article_id == before.article_id, ARTICLE.c.current == before.current)
        .values(current=number, from_pack=from_pack, **_found_by(writing, now))
    )
    if db.touched(written) != 1:
        raise Conflict("Somebody else published a version at the same moment.")
    return _version(session, before.article_id, number, writing, note, by, now)


def _version(
    session: Session, article_id: UUID, number: int, writing: Writing, note: str, by: str, now: datetime
) -> Article:
    values = asdict(writing) | {
        name: list(getattr(writing, name)) for name in ("stages", "intents", "services", "types")
    }
    session.execute(
        insert(VERSION).values(
            article_id=article_id, version=number, note=note, published_at=now, published_by=by, **values
        )
    )
    return article(session, article_id)


def _found_by(writing: Writing, now: datetime) -> dict[str, Any]:
    looked_through = search_text(writing.title, f"{writing.words} {writing.summary}", plain_of(writing.text))
    return {
        "slug": writing.slug, "audience": writing.audience, "language": writing.language, "search_text": looked_through, "changed_at": now,
    }  # fmt: skip


def _audit(session: Session, action: str, made: Article, actor: Actor, now: datetime) -> None:
    payload = {"slug": made.slug, "version": made.version, "audience": made.writing.audience}
    record.audit(
        session, actor=actor, action=action, subject=str(made.article_id), customer_id=None, payload=payload, now=now
    )
