"""One decision, every channel, on the screens: what an agent reads at the desk is what the customer reads at the portal.

Three hundred real customers of every life-cycle state, met in every way: looked at here or there first, with a moment said in
either channel, with offers mentioned, shown or answered in either. Terms, order, words and dates are read out of the HTML.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.engine import service as engine
from backend.profiles import service as profiles
from backend.treatments import cards
from backend.treatments import service as treatments
from shared.kernel import clock
from tests import apps
from tests.cast import AGENT, sign_in
from tests.pages import Browser
from tests.screens import Screen, Shown, look

CUSTOMERS = 300
PARTS = 4
"""The customers are met in so many tests, so that workers share them."""
APART = 16
"""Of the customers in the order of their numbers, one in so many is looked at for the sample."""
SHOWN = 3
"""How many treatments the desk and the portal's list show at most."""


@dataclass(frozen=True)
class Someone:
    customer_id: UUID
    number: str
    life_cycle: str


@dataclass
class Faces:
    """Both faces on one database, with an agent at the one."""

    agent: Browser
    portal: Any

    def desk(self, someone: Someone) -> Screen:
        return look(self.agent, f"/customers/{someone.customer_id}")

    def customer(self, someone: Someone) -> Browser:
        return sign_in(Browser(self.portal), someone.number)


@pytest.fixture
def faces(whole_sqlite: str, tmp_path: Path) -> Faces:
    desk, portal = (apps.create(name, whole_sqlite, tmp_path) for name in ("desk", "portal"))
    return Faces(sign_in(Browser(desk), AGENT), portal)


def sample(number: int) -> list[Someone]:
    """So many customers, the same each time: as many of each state of the life cycle as there are."""
    by_state: dict[str, list[Someone]] = {}
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        cursor = None
        while True:
            page = profiles.search(session, limit=100, cursor=cursor)
            for match in page.items[::APART]:
                state = profiles.snapshot(profiles.profile(session, match.id), clock.now(), pack).life_cycle
                by_state.setdefault(state, []).append(Someone(match.id, match.number, state))
            cursor = page.next_cursor
            if cursor is None:
                break
    found: list[Someone] = []
    queues = [random.Random(state).sample(people, len(people)) for state, people in sorted(by_state.items())]
    while len(found) < number:
        found += [queue.pop() for queue in queues if queue]
        assert any(queues), "there are too few customers"
    found = found[:number]
    random.Random(number).shuffle(found)
    return found


# How the two come to meet: each of these happens before anybody compares.
Meeting = Callable[[Faces, Browser, Someone, random.Random], None]


def looked_at_the_desk(faces: Faces, customer: Browser, someone: Someone, rng: random.Random) -> None:
    faces.desk(someone)


def looked_at_the_portal(faces: Faces, customer: Browser, someone: Someone, rng: random.Random) -> None:
    look(customer, "/")


def moment_said_to_the_agent(faces: Faces, customer: Browser, someone: Someone, rng: random.Random) -> None:
    faces.desk(someone).send("/moment", moment=rng.choice(moments("agent")))


def moment_said_at_the_portal(faces: Faces, customer: Browser, someone: Someone, rng: random.Random) -> None:
    look(customer, "/").send("/moment", moment=rng.choice(moments("customer")))


def mentioned_by_the_agent(faces: Faces, customer: Browser, someone: Someone, rng: random.Random) -> None:
    page = faces.desk(someone)
    fresh = [card for card in page.cards if f"/offers/{card.offer}/presentation" in page.html]
    if fresh:
        page.send(f"/offers/{rng.choice(fresh).offer}/presentation")


def answered_by_the_agent(faces: Faces, customer: Browser, someone: Someone, rng: random.Random) -> None:
    page = faces.desk(someone)
    if page.cards:
        offer = rng.choice(page.cards).offer
        answer = rng.choice(("acceptance", "decline", "deferral"))
        more = {"decline": {"reason": "too_expensive"}, "deferral": {"until": tomorrow(page, offer)}}.get(answer, {})
        page.send(f"/offers/{offer}/{answer}", **more)


def answered_at_the_portal(faces: Faces, customer: Browser, someone: Someone, rng: random.Random) -> None:
    page = look(customer, "/offers")
    if page.cards:
        offer = rng.choice(page.cards).offer
        answer = rng.choice(("acceptance", "decline", "deferral"))
        if answer == "acceptance":
            look(customer, f"/offers/{offer}").send("/acceptance")
        else:
            more = {"until": tomorrow(page, offer)} if answer == "deferral" else {}
            page.send(f"/offers/{offer}/{answer}", **more)


