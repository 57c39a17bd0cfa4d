"""What this room tells the others: articles, their versions, and what a search found in them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Audience = Literal["internal", "public"]
AUDIENCES: tuple[Audience, ...] = ("internal", "public")
AUDIENCE_LABELS: dict[str, str] = {"internal": "For colleagues alone", "public": "For everyone"}


@dataclass(frozen=True, slots=True)
class Writing:
    """An article as somebody writes it. `text` is Markdown; stages, intents, services and types are keys of the pack."""

    slug: str
    title: str
    text: str
    summary: str = ""
    audience: Audience = "internal"
    language: str = "en"
    stages: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    words: str = ""
    """Other words for the same, by which it is found too; shown to nobody."""
    translates: str = ""
    """The slug of the article that this one says in another language."""


@dataclass(frozen=True, slots=True)
class Article:
    """A published article at one of its versions; `current` is the one that everybody reads."""

    article_id: UUID
    version: int
    current: int
    writing: Writing
    published_at: datetime
    published_by: str
    retired: bool
    note: str = ""
    """What this version changed, in its author's words."""

    @property
    def slug(self) -> str:
        return self.writing.slug

    @property
    def title(self) -> str:
        return self.writing.title

    @property
    def is_public(self) -> bool:
        return self.writing.audience == "public" and not self.retired


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the list of an article's versions, with how many found it helpful and how many did not."""

    version: int
    title: str
    published_at: datetime
    published_by: str
    note: str
    helpful: int
    unhelpful: int


Piece = tuple[str, bool]
"""Some text, and whether it is one of the words that were looked for."""


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """What a search found: the title and a piece of the text, with the words that were looked for marked."""

    article: Article
    title: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Votes:
    """How many found a version helpful, and how many did not."""

    helpful: int = 0
    unhelpful: int = 0


@dataclass(frozen=True, slots=True)
class Voter:
    """Who says whether an article helped: a member of staff, a customer, or a browser that nobody signed in with."""

    key: str
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ArticleDraft:
    """What an author has begun to write: the fields as typed, upon this version (0: a new article)."""

    fields: dict[str, str]
    base: int
    saved_at: datetime
