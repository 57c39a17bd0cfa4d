"""Markdown as people write it, as a page and as plain words. HTML in it is shown as what it is: text. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

HELP = "/help/"
"""Where an article stands for customers."""
FIRST_HEADING = 2
"""The page's own heading is the first: the highest of the text, whichever its author took, stands right below it."""
_INNER = re.compile(rf"^{HELP}([a-z0-9-]+)$")


def html_of(text: str) -> Markup:
    """The text as HTML that is safe on any page: no raw HTML, no pictures, no style, no script in a link."""
    return _html(text)


@lru_cache(maxsize=256)
def _html(text: str) -> Markup:
    parser = _parser()
    tokens = parser.parse(text)
    levels = [int(token.tag[1:]) for token in tokens if token.type == "heading_open"]
    below = FIRST_HEADING - min(levels, default=FIRST_HEADING)
    for token in _all(tokens):
        # The policy of our pages forbids style in an element: columns of a table stand as they come.
        token.attrs.pop("style", None)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + below)}"
        if token.type == "link_open" and not str(token.attrs.get("href", "")).startswith("/"):
            token.attrs["rel"] = "noopener noreferrer"
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 (made by the parser, raw HTML off)


def plain_of(text: str) -> str:
    """The text in plain words, as it may stand in a letter: lists with their marks, links with their addresses."""
    return "\n\n".join(_blocks(_parser().parse(text))).strip()


def links_of(text: str) -> frozenset[str]:
    """The other articles that it leads to, by their slugs."""
    found = (str(token.attrs.get("href", "")) for token in _all(_parser().parse(text)) if token.type == "link_open")
    return frozenset(match.group(1) for href in found if (match := _INNER.match(href)))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")


def _all(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *(_all(token.children) if token.children else ()))]


def _blocks(tokens: list[Token]) -> list[str]:
    blocks: list[str] = []
    marks: list[str] = []
    counts: list[int] = []
    row: list[str] | None = None
    items: list[str] = []
    for token in tokens:
        match token.type:
            case "bullet_list_open":
                marks.append("-")
                counts.append(0)
            case "ordered_list_open":
                marks.append("1")
                counts.append(int(token.attrs.get("start", 1)) - 1)
            case "bullet_list_close" | "ordered_list_close":
                marks.pop()
                counts.pop()
                if not marks:
                    blocks.append("\n".join(items))
                    items = []
            case "list_item_open":
                counts[-1] += 1
                items.append("  " * (len(marks) - 1) + (f"{counts[-1]}. " if marks[-1] == "1" else "- "))
            case "tr_open":
                row = []
            case "tr_close":
                blocks.append(": ".join(row or ()))
                row = None
            case "inline":
                words = _words(token.children or [])
                if row is not None:
                    row.append(words)
                elif marks and items:
                    fresh = items[-1].endswith(("- ", ". ")) and not items[-1].strip(" -.0123456789")
                    items[-1] += words if fresh else f"\n{'  ' * len(marks)}{words}"
                else:
                    blocks.append(words)
            case "fence" | "code_block":
                blocks.append(token.content.rstrip())
    return [block for block in blocks if block.strip()]


def _words(children: list[Token]) -> str:
    said, href, begun = "", "", 0
    for child in children:
        match child.type:
            case "softbreak":
                said += " "
            case "hardbreak":
                said += "\n"
            case "link_open":
                href, begun = str(child.attrs.get("href", "")), len(said)
            case "link_close":
                if href and not href.startswith("/") and said[begun:] != href:
                    said += f" ({href})"
            case _:
                said += child.content
    return said