def moment_after_an_answer(faces: Faces, customer: Browser, someone: Someone, rng: random.Random) -> None:
    answered_at_the_portal(faces, customer, someone, rng)
    moment_said_to_the_agent(faces, customer, someone, rng)


MEETINGS: tuple[Meeting, ...] = (
    looked_at_the_desk,
    looked_at_the_portal,
    moment_said_to_the_agent,
    moment_said_at_the_portal,
    mentioned_by_the_agent,
    answered_by_the_agent,
    answered_at_the_portal,
    moment_after_an_answer,
)


def moments(audience: str) -> list[str]:
    """The values of the buttons that say why a customer is here."""
    with db.reading() as session:
        intents = catalogues.pack_in_force(session).intents.values()
    return [f"{i.stage}/{i.key}" for i in intents if audience == "agent" or i.choice]


def tomorrow(page: Screen, offer: str) -> str:
    """The last day of the offer: a day that both faces must take."""
    return next(card.until[0] for card in page.cards if card.offer == offer)


@pytest.mark.parametrize("part", range(PARTS))
def test_desk_and_portal_show_the_same(faces: Faces, part: int) -> None:
    people = sample(CUSTOMERS)[part::PARTS]
    compared, states, met = 0, set(), Counter[str]()
    for index, someone in enumerate(people):
        rng = random.Random(f"{part}/{index}")
        meeting = MEETINGS[index % len(MEETINGS)]
        customer = faces.customer(someone)
        meeting(faces, customer, someone, rng)
        page = faces.desk(someone)
        home, offers = look(customer, "/"), look(customer, "/offers")
        try:
            assert {page.status, home.status, offers.status} == {200}
            compared += agreed(page, home, offers)
            each_difference_names_a_rule(someone, page, offers)
            shown_there_stands_first_here(faces, someone, home)
        except AssertionError as difference:
            raise AssertionError(
                f"{someone.number} ({someone.life_cycle}), {meeting.__name__}: {difference}"
            ) from difference
        states.add(someone.life_cycle)
        met[meeting.__name__] += 1
    assert len(people) == CUSTOMERS // PARTS
    assert compared > len(people), "too few cards stood on both screens for this to mean anything"
    assert len(states) >= 4
    assert min(met[meeting.__name__] for meeting in MEETINGS) >= 5


def agreed(page: Screen, home: Screen, offers: Screen) -> int:
    """How many cards stand on both faces, all alike and in one order. Fails on any difference."""
    at_desk, at_home, listed = page.cards, home.cards, offers.cards
    assert at_home == listed[: len(at_home)], "the portal's own pages differ"
    assert bool(at_home) == bool(listed), "one page of the portal shows nothing"
    # By offer: of a treatment for a phone line there is one for each line.
    there = {card.offer: card for card in listed}
    both = [card for card in at_desk if card.offer in there]
    common = {card.treatment for card in at_desk} & {card.treatment for card in listed}
    assert {card.treatment for card in both} == common, "offer differ"
    for card in both:
        same_card(card, there[card.offer])
    here = {card.offer for card in at_desk}
    order = [card.offer for card in listed if card.offer in here]
    assert [card.offer for card in both] == order, "the order differs"
    return len(both)


def same_card(desk: Shown, portal: Shown) -> None:
    for name in ("offer", "words", "terms", "until", "reference"):
        assert getattr(desk, name) == getattr(portal, name), f"{desk.treatment}: {name} differ"


def each_difference_names_a_rule(someone: Someone, page: Screen, offers: Screen) -> None:
    """Each face shows the first few of the one decision that its channel can deliver; what it leaves out has its rule."""
    decided = treatments.decide(someone.customer_id, clock.now())
    for screen, channel in ((page, "phone"), (offers, "portal")):
        inputs = decided.inputs
        delivery = engine.deliver(decided.ranked, inputs.snapshot, inputs.configuration, channel)
        expected = [item.treatment for item in delivery.here][:SHOWN]
        assert [card.treatment for card in screen.cards] == expected, f"not the decision's order in {channel}"
        assert all(withheld.rule and withheld.detail for _, withheld in delivery.elsewhere)


