"""Reviews: drawn fairly, written and given, answered once, mended with their history, compared blind; they go where their contact goes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.identities import service as identities
from backend.interactions import service as interactions
from backend.oversight import service as oversight
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import service as profiles
from backend.quality import service as quality
from backend.quality.service import Review
from backend.record import service as record
from shared.kernel import ids
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound

# A Tuesday, long after the demo's history; its Monday by the pack's clock.
NOW = datetime(2031, 5, 20, 20, tzinfo=UTC)
MONDAY = date(2031, 5, 19)


def staff(name: str, role: str = "agent") -> Actor:
    return Actor("staff", str(ids.uuid7()), name, people.ROLES[role])


ANN, BEN = staff("Ann"), staff("Ben")
SAM, TIA = staff("Sam", "supervisor"), staff("Tia", "supervisor")


@pytest.fixture
def some(loaded: str) -> list[UUID]:
    with db.reading() as session:
        first = profiles.beginnings(session, 10_000)[0]
        return [one.customer_id for one in profiles.some_from(session, first, 20)]


def talked(who: UUID, agent: Actor, at: datetime, stage: str | None = None, held: int = 0) -> UUID:
    """A contact that the agent wrapped up."""
    with db.transaction() as session:
        begun = interactions.begin(session, who, "phone", agent, at)
        if stage:
            overview.set_moment(session, who, stage, None, "phone", agent, at)
        if held:
            from backend.interactions.contacts import add_hold

            add_hold(session, who, begun.interaction_id, timedelta(seconds=held))
        interactions.wrap_up(
            session, who, begun.interaction_id, code="solved", label="Solved", summary="They asked; we told.", actor=agent,
            now=at + timedelta(minutes=6),
        )  # fmt: skip
    return begun.interaction_id


def draw(now: datetime = NOW, week: date = MONDAY, actor: Actor = SAM) -> int:
    with db.transaction() as session:
        return quality.draw_week(session, week, catalogues.pack_in_force(session), actor, now)


def waiting(actor: Actor = SAM) -> tuple[Review, ...]:
    with db.reading() as session:
        return quality.queue(session, actor)


def begin(one: Review, actor: Actor = SAM) -> Review:
    with db.transaction() as session:
        return quality.take(session, one.customer_id, one.review_id, actor, NOW)


def answered(one: Review, **other: str) -> dict[str, dict[str, str]]:
    return {q.key: {"answer": other.get(q.key, "yes"), "note": ""} for q in one.questions}


def written(one: Review, actor: Actor = SAM, summary: str = "Well done.", **other: str) -> Review:
    with db.transaction() as session:
        return quality.write(
            session, one.customer_id, one.review_id, answered(one, **other), summary, one.version, actor, NOW
        )


def gave(one: Review, actor: Actor = SAM, **other: str) -> Review:
    begun = written(begin(one, actor), actor, **other)
    with db.transaction() as session:
        return quality.give(session, begun.customer_id, begun.review_id, actor, NOW)


@pytest.fixture
def lot(some: list[UUID]) -> list[UUID]:
    """Ann had nine contacts this week, Ben three."""
    made = [talked(who, ANN, NOW - timedelta(hours=20 - nth)) for nth, who in enumerate(some[:9])]
    return made + [talked(who, BEN, NOW - timedelta(hours=20 - nth)) for nth, who in enumerate(some[9:12])]


def single() -> Review:
    """One of those that wait for one reviewer alone."""
    return next(one for one in waiting() if not one.paired)


@pytest.mark.usefixtures("lot")
def test_of_every_agent_the_same_number_is_drawn_and_drawn_again_it_is_the_same() -> None:
    assert draw() == 8  # two of each agent, and two more twice
    found = {one.interaction_id: one.agent for one in waiting() if not one.paired}
    assert Counter(found.values()) == {"Ann": 2, "Ben": 2}
    assert len([one for one in waiting() if one.paired]) == 2, "each stands there once"
    assert draw() == 0
    assert {one.interaction_id for one in waiting() if not one.paired} == set(found)


def test_a_week_that_goes_on_gives_no_agent_more_than_their_number(some: list[UUID]) -> None:
    talked(some[0], ANN, NOW - timedelta(hours=9))
    draw()
    for nth, who in enumerate(some[1:8]):
        talked(who, ANN, NOW - timedelta(hours=8 - nth))
    draw()
    assert len({one.interaction_id for one in waiting() if not one.paired}) == 2


def test_the_lot_can_be_checked_by_anybody_who_knows_the_seed(lot: list[UUID]) -> None:
    draw()
    found = {one.interaction_id for one in waiting() if one.agent == "Ann" and not one.paired}
    assert found == set(sorted(lot[:9], key=lambda one: quality.lot("evenhand", MONDAY, one))[:2])


def test_what_a_rule_of_the_pack_holds_for_is_drawn_beside_the_lot(some: list[UUID]) -> None:
    held = talked(some[0], ANN, NOW - timedelta(hours=9), held=400)
    left = talked(some[1], ANN, NOW - timedelta(hours=8), stage="leave")
    for nth, who in enumerate(some[2:6]):
        talked(who, ANN, NOW - timedelta(hours=7 - nth))
    draw()
    why = {one.interaction_id: one.reason for one in waiting()}
    assert (why.pop(held), why.pop(left)) == ("long_hold", "leaving")
    assert Counter(why.values()) == {"": 2, "2": 2}


@pytest.mark.usefixtures("lot")
def test_contacts_of_another_week_are_not_drawn_and_a_week_to_come_is_refused() -> None:
    assert draw(week=MONDAY - timedelta(days=7)) == 0
    with pytest.raises(Invalid):
        draw(week=MONDAY + timedelta(days=7))
    with pytest.raises(Forbidden):
        draw(actor=ANN)


@pytest.mark.usefixtures("lot")
def test_one_reviewer_takes_a_review_and_the_other_is_told_who() -> None:
    draw()
    one = begin(single())
    assert (one.state, one.reviewer) == ("draft", "Sam")
    assert begin(one).version == one.version
    with pytest.raises(Conflict, match="Sam"):
        begin(one, TIA)
    assert one.review_id not in {other.review_id for other in waiting(TIA)}


def test_nobody_reviews_a_contact_of_their_own(some: list[UUID]) -> None:
    talked(some[0], SAM, NOW - timedelta(hours=3))
    draw(actor=TIA)
    assert waiting(SAM) == ()
    one = waiting(TIA)[0]
    with pytest.raises(Forbidden):
        begin(one, SAM)


@pytest.mark.usefixtures("lot")
def test_the_score_is_the_weighted_share_and_a_critical_no_leaves_nothing_of_it() -> None:
    draw()
    one = written(begin(single()), understood="partly", solved="no", offer="na")
    # verified 2, understood 3 × ½, true 2, kind 2, noted 1 of 2 + 3 + 4 + 2 + 2 + 1
    assert one.so_far.points == pytest.approx(100 * 8.5 / 14)
    one = written(one, true="no")
    assert (one.so_far.points, one.so_far.failed) == (0.0, ("true",))


@pytest.mark.usefixtures("lot")
def test_a_draft_is_kept_as_it_is_and_given_only_when_every_question_is_answered() -> None:
    draw()
    one = begin(single())
    with db.transaction() as session:
        kept = quality.write(
            session, one.customer_id, one.review_id, {"kind": {"answer": "yes", "note": "very"}}, "", 1, SAM, NOW
        )
    assert (kept.answer("kind"), kept.note("kind"), kept.version) == ("yes", "very", 2)
    with pytest.raises(Invalid) as refused, db.transaction() as session:
        quality.give(session, one.customer_id, one.review_id, SAM, NOW)
    assert set(refused.value.errors) == {q.key for q in one.questions} - {"kind"}
    for wrong in ({"kind": {"answer": "great"}}, {"nothing": {"answer": "yes"}}, {"true": {"answer": "partly"}}):
        with pytest.raises(Invalid), db.transaction() as session:
            quality.write(session, one.customer_id, one.review_id, wrong, "", 2, SAM, NOW)
    with pytest.raises(Conflict), db.transaction() as session:
        quality.write(session, one.customer_id, one.review_id, {}, "", 1, SAM, NOW)


@pytest.mark.usefixtures("lot")
def test_the_agent_sees_it_once_it_is_given_and_answers_once_and_the_reviewer_answers_back() -> None:
    draw()
    one = begin(next(o for o in waiting() if not o.paired))
    agent, other = (ANN, BEN) if one.agent == "Ann" else (BEN, ANN)
    with db.reading() as session:
        assert quality.of_agent(session, agent) == ()
        with pytest.raises(NotFound):
            quality.for_agent(session, one.customer_id, one.review_id, agent)
    gave(one)
    with db.reading() as session:
        assert [o.review_id for o in quality.of_agent(session, agent)] == [one.review_id]
        with pytest.raises(NotFound):
            quality.for_agent(session, one.customer_id, one.review_id, other)
    with pytest.raises(Conflict), db.transaction() as session:
        quality.reply(session, one.customer_id, one.review_id, "But", SAM, NOW)
    with db.transaction() as session:
        said = quality.answer(session, one.customer_id, one.review_id, " I was told otherwise. ", agent, NOW)
    assert said.said == "I was told otherwise."
    with pytest.raises(Conflict), db.transaction() as session:
        quality.answer(session, one.customer_id, one.review_id, "And", agent, NOW)
    with pytest.raises(Forbidden), db.transaction() as session:
        quality.reply(session, one.customer_id, one.review_id, "No", TIA, NOW)
    with db.transaction() as session:
        assert quality.reply(session, one.customer_id, one.review_id, "I see.", SAM, NOW).replied == "I see."


@pytest.mark.usefixtures("lot")
def test_mended_it_says_why_and_how_it_was_before() -> None:
    draw()
    one = gave(single(), solved="no")
    with pytest.raises(Invalid) as refused, db.transaction() as session:
        quality.mend(session, one.customer_id, one.review_id, answered(one), "", " ", one.version, SAM, NOW)
    assert "why" in refused.value.errors
    with db.transaction() as session:
        after = quality.mend(
            session, one.customer_id, one.review_id, answered(one), "Now well.", "They did call back.", one.version, SAM, NOW
        )  # fmt: skip
    assert (after.score, after.summary) == (100.0, "Now well.")
    (past,) = after.past
    assert (past.why, past.by, past.summary) == ("They did call back.", "Sam", "Well done.")
    assert past.score == pytest.approx(one.score)
    assert past.answers["solved"]["answer"] == "no"
    with pytest.raises(Conflict), db.transaction() as session:
        quality.mend(session, one.customer_id, one.review_id, answered(one), "", "again", one.version, SAM, NOW)


@pytest.mark.usefixtures("lot")
def test_two_reviewers_of_one_contact_see_nothing_of_each_other_until_both_are_done() -> None:
    draw()
    one = next(o for o in waiting() if o.paired)
    mine = gave(one)
    assert mine.interaction_id not in {o.interaction_id for o in waiting()}, "the second is for somebody else"
    other = next(o for o in waiting(TIA) if o.interaction_id == mine.interaction_id)
    with db.reading() as session, pytest.raises(Forbidden):
        quality.for_reviewer(session, mine.customer_id, mine.review_id, TIA)
    gave(other, TIA, kind="no")
    with db.reading() as session:
        assert quality.for_reviewer(session, mine.customer_id, mine.review_id, TIA).reviewer == "Sam"
        (pair,) = quality.pairs(session)
        agent = ANN if mine.agent == "Ann" else BEN
        assert quality.of_agent(session, agent) == (), "what compares reviewers is not the agent's"
    assert pair.differ == ("Was patient and kind?",)
    by_question = {one.question.key: one.found for one in quality.agreed([pair])}
    assert (by_question["kind"].same, by_question["true"].same) == (0, 1)
    with pytest.raises(Conflict), db.transaction() as session:
        quality.mend(session, mine.customer_id, mine.review_id, answered(mine), "", "to agree", mine.version, SAM, NOW)


def test_a_review_goes_where_its_contact_goes_and_back_with_it(some: list[UUID]) -> None:
    talked(some[0], ANN, NOW - timedelta(hours=3))
    draw()
    gone, stays = some[0], some[1]
    one = gave(waiting()[0])
    with db.transaction() as session:
        merge = identities.merge(session, gone, stays, actor=SYSTEM, now=NOW)
    with db.reading() as session:
        assert quality.review(session, stays, one.review_id).summary == "Well done."
    with db.transaction() as session:
        quality.answer(session, gone, one.review_id, "Thanks.", ANN, NOW)  # by the id of before
    with db.transaction() as session:
        identities.unmerge(session, merge.merge_id, actor=SYSTEM, now=NOW)
    with db.reading() as session:
        assert quality.review(session, gone, one.review_id).said == "Thanks."


def test_the_customer_s_reviews_are_in_their_copy_and_go_with_them(some: list[UUID]) -> None:
    talked(some[0], ANN, NOW - timedelta(hours=3))
    draw()
    one = gave(waiting()[0], kind="no")
    with db.transaction() as session:
        quality.mend(session, one.customer_id, one.review_id, answered(one), "", "A slip.", one.version, SAM, NOW)
    with db.reading() as session:
        held = quality.export_customer(session, some[0])
    assert {table: len(rows) for table, rows in held.items()} == {"review": 1, "review_past": 1}
    with db.transaction() as session:
        assert quality.erase_customer(session, some[0]) == 2
    with db.reading() as session, pytest.raises(NotFound):
        quality.review(session, some[0], one.review_id)


@pytest.mark.usefixtures("lot")
def test_what_is_there_already_is_kept_again_whichever_comes_first() -> None:
    """What is kept while it is typed and what the button sends may cross on the way."""
    draw()
    before = begin(single())
    one = written(before)
    assert written(before).version == one.version
    with db.transaction() as session:
        quality.give(session, one.customer_id, one.review_id, SAM, NOW)
    assert written(before).state == "given"
    with pytest.raises(Conflict):
        written(before, kind="no")


def test_the_week_before_is_drawn_by_itself_on_the_packs_day_once(some: list[UUID]) -> None:
    for nth in range(4):
        talked(some[nth], ANN, NOW + timedelta(minutes=10 * nth))
    assert oversight.draw_due(NOW) == 0, "its week is not over"
    monday = datetime(2031, 5, 26, 15, tzinfo=UTC)
    drawn = oversight.draw_due(monday)
    assert drawn > 0
    assert oversight.draw_due(monday + timedelta(hours=1)) == 0
    with db.reading() as session:
        waiting = quality.queue(session, SAM)
        entries = record.entries(session, record.Wanted(words="reviews.drawn"))[0]
    assert {one.week for one in waiting} == {MONDAY}
    assert [one.actor_kind for one in entries] == ["system"]


def test_a_week_in_which_nobody_was_spoken_to_is_drawn_without_a_word(loaded: str) -> None:
    assert oversight.draw_due(datetime(2031, 5, 26, 15, tzinfo=UTC)) == 0
    with db.reading() as session:
        assert record.entries(session, record.Wanted(words="reviews.drawn"))[0] == ()
