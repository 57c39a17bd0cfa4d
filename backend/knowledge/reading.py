"""Articles as a pack ships them: a Markdown file each, with a small head in TOML between two lines of plus signs. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.knowledge.texts import links_of
from backend.knowledge.types import Audience, Writing
from backend.matrix.service import Pack, Problem, too_hard
from shared.kernel.errors import Invalid
from shared.kernel.languages import base

FOLDER = "articles"
LONGEST_TITLE, LONGEST_SUMMARY, LONGEST_TEXT, LONGEST_WORDS = 120, 300, 20_000, 400
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 80
_HEAD = re.compile(r"\A\+\+\+\n(.*?)\n\+\+\+\n(.*)\Z", re.DOTALL)
_TAGS = re.compile(r"</?[A-Za-z][^>\n]*>")
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
Keys = Annotated[tuple[str, ...], Field(max_length=40)]


class Head(BaseModel):
    """What stands at the top of an article's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    audience: Audience
    summary: str = ""
    language: str = ""
    stages: Keys = ()
    intents: Keys = ()
    services: Keys = ()
    types: Keys = ()
    words: str = ""
    translates: str = ""


def read_articles(folder: Path, pack: Pack) -> tuple[list[Writing], list[Problem]]:
    """The articles of a pack's folder that are in order, and all that is wrong with the others, or with a link of any."""
    found: list[Writing] = []
    problems: list[Problem] = []
    for path in sorted((folder / FOLDER).glob("*.md")):
        name = f"{FOLDER}/{path.name}"
        try:
            found.append(read_article(path.stem, path.read_text(encoding="utf-8"), pack.language))
        except (ValueError, UnicodeDecodeError) as wrong:
            problems.append(Problem(name, 1, path.stem, str(wrong)))
    known = {one.slug: one for one in found}
    good = []
    for one in found:
        name, faults = f"{FOLDER}/{one.slug}.md", faults_of(one, pack)
        problems += [Problem(name, 1, one.slug, why) for why in (*faults.values(), *_links(one, known))]
        if not faults:
            good.append(one)
    return good, problems


def read_article(slug: str, text: str, language: str) -> Writing:
    """One article from its file. Raises ValueError, in words, where it cannot be read."""
    parts = _HEAD.match(text.replace("\r\n", "\n"))
    if parts is None:
        raise ValueError("begins with a head: +++, some lines of TOML, +++")
    try:
        head = Head.model_validate(tomllib.loads(parts.group(1)))
    except ValidationError as wrong:
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg'].lower()}" for one in wrong.errors()]
        raise ValueError("; ".join(told)) from None
    return Writing(
        slug=slug, text=parts.group(2).strip(), **(head.model_dump() | {"language": head.language or language})
    )


def hard_to_read(articles: Iterable[Writing]) -> list[Problem]:
    """The articles for everybody that most people would find hard."""
    public = [one for one in articles if one.audience == "public"]
    found = ((one, too_hard(f"{one.title}.\n{one.summary}\n{one.text}", base(one.language))) for one in public)
    return [Problem(f"{FOLDER}/{one.slug}.md", 1, one.slug, why) for one, why in found if why]


def checked(writing: Writing, pack: Pack) -> Writing:
    """The article, where it may be published. Raises Invalid, naming each field."""
    if faults := faults_of(writing, pack):
        raise Invalid("Please check the article.", faults)
    return writing


def faults_of(writing: Writing, pack: Pack) -> dict[str, str]:
    """What is wrong with an article, by field."""
    faults: dict[str, str] = {}
    if not SLUG.fullmatch(writing.slug) or len(writing.slug) > LONGEST_SLUG:
        faults["slug"] = f"An address is made of small letters, digits and hyphens, at most {LONGEST_SLUG}."
    for field, most in (("title", LONGEST_TITLE), ("text", LONGEST_TEXT)):
        if not getattr(writing, field).strip():
            faults[field] = f"Give it a {field}."
        elif len(getattr(writing, field)) > most:
            faults[field] = f"Keep the {field} to {most:,} characters."
    for field, most in (("summary", LONGEST_SUMMARY), ("words", LONGEST_WORDS)):
        if len(getattr(writing, field)) > most:
            faults[field] = f"Keep it to {most} characters."
    if _TAGS.search(_without_code(writing.text)):
        faults["text"] = "HTML is not taken: write Markdown."
    if not _LANGUAGE.fullmatch(writing.language):
        faults["language"] = "A language is two letters, such as en."
    if writing.translates and (not SLUG.fullmatch(writing.translates) or writing.translates == writing.slug):
        faults["translates"] = "Give the address of the other article, as in restart-your-router; or leave it empty."
    for field, known in known_keys(pack).items():
        if unknown := sorted(set(getattr(writing, field)) - known):
            faults[field] = f"The pack has no {', '.join(unknown)} among its {field}."
    return faults


def known_keys(pack: Pack) -> dict[str, set[str]]:
    """By what an article may be filed: the keys of the pack."""
    return {
        "stages": {one.key for one in pack.stages}, "intents": set(pack.intents), "services": {one.key for one in pack.services},
        "types": {one.key for one in pack.casework.case_type},
    }  # fmt: skip


def _links(writing: Writing, known: Mapping[str, Writing]) -> Iterator[str]:
    for slug in sorted(links_of(writing.text)):
        other = known.get(slug)
        if other is None:
            yield f"leads to /help/{slug}, which there is not"
        elif writing.audience == "public" and other.audience != "public":
            yield f"is for everyone and leads to {slug}, which is for colleagues alone"
    if writing.translates:
        original = known.get(writing.translates)
        if original is None or original.language == writing.language:
            yield f"says that it translates {writing.translates}: there is no such article in another language"


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def writing_from(row: Any) -> Writing:
    """The article as a row of a version keeps it."""
    return Writing(
        slug=row.slug, title=row.title, text=row.text, summary=row.summary, audience=row.audience, language=row.language,
        stages=tuple(row.stages), intents=tuple(row.intents), services=tuple(row.services), types=tuple(row.types), words=row.words,
        translates=row.translates or "",
    )  # fmt: skip


def split_keys(some: Iterable[str], allowed: Collection[str]) -> tuple[str, ...]:
    """The keys in the order of the pack; what it has not is kept at the end, to be refused by name."""
    chosen = list(dict.fromkeys(one for one in some if one))
    return tuple([one for one in allowed if one in chosen] + [one for one in chosen if one not in allowed])
