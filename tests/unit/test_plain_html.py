"""What the tests' quick reader says of a page is what html5lib says of it, or nothing."""

from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import plain_html
from tests.pages import HARMLESS

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><title>A &amp; B</title>
<noscript><meta http-equiv="refresh" content="3"></noscript>
<script src="/a.js" defer></script>
</head>
<body class="a b" hx-status:409:inherited="x" data-x='{"a": 1}'>
<dialog class="bar" id="bar" aria-label="C"><form method="post"><button>Go</button></form></dialog>
<svg class="mark" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"><rect width="1" height="1"></rect><use href="#a"/></svg>
<main><h1>One</h1><p>Two <b>three</b><br>four &#39;five&#39; &eacute;</p>
<table><caption>C</caption><thead><tr><th>1</th></tr></thead><tbody><tr><td><p>2</p></td></tr></tbody></table>
<form method="post"><label>A <input name="a" required></label><select name="s"><option value="1" selected>One</option></select>
<textarea name="t">
 &lt;as typed&gt; <b></textarea><button>Go</button></form>
<ul><li>a<ul><li>b</li></ul></li></ul><dl><div><dt>c</dt><dd>d</dd></div></dl>
<template id="t"><div hidden></div></template><pre>
 x</pre></main>
</body>
</html>
"""

PIECES = [
    *(f"<{name}>" for name in sorted(plain_html.KNOWN | {"svg", "rect", "use", "g", "math", "style", "unknown"})),
    *(f"</{name}>" for name in sorted(plain_html.KNOWN | {"svg", "rect", "use", "g", "math", "style", "unknown"})),
    *("text", " ", "\n", "&amp;", "&", "&amp", "&nosuch;", "&#39;", "&#128;", "&#xD800;", "<", ">", "</", "<!--a-->", "\x00"),
    *('<a href="x">', "<a href=x>", '<a href="x"b>', '<a b b="1">', "<input Type=a>", "<br/>", "<p/>", "<rect/>", "<a '>"),
    *("<svg viewBox='0'>", "<svg viewbox='0'>", "<svg preserveaspectratio='0'>", "<p preserveAspectRatio='0'>", "<input value='&amp;&copy'>", "<a title='<b>'>", "<!doctype html>", "]]>"),
]  # fmt: skip


def judged(html: str, whole: bool) -> tuple[Element, list[str]]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(html) if whole else parser.parseFragment(html)
    return root, [code for _, code, _ in parser.errors if code not in HARMLESS]


def shape(element: Element) -> tuple[object, ...]:
    children = [(shape(child), child.tail or "") for child in element]
    return element.tag, dict(element.attrib), element.text or "", children


def agree(html: str, whole: bool) -> bool:
    """Whether the reader spoke; fails when html5lib contradicts it."""
    quick = plain_html.parse(html, whole)
    if quick is None:
        return False
    root, faults = judged(html, whole)
    assert not faults, html
    assert shape(quick) == shape(root), html
    return True


def test_a_page_of_ours_is_read_as_html5lib_reads_it() -> None:
    assert agree(PAGE, whole=True)
    assert agree(PAGE.partition("<body")[2].partition(">")[2].partition("</body>")[0], whole=False)


@pytest.mark.parametrize("lost", sorted({line for line in PAGE.split("\n") if line}))
def test_of_a_page_that_lacks_a_line_it_says_what_html5lib_says_or_nothing(lost: str) -> None:
    agree(PAGE.replace(lost, "", 1), whole=True)


@pytest.mark.parametrize("piece", PIECES)
def test_one_piece_too_many_anywhere_in_a_page(piece: str) -> None:
    places = [at for at in range(len(PAGE)) if PAGE[at] in "<\n" or PAGE[at - 1] == ">"]
    for at in places:
        agree(PAGE[:at] + piece + PAGE[at:], whole=True)


def test_any_two_elements_within_one_another() -> None:
    names = sorted(plain_html.KNOWN | plain_html.IN_SVG | {"svg"})
    spoken = 0
    for outer in names:
        for inner in names:
            for home in ("{}", "<div>{}</div>", "<ul>{}</ul>", "<dl>{}</dl>", "<p>{}</p>", "<svg>{}</svg>"):
                end = "" if inner in plain_html.VOID else f"</{inner}>"
                spoken += agree(home.format(f"<{outer}>a<{inner}> {end} b</{outer}>c"), whole=False)
    assert spoken > 2000


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.booleans())
def test_soup(pieces: list[str], closed: bool) -> None:
    html = "".join(pieces)
    if closed:
        opened = [
            piece.strip("<>").partition(" ")[0] for piece in pieces if piece[1:2].isalpha() and piece[-2:] != "/>"
        ]
        html += "".join(f"</{name}>" for name in reversed(opened) if name not in plain_html.VOID)
    agree(html, whole=False)


def test_what_is_plainly_wrong_is_left_to_html5lib() -> None:
    for html in (
        "<p><div></div></p>",
        "<b><i></b></i>",
        "<table><p></p></table>",
        "<a><a></a></a>",
        "<ul></li></ul>",
        "</p>",
    ):
        assert plain_html.parse(html, whole=False) is None
        assert judged(html, whole=False)[1]
    assert plain_html.parse("<title>x</title>", whole=True) is None
