"""The door of knowledge: articles are read, searched, suggested, published and voted on. Services take the caller's transaction."""

from __future__ import annotations

from backend.knowledge.keeping import (
    NEW,
    article,
    draft_of,
    drop_draft,
    in_other_languages,
    keep_draft,
    public_article,
    publish,
    restore,
    retire,
    take_in,
    version_of,
)
from backend.knowledge.reading import hard_to_read, read_articles, split_keys
from backend.knowledge.searching import find, listed, search, suggest
from backend.knowledge.texts import HELP, html_of, plain_of
from backend.knowledge.voting import (
    counts,
    erase_customer,
    export_customer,
    move_customer,
    move_customer_back,
    said,
    versions,
    vote,
    voter_of,
)

__all__ = [
    "HELP",
    "NEW",
    "article",
    "counts",
    "draft_of",
    "drop_draft",
    "erase_customer",
    "export_customer",
    "find",
    "hard_to_read",
    "html_of",
    "in_other_languages",
    "keep_draft",
    "listed",
    "move_customer",
    "move_customer_back",
    "plain_of",
    "public_article",
    "publish",
    "read_articles",
    "restore",
    "retire",
    "said",
    "search",
    "split_keys",
    "suggest",
    "take_in",
    "version_of",
    "versions",
    "vote",
    "voter_of",
]  # fmt: skip
