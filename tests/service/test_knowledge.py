"""Articles are published, found, suggested, voted on and sent; what is for colleagues alone reaches nobody else."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from backend import db
from backend.casework import service as casework
from backend.interactions import service as interactions
from backend.knowledge import service as knowledge
from backend.knowledge.types import Article, Writing
from backend.matrix.service import folder_of
from backend.overview import service as overview
from shared.kernel.errors import Conflict, Invalid, NotFound
from tests.casework import pack, staff
from tests.made_customers import JOSE, MARIA, NOW, two_customers

BOX = Writing(
    "the-box",
    "The box hums",
    "Switch it **off** and on.",
    audience="public",
    intents=("not_working",),
    types=("fault",),
)


@pytest.fixture(autouse=True)
def both(database: str) -> None:
    two_customers()
    staff()


def publish(writing: Writing = BOX, article_id: UUID | None = None, seen: int | None = None) -> Article:
    by = staff()
    with db.transaction() as session:
        return knowledge.publish(session, article_id, writing, pack=pack(), seen=seen, actor=by, now=NOW)


def change(**more: object) -> Writing:
    return Writing(**{name: getattr(BOX, name) for name in BOX.__slots__} | more)  # type: ignore[arg-type]


def searched(query: str, public_only: bool = False) -> list[str]:
    with db.reading() as session:
        return [one.article.slug for one in knowledge.search(session, query, public_only=public_only)]


def test_each_version_stays_and_an_older_one_can_be_put_back() -> None:
    first, kim = publish(), staff()
    second = publish(change(title="The box sings"), first.article_id, seen=1)
    assert (second.version, second.current) == (2, 2)
    with db.transaction() as session:
        knowledge.restore(session, first.article_id, 1, pack=pack(), seen=2, actor=kim, now=NOW)
    with db.reading() as session:
        now = knowledge.article(session, first.article_id)
        assert (now.title, now.version, now.note) == ("The box hums", 3, "Version 1 again")
        assert knowledge.version_of(session, first.article_id, 2).title == "The box sings"
        assert [one.version for one in knowledge.versions(session, first.article_id)] == [3, 2, 1]
    assert searched("sings") == []


def test_who_publishes_upon_an_older_version_is_told_and_nothing_changes() -> None:
    first = publish()
    publish(change(title="Theirs"), first.article_id, seen=1)
    with pytest.raises(Conflict, match="published version 2 meanwhile"):
        publish(change(title="Mine"), first.article_id, seen=1)
    assert searched("theirs") == ["the-box"]


def test_an_article_that_is_not_in_order_is_not_published() -> None:
    publish()
    for wrong, field in (
        (change(slug="the-box"), "slug"), (change(slug="Not good"), "slug"), (change(slug="b", title=" "), "title"),
        (change(slug="b", text="<i>x</i>"), "text"), (change(slug="b", stages=("nowhere",)), "stages"), (change(slug="b", language="x"), "language"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            publish(wrong)
        assert field in refused.value.errors


def test_a_search_forgives_slips_and_puts_the_best_first() -> None:
    publish()
    publish(change(slug="second", title="Bills", text="Nothing about boxes, but one box hums once."))
    publish(change(slug="inner", title="The box hums inside", audience="internal"))
    assert searched("box hums")[-1] == "second"
    assert searched("hmus") == searched("hums")
    assert "inner" in searched("inside")
    assert "inner" not in searched("box hums inside", public_only=True)
    assert searched("inner", public_only=True) == []
    assert searched("'\"*% OR box") == searched("box")
    assert searched("") == searched("zzzz") == searched("a") == []


def test_a_retired_article_is_found_by_nobody() -> None:
    made, kim = publish(), staff()
    with db.transaction() as session:
        knowledge.retire(session, made.article_id, retired=True, actor=kim, now=NOW)
    assert searched("box") == []
    with db.reading() as session, pytest.raises(NotFound):
        knowledge.public_article(session, "the-box")
    with db.transaction() as session:
        knowledge.retire(session, made.article_id, retired=False, actor=kim, now=NOW)
    assert searched("box") == ["the-box"]


def test_a_pack_brings_its_articles_once_and_leaves_what_people_changed() -> None:
    articles, _ = knowledge.read_articles(folder_of("telecom"), pack())
    with db.transaction() as session:
        assert knowledge.take_in(session, articles, NOW) == len(articles)
        assert knowledge.take_in(session, articles, NOW) == 0
        mine = knowledge.public_article(session, "read-your-bill")
    publish(change(slug="read-your-bill", title="Ours"), mine.article_id, seen=1)
    newer = [change(slug=one.slug, title=f"{one.title} anew") for one in articles]
    with db.transaction() as session:
        assert knowledge.take_in(session, newer, NOW) == len(articles) - 1
        assert knowledge.public_article(session, "read-your-bill").title == "Ours"


def test_the_pack_finds_what_people_ask_for() -> None:
    articles, _ = knowledge.read_articles(folder_of("telecom"), pack())
    with db.transaction() as session:
        knowledge.take_in(session, articles, NOW)
    for query, slug in (
        ("my wifi is so slow in the bedroom", "better-wi-fi"), ("invoice higher than usual", "read-your-bill"),
        ("restart the ruoter", "restart-your-router"), ("I want to cancel", "ending-your-contract"), ("new adress move", "moving-home"),
    ):  # fmt: skip
        assert slug in searched(query)[:2], (query, searched(query)[:4])
    with db.reading() as session:
        by_moment = knowledge.suggest(session, stage="pay", intent="payment_trouble")
        by_case = knowledge.suggest(session, case_type="fault", subject="The router lights are red")
        assert knowledge.suggest(session, subject="zzzz") == ()
    assert by_moment[0].article.slug == "trouble-paying"
    assert by_case[0].article.slug == "restart-your-router"
    assert len(by_case) == 3


def test_each_person_has_one_word_on_each_version() -> None:
    made = publish()
    voters = [knowledge.voter_of(staff("Kim")), knowledge.voter_of(None, "aa"), knowledge.voter_of(staff("Kim"))]
    with db.transaction() as session:
        for voter, helpful in zip(voters, (True, True, False), strict=True):
            knowledge.vote(session, made.article_id, 1, helpful, voter, NOW)
        count = knowledge.counts(session, [made.article_id])[made.article_id, 1]
        assert (count.helpful, count.unhelpful) == (1, 1)
        assert knowledge.said(session, made.article_id, 1, voters[0]) is False
        with pytest.raises(NotFound):
            knowledge.vote(session, made.article_id, 2, True, voters[0], NOW)


def test_what_was_sent_stands_on_the_timeline_and_internal_articles_are_never_sent() -> None:
    made, inner = publish(), publish(change(slug="inner", audience="internal"))
    by = {"address": "", "channel": "portal", "seen": None, "actor": staff(), "now": NOW}
    with db.transaction() as session:
        casework.send_article(session, MARIA, None, made.article_id, **by)  # type: ignore[arg-type]
    with db.transaction() as session, pytest.raises(Conflict, match="colleagues alone"):
        casework.send_article(session, MARIA, None, inner.article_id, **by)  # type: ignore[arg-type]
    with db.reading() as session:
        event = interactions.timeline(session, MARIA, limit=1).items[0]
        assert not interactions.timeline(session, JOSE, kinds=frozenset({"article.sent"}), limit=1).items
    assert interactions.in_words(event, "customer").title == "We sent you something to read"
    assert NOW - event.at < timedelta(seconds=1)


def test_a_search_for_anything_finds_articles_that_are_nobodys() -> None:
    publish()
    with db.reading() as session:
        hits = overview.find_everything(session, "box hums", 5).hits
        assert [(hit.kind, hit.customer_id) for hit in hits] == [("article", None)]
        assert not overview.find_everything(session, "maria@example.com", 5).hits
