"""Articles as text: read from a pack, drawn as HTML, told in plain words, matched with what somebody typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backend.knowledge.matching import excerpt, marked, query_words, score, search_text
from backend.knowledge.reading import read_articles
from backend.knowledge.texts import html_of, links_of, plain_of
from backend.matrix.service import folder_of
from tests.casework import pack

GOOD = '+++\ntitle = "A box"\naudience = "public"\n+++\nSay [more](/help/b).\n'


@pytest.mark.parametrize(
    ("text", "not_there"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("a <img src=x onerror=alert(1)> b", "<img"),
        ("[x](javascript:alert(1))", "<a"),
        ("[x](data:text/html;base64,PHM+)", "<a"),
        ("![x](https://elsewhere.example/x.png)", "<img"),
        ("|a|b|\n|:-|-:|\n|1|2|", "style"),
        ("# One", "<h1"),
    ],
)
def test_markdown_brings_nothing_onto_a_page_but_words_and_links(text: str, not_there: str) -> None:
    assert not_there not in html_of(text)
    assert html_of(text)


def test_a_letter_has_the_text_without_marks() -> None:
    text = "## First\n\n1. Take the **plug** out.\n2. Wait.\n   - one\n\nSee [this](https://x.example/y) or [that](/help/that).\n\n| A | B |\n| - | - |\n| 1 | 2 |"
    plain = plain_of(text)
    assert "First\n\n1. Take the plug out.\n2. Wait.\n  - one" in plain
    assert "See this (https://x.example/y) or that." in plain
    assert "1: 2" in plain
    assert links_of(text) == {"that"}


def test_words_are_found_in_any_writing_and_with_a_slip() -> None:
    there = search_text("Restart your router", "modem reset", "Take the plug out of the wall, and wait.")
    best = score(query_words("How do I restart the router?"), there)
    slipped = score(query_words("restrat ruoter"), there)
    assert best > slipped > 0
    assert score(query_words("modem"), there) > score(query_words("plug"), there) > 0
    assert score(query_words("invoice payment router"), there) == 0.0, "one word of three is not enough"
    assert score(query_words("the of and"), there) < best


def test_what_was_found_is_marked_and_stands_in_the_excerpt() -> None:
    words = query_words("ROUTÉR")
    assert marked("Your Router, restarted", words) == (("Your ", False), ("Router", True), (", restarted", False))
    shown = excerpt("Nothing here. " * 40 + "The router is in the middle. " + "Nothing there. " * 40, words)
    assert ("router", True) in shown
    assert "".join(text for text, _ in shown).startswith("… ")
    assert excerpt("Something else", words, "In one line") == (("In one line", False),)


def folder(tmp_path: Path, **texts: str) -> Path:
    (tmp_path / "articles").mkdir(exist_ok=True)
    for slug, text in texts.items():
        (tmp_path / "articles" / f"{slug}.md").write_text(text)
    return tmp_path


def test_the_packs_own_articles_are_in_order_and_of_both_kinds() -> None:
    found, problems = read_articles(folder_of("telecom"), pack())
    assert problems == []
    assert len(found) >= 12
    assert {one.audience for one in found} == {"internal", "public"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("No head", "begins with a head"),
        (GOOD.replace('"public"', '"everyone"'), "audience"),
        (GOOD.replace("+++\nSay", 'intents = ["no_such"]\n+++\nSay'), "no_such"),
        (GOOD.replace("Say", "<b>Say</b>"), "HTML is not taken"),
        (GOOD.replace("/help/b", "/help/none"), "which there is not"),
        (GOOD.replace("/help/b", "/help/inner"), "for colleagues alone"),
        (GOOD.replace('"A box"', '""'), "title"),
        (GOOD.replace("+++\nSay", 'translates = "b"\n+++\nSay'), "no such article in another language"),
        (GOOD.replace("+++\nSay", 'translates = "a"\n+++\nSay'), "leave it empty"),
    ],
)
def test_a_fault_of_an_article_is_named(tmp_path: Path, text: str, why: str) -> None:
    inner = GOOD.replace("public", "internal").replace("[more](/help/b)", "more")
    found, problems = read_articles(folder(tmp_path, a=text, b=GOOD.replace("/help/b", "/help/a"), inner=inner), pack())
    assert why in " ".join(str(one) for one in problems if one.file == "articles/a.md"), problems
    assert "inner" in {one.slug for one in found}
    assert replace(found[-1], title="x") != found[-1]
