"""Reads HTML that leaves nothing to be guessed, in a small part of the time that html5lib takes for it.

Nearly all pages are such: every element is closed where it was opened and stands where it may. For these the answer is
html5lib's own, element by element; of anything else, be it wrong or only unusual, nothing is said, and html5lib judges.
"""

import re
from functools import lru_cache
from html import unescape
from html.entities import html5
from xml.etree.ElementTree import Element

SVG = "{http://www.w3.org/2000/svg}"


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


VOID = _names("br hr img input link meta")
HEADINGS = _names("h1 h2 h3 h4 h5 h6")
CLOSE_P = HEADINGS | _names(
    "address article aside blockquote details dialog div dl fieldset figcaption figure footer form header hr main nav ol p"
    " pre section summary table ul li dd dt"
)
RAW = _names("script textarea title")
PICTURED = _names(
    "aria-hidden class cx cy d fill focusable height href preserveAspectRatio r rx ry stroke viewBox width x y"
)
MIXED = _names("preserveAspectRatio viewBox")
"""The names of attributes that are not in small letters: of pictures alone."""
IN_SVG = _names("circle g path rect use")
ORDINARY = _names(
    "a abbr b button code em i kbd label legend mark meter noscript output progress s small span strong sub sup template"
    " time u"
)
SECTIONS = _names("thead tbody tfoot")
CELLS = _names("td th")
HOMES = {
    "html": frozenset({""}),
    "head": frozenset({"html"}),
    "body": frozenset({"html"}),
    "title": frozenset({"head"}),
    **{name: frozenset({"table"}) for name in SECTIONS | {"caption"}},
    "tr": SECTIONS,
    **{name: frozenset({"tr"}) for name in CELLS},
    "option": frozenset({"select", "optgroup"}),
    "optgroup": frozenset({"select"}),
    "li": frozenset({"ul", "ol"}),
    "dt": frozenset({"dl", "div"}),
    "dd": frozenset({"dl", "div"}),
}
"""What stands in few places only, and in which."""
GUESTS = {
    "html": frozenset({"head", "body"}),
    "head": _names("link meta noscript script title"),
    "table": SECTIONS | {"caption"},
    **{name: frozenset({"tr"}) for name in SECTIONS},
    "tr": CELLS,
    "select": frozenset({"option", "optgroup"}),
    "optgroup": frozenset({"option"}),
    "option": frozenset(),
}
"""What holds few things only, and no text, and which."""
ALONE = HEADINGS | {"a", "button", "form"}
"""What never stands within its like."""
KNOWN = VOID | CLOSE_P | RAW | ORDINARY | HOMES.keys() | GUESTS.keys()

