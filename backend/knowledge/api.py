"""JSON routes of knowledge: public articles are listed, read and searched. What is for colleagues alone stays at the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend import db, problems
from backend.knowledge import keeping, searching
from backend.knowledge.texts import html_of
from backend.knowledge.types import Article
from backend.people.service import Permission, requires

bp = problems.blueprint("articles", __name__, "Articles that help customers to help themselves")
Language = Annotated[str, Field(max_length=5, pattern=r"^([a-z]{2}(-[A-Z]{2})?)?$")]


class ArticlesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Language = ""
    limit: int = Field(default=25, ge=1, le=100)
    cursor: str | None = Field(default=None, min_length=1, max_length=64)


class ArticlePath(BaseModel):
    slug: str = Field(min_length=1, max_length=80)


class SearchBody(problems.Body):
    query: str = Field(min_length=1, max_length=200)
    language: Language = ""
    limit: int = Field(default=10, ge=1, le=50)


class ArticleLine(BaseModel):
    id: UUID
    slug: str
    version: int
    title: str
    summary: str
    language: str
    published_at: datetime


class ArticlesAnswer(BaseModel):
    items: list[ArticleLine]
    next_cursor: str | None


class FoundLine(ArticleLine):
    excerpt: str
    score: float


class FoundAnswer(BaseModel):
    items: list[FoundLine]
    next_cursor: Literal[None]


class ArticleAnswer(ArticleLine):
    """`text` is Markdown, `html` the same as it may stand on a page."""

    text: str
    html: str
    stages: list[str]
    intents: list[str]
    services: list[str]


@bp.get("/articles", responses={200: ArticlesAnswer}, summary="Public articles, by title")
@requires(Permission.SEE_ARTICLES)
def listed(query: ArticlesQuery) -> problems.Answer:
    with db.reading() as session:
        found = searching.listed(
            session, public_only=True, language=query.language, limit=query.limit, cursor=query.cursor
        )
    return {"items": [_line(one) for one in found.items], "next_cursor": found.next_cursor}


@bp.get("/articles/<string:slug>", responses={200: ArticleAnswer}, summary="A public article")
@requires(Permission.SEE_ARTICLES)
def read(path: ArticlePath) -> problems.Answer:
    with db.reading() as session:
        one = keeping.public_article(session, path.slug)
    writing = one.writing
    return {
        **_line(one), "text": writing.text, "html": str(html_of(writing.text)), "stages": list(writing.stages),
        "intents": list(writing.intents), "services": list(writing.services),
    }  # fmt: skip


@bp.post("/articles/search", responses={200: FoundAnswer}, summary="Public articles by words, best first")
@requires(Permission.SEE_ARTICLES)
def search(body: SearchBody) -> problems.Answer:
    """Slips in a word are forgiven."""
    with db.reading() as session:
        found = searching.search(session, body.query, public_only=True, language=body.language, limit=body.limit)
    items = [
        {**_line(one.article), "excerpt": "".join(text for text, _ in one.excerpt), "score": one.score} for one in found
    ]
    return {"items": items, "next_cursor": None}


def _line(one: Article) -> dict[str, Any]:
    writing = one.writing
    return {
        "id": one.article_id, "slug": writing.slug, "version": one.version, "title": writing.title, "summary": writing.summary,
        "language": writing.language, "published_at": one.published_at,
    }  # fmt: skip
