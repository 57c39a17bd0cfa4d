"""HTML mail as plain text: the words, and where links lead. Nothing is fetched, nothing of it is ever shown as HTML. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

LONGEST = 2_000_000
_BLOCKS = frozenset({
    "p", "div", "br", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "blockquote", "section",
    "article", "header", "footer",
})  # fmt: skip
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "object", "svg", "noscript"})


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._unseen = 0
        self._quotes = 0
        self._link = ""
        self._said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        if tag == "blockquote":
            self._quotes += 1
        if tag in _BLOCKS:
            self._line()
        if tag == "li":
            self.out.append("- ")
        if tag == "a":
            self._link, self._said = dict(attrs).get("href") or "", ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._line()

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        if tag == "a" and self._link:
            # Where a link leads is shown beside its words: they may say something else.
            if self._link.startswith(("http://", "https://")) and self._link not in self._said:
                self.out.append(f" <{self._link}>")
            self._link = ""
        if tag == "blockquote" and self._quotes:
            self._quotes -= 1
        if tag in _BLOCKS and tag != "br":
            self._line()

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        words = re.sub(r"\s+", " ", data)
        self._said += words
        self.out.append(words)

    def _line(self) -> None:
        self.out.append("\n" + "> " * self._quotes)


def text_of(html: str) -> str:
    """The words of the page, as lines; what is quoted begins with ">"."""
    if not html.strip():
        return ""
    words = _Words()
    words.feed(html[:LONGEST])
    words.close()
    lines = [
        "".join(line.split(" ")) if not line.strip(" >") else line.strip() for line in "".join(words.out).split("\n")
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(re.sub(r"^>+$", "", line) for line in lines)).strip()