_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane * 0x10000 + end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))
    + "]"
)
_DOCTYPE = re.compile(r"\s*<!doctype html>\s*", re.IGNORECASE)
_NAME = r"[a-zA-Z][a-zA-Z0-9:_.-]*"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[a-zA-Z0-9_.-]+)"""
_TOKEN = re.compile(rf"([^<]+)|<([a-z][a-z0-9]*)((?:[ \n\t]+{_NAME}(?:={_VALUE})?)*)[ \n\t]*(/?)>|</([a-z][a-z0-9]*)>")
_ATTRIBUTE = re.compile(rf"({_NAME})(?:=({_VALUE}))?")
_REFERENCE = re.compile("&(?:([a-zA-Z0-9]+;)|#([0-9]{2,5});|#x([0-9a-fA-F]{2,4});)?")


class Unusual(Exception):
    """Here html5lib must judge."""


def parse(html: str, whole: bool) -> Element | None:
    """The tree that html5lib makes of a page, or of a fragment of one; None where that is not beyond doubt."""
    try:
        return _Reader(html, whole).read()
    except Unusual:
        return None


class _Reader:
    def __init__(self, html: str, whole: bool) -> None:
        self.html, self.whole = html, whole
        self.root = Element("DOCUMENT_FRAGMENT")
        self.open: list[tuple[str, Element]] = [("", self.root)]

    def read(self) -> Element:
        html, position = self.html, 0
        if _ODD.search(html):
            raise Unusual
        if self.whole:
            doctype = _DOCTYPE.match(html)
            if not doctype:
                raise Unusual
            position = doctype.end()
        while position < len(html):
            token = _TOKEN.match(html, position)
            if not token:
                raise Unusual
            position = token.end()
            text, start, attributes, closed, end = token.groups()
            if text is not None:
                self._text(text)
            elif end is not None:
                if self.open[-1][0] != end or (end == "html" and len(self.open[-1][1]) < 2):
                    raise Unusual
                self.open.pop()
            else:
                self._start(start, _attributes(attributes) if attributes else {}, bool(closed))
                if start in RAW:
                    position = self._raw(start, position)
        if len(self.open) > 1:
            raise Unusual
        if not self.whole:
            return self.root
        if [element.tag for element in self.root] != ["html"]:
            raise Unusual
        page = self.root[0]
        if [element.tag for element in page] != ["head", "body"]:
            raise Unusual
        page.tail = None
        return page

    def _text(self, text: str) -> None:
        home = self.open[-1][0]
        held = (home in GUESTS and home != "option") or (home == "noscript" and self.open[-2][0] == "head")
        if (held or home in IN_SVG or home == "svg" or (self.whole and not home)) and text.strip(" \n\t"):
            raise Unusual
        if home == "html" and not len(self.open[-1][1]):
            return  # before the head
        if self.whole and (not home or (home == "html" and len(self.open[-1][1]) == 2)):
            self._add(self._body(), text)  # after the body
            return
        if home == "pre" and not len(self.open[-1][1]) and not self.open[-1][1].text and text.startswith("\n"):
            text = text[1:]
        self._add(self.open[-1][1], _plain(text))

    def _body(self) -> Element:
        page = self.open[-1][1] if self.open[-1][0] == "html" else self.root[0]
        return page[1]

    @staticmethod
    def _add(element: Element, text: str) -> None:
        if not text:
            return
        if len(element):
            element[-1].tail = (element[-1].tail or "") + text
        else:
            element.text = (element.text or "") + text

    def _start(self, name: str, attributes: dict[str, str], closed: bool) -> None:
        home, parent = self.open[-1]
        if home == "svg" or home in IN_SVG or name == "svg":
            self._start_picture(name, attributes, closed, home, parent)
            return
        if name not in KNOWN or (closed and name not in VOID) or not MIXED.isdisjoint(attributes):
            raise Unusual
        if (name in HOMES and home not in HOMES[name]) or (home in GUESTS and name not in GUESTS[home]):
            raise Unusual
        if self.whole and not home and name != "html":
            raise Unusual
        if not self.whole and name in ("html", "head", "body"):
            raise Unusual
        if home == "html" and len(parent) != (name == "body"):
            raise Unusual
        if home == "noscript" and self.open[-2][0] == "head" and name not in ("link", "meta"):
            raise Unusual
        if name in CLOSE_P and self._within("p"):
            raise Unusual
        if name in ALONE and self._within(*(HEADINGS if name in HEADINGS else (name,))):
            raise Unusual
        if name in ("dt", "dd") and home == "div" and self.open[-2][0] != "dl":
            raise Unusual
        element = Element(name, attributes)  # which copies them
        parent.append(element)
        if name not in VOID:
            self.open.append((name, element))

    def _start_picture(self, name: str, attributes: dict[str, str], closed: bool, home: str, parent: Element) -> None:
        inside = home == "svg" or home in IN_SVG
        if inside != (name in IN_SVG) or (home in GUESTS) or (self.whole and not home) or home == "noscript":
            raise Unusual
        if not attributes.keys() <= PICTURED:
            raise Unusual
        element = Element(SVG + name, attributes)
        parent.append(element)
        if not closed:
            self.open.append((name, element))

    def _within(self, *names: str) -> bool:
        return any(name in names for name, _ in self.open)

    def _raw(self, name: str, position: int) -> int:
        """Takes what stands up to the end tag as text, and returns where that ends."""
        end = self.html.find("</", position)
        tag = f"</{name}>"
        if end < 0 or not self.html.startswith(tag, end):
            raise Unusual
        text = self.html[position:end]
        if name == "script":
            if "<!--" in text:
                raise Unusual
        else:
            if name == "textarea" and text.startswith("\n"):
                text = text[1:]
            text = _plain(text)
        self._add(self.open[-1][1], text)
        self.open.pop()
        return end + len(tag)


@lru_cache(4096)
def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(text):
        # Names are read in small letters; of those of pictures some are not.
        if name in found or not (name.islower() or name in MIXED):
            raise Unusual
        found[name] = _plain(value[1:-1] if value[:1] in ("'", '"') else value)
    return found


def _plain(text: str) -> str:
    """The text with its character references replaced; each must be written in full, and be none of the odd ones."""
    if "&" not in text:
        return text
    for reference in _REFERENCE.finditer(text):
        named, decimal, hexadecimal = reference.groups()
        if named:
            if named not in html5:
                raise Unusual
        elif decimal or hexadecimal:
            code = int(decimal) if decimal else int(hexadecimal, 16)
            if not 0x20 <= code < 0xD800 or 0x7F <= code <= 0x9F:
                raise Unusual
        else:
            raise Unusual
    return unescape(text)
