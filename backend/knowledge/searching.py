"""Finding articles: by words, slips forgiven, best first; by why the customer is here; by what a case is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, MetaData, Select, String, Table, Uuid, func, literal, or_, select, tuple_
from sqlmodel import Session

from backend import db
from backend.knowledge.keeping import ARTICLE, CURRENT, VERSION, article_from
from backend.knowledge.matching import excerpt, marked, query_words, score
from backend.knowledge.texts import plain_of
from backend.knowledge.types import Article, FoundArticle
from backend.profiles import service as profiles
from backend.profiles.service import Page
from backend.profiles.types import Hit
from shared.kernel import languages
from shared.kernel.errors import Invalid

CANDIDATES = 200
FEW = 3
"""With fewer found by the words as typed, slips are looked for too."""
SURE = 0.35
"""A search for anything at all shows an article from here on."""
SUGGESTED = 3
_INTENT, _STAGE, _TYPE, _SERVICE, _WORDS = 3.0, 1.0, 2.5, 0.5, 4.0
_FTS = Table(
    "article_trigram", MetaData(), Column("article_id", Uuid), Column("text", String), Column("article_trigram", String)
)
# What stands in quotes is the name of a table to SQLite, where MATCH is asked of all its columns.


def search(
    session: Session, query: str, *, public_only: bool, language: str = "", limit: int = 20, least: float = 0.0
) -> tuple[FoundArticle, ...]:
    """Articles by what somebody typed, best first; nothing for no words. Retired ones are never found."""
    wanted = query_words(query)
    if not wanted:
        return ()
    found: dict[UUID, tuple[float, Article]] = {}
    for nearly in (False, True):
        statement = _candidates(wanted, nearly)
        if statement is None or len(found) >= FEW:
            continue
        asked = statement.where(*_open(public_only, language))
        for row in session.execute(asked):
            fits = score(wanted, row.search_text)
            if fits > least:
                found[row.article_id] = (fits, article_from(row))
    ranked = sorted(found.values(), key=lambda one: (-one[0], one[1].title))
    return tuple(
        FoundArticle(
            one, marked(one.title, wanted), excerpt(plain_of(one.writing.text), wanted, one.writing.summary), fits
        )
        for fits, one in ranked[:limit]
    )


def find(session: Session, query: str, most: int) -> tuple[Hit, ...]:
    """The articles that a search for anything at all shows, behind what has the very reference."""
    return tuple(
        Hit("article", one.article.title, one.article.writing.summary, None, one.article.article_id, one.score / 2)
        for one in search(session, query, public_only=False, limit=most, least=SURE)
    )


def suggest(
    session: Session, *, stage: str = "", intent: str = "", services: Collection[str] = (), case_type: str = "", subject: str = "",
    language: str = languages.ENGLISH, most: int = SUGGESTED,
) -> tuple[FoundArticle, ...]:  # fmt: skip
    """The articles that fit why the customer is here, what they have, and what a case is about; best first."""
    by_words = (
        {one.article.article_id: one for one in search(session, subject, public_only=False, limit=20)}
        if subject
        else {}
    )
    ranked: list[tuple[float, str, UUID]] = []
    tags = [VERSION.c[name] for name in ("article_id", "title", "language", "stages", "intents", "services", "types")]
    asked = CURRENT.with_only_columns(*tags, maintain_column_froms=True).where(*_open(False, ""))
    spoken = {languages.base(language), languages.ENGLISH}
    for row in session.execute(asked):
        if languages.base(row.language) not in spoken:
            continue  # neither the customer nor the desk reads it
        fits = (
            _INTENT * (bool(intent) and intent in row.intents) + _STAGE * (bool(stage) and stage in row.stages)
            + _TYPE * (bool(case_type) and case_type in row.types)
            + _WORDS * (by_words[row.article_id].score if row.article_id in by_words else 0.0)
        )  # fmt: skip
        if fits > _STAGE / 2:
            fits += _SERVICE * bool(set(services) & set(row.services)) + _SERVICE * (
                languages.base(row.language) == languages.base(language)
            )
            ranked.append((-fits, row.title, row.article_id))
    chosen = [article_id for _, _, article_id in sorted(ranked)[:most]]
    whole = {
        row.article_id: article_from(row) for row in session.execute(CURRENT.where(VERSION.c.article_id.in_(chosen)))
    }
    return tuple(by_words.get(one) or _plainly(whole[one]) for one in chosen if one in whole)


def listed(
    session: Session,
    *,
    public_only: bool,
    retired: bool = False,
    language: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Article]:
    """Articles by title. Raises Invalid for a cursor of another list."""
    asked = CURRENT.where(*_open(public_only, language, retired=retired))
    title = func.lower(VERSION.c.title)
    if cursor:
        try:
            after = session.execute(select(title, VERSION.c.article_id).join(ARTICLE, ARTICLE.c.article_id == VERSION.c.article_id).where(
                VERSION.c.article_id == UUID(cursor), VERSION.c.version == ARTICLE.c.current)).one_or_none()  # fmt: skip
        except ValueError:
            after = None
        if after is None:
            raise Invalid("That is not a cursor of this list.", {"cursor": "take it from next_cursor"})
        asked = asked.where(
            tuple_(title, VERSION.c.article_id)
            > tuple_(literal(after[0]), literal(after[1], VERSION.c.article_id.type))
        )
    rows = session.execute(asked.order_by(title, VERSION.c.article_id).limit(limit + 1)).all()
    items = tuple(article_from(row) for row in rows[:limit])
    return Page(items, str(items[-1].article_id) if len(rows) > limit else None)


def _plainly(article: Article) -> FoundArticle:
    words = article.writing.summary or plain_of(article.writing.text)
    return FoundArticle(article, ((article.title, False),), excerpt(words, ()), 0.0)


def _open(public_only: bool, language: str, *, retired: bool = False) -> list[Any]:
    where: list[Any] = [ARTICLE.c.retired.is_(retired)]
    if public_only:
        where.append(ARTICLE.c.audience == "public")
    if language:
        where.append(ARTICLE.c.language == language)
    return where


def _candidates(wanted: Sequence[str], nearly: bool) -> Select[Any] | None:
    """Some articles that have one of the words, or one like it; None where no index could tell."""
    long = [word for word in wanted if len(word) >= 3 and (not nearly or profiles.forgiven(word))]
    if not long:
        return None
    whole = CURRENT.add_columns(ARTICLE.c.search_text)
    if db.dialect() == "sqlite":
        ways = [profiles.nearly([word]) for word in long] if nearly else [f'"{word}"' for word in long]
        matching = " OR ".join(f"({way})" for way in ways if way)
        if not matching:
            return None
        there = select(_FTS.c.article_id).where(_FTS.c.article_trigram.op("MATCH")(matching)).limit(CANDIDATES)
        return whole.where(ARTICLE.c.article_id.in_(there))
    patterns = [pattern for word in long for pattern in (_patterns(word) if nearly else [f"%{word}%"])]
    return whole.where(or_(*(ARTICLE.c.search_text.like(one) for one in patterns))).limit(CANDIDATES)


def _patterns(word: str) -> Iterable[str]:
    """A word consists of letters and digits alone: nothing of it is a wildcard."""
    return [f"%{before}_{after}%" if after else f"%{before}%" for before, after in profiles.meant(word)]