def shown_there_stands_first_here(faces: Faces, someone: Someone, home: Screen) -> None:
    """What the portal presented is first at the desk, with the same terms; or the desk says that it can't be done by phone."""
    if not home.cards:
        return
    first, page = home.cards[0], faces.desk(someone)
    if page.cards and page.cards[0].treatment == first.treatment:
        same_card(page.cards[0], first)
        assert "Shown on the portal" in page.text or "Mentioned by phone" in page.text
    else:
        assert dict(first.words)["headline"] in page.text.partition("Not by phone")[2], "not first at the desk"


def test_what_the_agent_said_stands_first_at_the_portal(faces: Faces) -> None:
    said = 0
    for someone in sample(24):
        page = faces.desk(someone)
        if not page.cards:
            continue
        first = page.cards[0]
        if f"/offers/{first.offer}/presentation" in page.html:
            page.send(f"/offers/{first.offer}/presentation")
        home = look(faces.customer(someone), "/")
        if home.cards and home.cards[0].treatment == first.treatment:
            same_card(first, home.cards[0])
            said += 1
        else:
            assert dict(first.words)["headline"] in home.text
            assert "by phone" in home.text
    assert said >= 18


# A difference of each kind, planted in what one face alone shows.
Plant = Callable[[cards.AgentCard], cards.AgentCard]


def other_terms(card: cards.AgentCard) -> cards.AgentCard:
    terms = tuple(replace(term, text=f"{term.text} or so") for term in card.card.terms)
    return replace(card, card=replace(card.card, terms=terms, headline=card.card.headline))


def other_words(card: cards.AgentCard) -> cards.AgentCard:
    return replace(card, card=replace(card.card, body=f"{card.card.body} Perhaps."))


def other_reason(card: cards.AgentCard) -> cards.AgentCard:
    return replace(card, card=replace(card.card, reason="Because you called."))


def other_headline(card: cards.AgentCard) -> cards.AgentCard:
    return replace(card, card=replace(card.card, headline=card.card.headline.upper()))


def other_date(card: cards.AgentCard) -> cards.AgentCard:
    return replace(card, card=replace(card.card, valid_until=card.card.valid_until.replace(day=1)))


PLANTS: tuple[Plant, ...] = (other_terms, other_words, other_reason, other_headline, other_date)


def well_served(faces: Faces) -> tuple[Someone, Screen, Screen]:
    """A customer for whom both faces show several treatments, the first with terms; and the portal's two pages."""
    for someone in sample(60):
        customer = faces.customer(someone)
        page, home, offers = faces.desk(someone), look(customer, "/"), look(customer, "/offers")
        if len(page.cards) == len(offers.cards) == SHOWN and page.cards[0].terms:
            return someone, home, offers
    pytest.fail("No customer of the sample has several treatments on both screens.")


def test_a_planted_difference_is_found(faces: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    someone, home, offers = well_served(faces)
    assert agreed(faces.desk(someone), home, offers) > 1
    draw = cards.agent_card
    for plant in PLANTS:
        monkeypatch.setattr(cards, "agent_card", lambda *args, plant=plant: plant(draw(*args)))
        with pytest.raises(AssertionError, match="differ"):
            agreed(faces.desk(someone), home, offers)


def test_a_face_that_ranks_anew_is_found(faces: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    someone, home, offers = well_served(faces)
    recommend = treatments.recommend_for_agent

    def reversed_here(*args: Any, **more: Any) -> cards.AgentRecommendation:
        seen = recommend(*args, **more)
        return replace(seen, cards=seen.cards[::-1])

    monkeypatch.setattr(treatments, "recommend_for_agent", reversed_here)
    page = faces.desk(someone)
    with pytest.raises(AssertionError, match="the order differs"):
        agreed(page, home, offers)
    with pytest.raises(AssertionError, match="not the decision's order in phone"):
        each_difference_names_a_rule(someone, page, offers)


def test_a_term_that_one_face_leaves_out_is_found(faces: Faces) -> None:
    someone, _home, offers = well_served(faces)
    page = faces.desk(someone)
    first = page.cards[0]
    there = next(card for card in offers.cards if card.treatment == first.treatment)
    same_card(first, there)
    before, found, after = page.html.partition("<div data-term=")
    assert found
    page.html = before + after.partition("</div>")[2]
    with pytest.raises(AssertionError, match="terms differ"):
        same_card(page.cards[0], there)
