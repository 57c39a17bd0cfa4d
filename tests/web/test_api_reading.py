"""The API's reading doors: histories page by page, the catalogue and the matrix in force, and what would change a decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.people import service as people
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import clock
from tests import apps
from tests.cast import AGENT
from tests.databases import ENGINES, fresh, opened
from tests.weighing import publish_own_weights


class Reader:
    """A program with a key, and a customer with a few decisions and offers behind them."""

    def __init__(self, app: Any) -> None:
        self.client = app.test_client()
        with db.transaction() as session:
            self.headers = {"Authorization": f"Bearer {people.create_key(session, ['all'], clock.now())[1]}"}
        with db.reading() as session:
            self.customer = profiles.search(session, limit=30).items[11].id
            self.pack = catalogues.pack_in_force(session)
        for intent in ("bill_question", "not_working", "price"):
            stage = self.pack.intents[intent].stage
            self.call(
                "PUT", f"/customers/{self.customer}/moment", {"stage": stage, "intent": intent, "channel": "phone"}
            )
            told = self.call("POST", f"/customers/{self.customer}/decisions", {"channel": "phone"}).get_json()
            for one in told["treatments"][:2]:
                body = {"response": "presented", "channel": "phone"}
                self.call("POST", f"/offers/{one['offer_id']}/responses", body)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=self.headers)

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.get_json()
        return answer.get_json()

    def all(self, path: str, limit: int) -> list[Any]:
        """The whole list, page by page."""
        found, cursor = [], None
        for _ in range(60):
            joint = "&" if "?" in path else "?"
            part = self.get(f"{path}{joint}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
            assert len(part["items"]) <= limit
            found += part["items"]
            cursor = part["next_cursor"]
            if cursor is None:
                return found
        raise AssertionError("the list does not end")


@pytest.fixture(scope="module", params=ENGINES)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    home = tmp_path_factory.mktemp("reading")
    with fresh(request.param, "loaded", home) as url, opened(url, home):
        yield Reader(apps.create("api", url, home))


def test_decisions_are_listed_newest_first_and_each_is_explained_under_its_id(reader: Reader) -> None:
    whole = reader.get(f"/customers/{reader.customer}/decisions")["items"]
    assert len(whole) >= 3
    assert [d["made_at"] for d in whole] == sorted((d["made_at"] for d in whole), reverse=True)
    assert reader.all(f"/customers/{reader.customer}/decisions", 1) == whole
    for head in whole:
        told = reader.get(f"/decisions/{head['decision_id']}")
        assert [t["treatment"] for t in told["treatments"]] == head["treatments"]
        assert told["customer_id"] == str(reader.customer)


def test_an_explained_decision_tells_the_parts_of_each_factor_and_the_margin(reader: Reader) -> None:
    head = reader.get(f"/customers/{reader.customer}/decisions")["items"][0]
    told = reader.get(f"/decisions/{head['decision_id']}")
    for place, one in enumerate(told["treatments"]):
        parts, factors = one["parts"], one["factors"]
        assert sum(o["weight"] * o["score"] for o in parts["objectives"]) == pytest.approx(factors["context"], abs=1e-9)
        assert parts["value"]["company"] + parts["value"]["customer"] == pytest.approx(factors["value"], abs=1e-9)
        if place + 1 < len(told["treatments"]):
            assert one["margin"] == one["priority"] - told["treatments"][place + 1]["priority"]
    assert told["treatments"][-1]["margin"] is None
    assert sum(step["removed"] for step in told["funnel"]) == len(told["withheld"])


def test_offers_are_listed_newest_first_and_only_those_that_the_customer_got(reader: Reader) -> None:
    whole = reader.get(f"/customers/{reader.customer}/offers")["items"]
    assert len(whole) >= 2
    assert "open" not in {o["state"] for o in whole}
    assert reader.all(f"/customers/{reader.customer}/offers", 1) == whole


def test_a_history_of_nobody_gives_404_and_a_cursor_of_nothing_422(reader: Reader) -> None:
    for what in ("decisions", "offers", "matrix"):
        assert reader.call("GET", f"/customers/{uuid4()}/{what}").status_code == 404
        assert reader.call("GET", f"/customers/{reader.customer}/{what}?cursor=x").status_code == 422
        assert reader.call("GET", f"/customers/{reader.customer}/{what}?limit=101").status_code == 422


def test_the_catalogue_is_told_whole_and_each_treatment_in_full(reader: Reader) -> None:
    told = reader.get("/catalogue?limit=100")
    with db.reading() as session:
        known = catalogues.in_force(session).catalogue
    assert (told["version"], told["digest"], told["currency"]) == (known.version, known.digest, known.pack.currency)
    assert [t["key"] for t in told["items"]] == list(known.treatments)
    assert reader.all("/catalogue", 7) == told["items"]
    for head in told["items"]:
        full = reader.get(f"/treatments/{head['key']}")
        t = known.treatments[head["key"]]
        assert full["definition"]["rules"]["eligible"] == t.rules.eligible.text
        assert {name: full[name] for name in head} == head
        assert [c for c in head["channels"] if not t.rendered_in(c)] == []
    assert reader.call("GET", "/treatments/no_such").status_code == 404


def test_the_matrix_is_told_with_where_each_value_comes_from(reader: Reader) -> None:
    base = reader.get("/matrix")["items"]
    assert len(base) == len(reader.pack.cells)
    assert {source for cell in base for source in cell["sources"].values()} == {"base"}
    own = next(s for s in reader.pack.segments if s.cell)
    changed = {(c["stage"], c["channel"]): c for c in reader.get(f"/matrix?segment={own.key}")["items"]}
    cell = changed[own.cell[0].stage, own.cell[0].channel]
    assert cell["sources"]["value"] == own.key
    assert cell["sources"]["objectives"] == "base"
    assert cell["values"]["value"] == own.cell[0].value
    assert reader.call("GET", "/matrix?segment=no_such").status_code == 422
    assert reader.all("/matrix", 9) == base
    weighed = reader.get("/matrix?limit=1")["weights"]
    assert [(w["of"], w["key"]) for w in weighed] == [
        *(("stage", s.key) for s in reader.pack.stages), *(("life_cycle", s.key) for s in reader.pack.life_cycle),
        *(("intent", key) for key in reader.pack.intents),
    ]  # fmt: skip
    assert {source for w in weighed for source in w["sources"].values()} == {"base"}
    assert reader.get("/matrix")["beta"] == {"value": reader.pack.policies.beta, "source": "base"}
    dialled = next(s for s in reader.pack.segments if s.beta is not None)
    assert reader.get(f"/matrix?segment={dialled.key}")["beta"] == {"value": dialled.beta, "source": dialled.key}
    mine = reader.get(f"/customers/{reader.customer}/matrix")
    assert set(mine["segments"]) == set(reader.get(f"/customers/{reader.customer}")["segments"])


def test_what_would_change_a_decision_is_true_when_it_is_done(reader: Reader) -> None:
    """A suggestion that can be carried out is, through the API itself, and the decision changes as it was said."""
    head = reader.get(f"/customers/{reader.customer}/decisions")["items"][0]
    told = reader.get(f"/decisions/{head['decision_id']}")
    carried = 0
    for withheld in told["withheld"]:
        found = reader.get(f"/decisions/{head['decision_id']}/changes?treatment={withheld['treatment']}")
        assert found["goal"] == {"kind": "offered", "treatment": withheld["treatment"], "other": None}
        for one in found["suggestions"]:
            if [step["kind"] for step in one["steps"]] == ["moment"]:
                intent = reader.pack.intents[one["steps"][0]["key"]]
                body = {"channel": "phone", "limit": 100, "preview": True, "stage": intent.stage, "intent": intent.key}
                ranking = reader.call("POST", f"/customers/{reader.customer}/decisions", body).get_json()
                with db.reading() as session:
                    page = treatments.decision_page(session, UUID(head["decision_id"]), clock.now())
                met = {w["treatment"] for w in ranking["withheld"] if w["step"] != "deliverable"}
                assert withheld["treatment"] not in met
                assert page.names[one["first"]]
                carried += 1
        if carried >= 2:
            break
    assert carried
    flip = reader.get(f"/decisions/{head['decision_id']}/changes")
    assert flip["treatment"] is None
    assert flip["goal"]["kind"] == "before"


def test_an_offer_names_who_answered_it_in_the_customers_place(reader: Reader) -> None:
    before = reader.get(f"/customers/{reader.customer}/offers")["items"]
    assert {o["person"] for o in before} == {None}
    offer = next(UUID(o["offer_id"]) for o in before if o["state"] == "presented")
    now = clock.now()
    with db.transaction() as session:
        staff = people.find_staff(session, AGENT)
        assert staff is not None
        agent = people.staff_actor(session, staff[0])
        assert agent is not None
        rosa = interactions.record_representative(
            session,
            reader.customer,
            name="Rosa Marín",
            relation="carer",
            authority="Seen",
            may_act=True,
            actor=agent,
            now=now,
        )
        contact = interactions.begin(session, reader.customer, "phone", agent, now)
        interactions.speak_with(session, reader.customer, contact.interaction_id, rosa.representative_id, agent, now)
        treatments.answer(session, offer, "declined", channel="phone", actor=agent, now=now)
    after = {o["offer_id"]: o for o in reader.get(f"/customers/{reader.customer}/offers")["items"]}
    assert after[str(offer)]["person"] == {
        "id": str(rosa.representative_id), "name": "Rosa Marín", "relation": "carer",
    }  # fmt: skip
    assert [o["person"] for key, o in after.items() if key != str(offer)] == [None] * (len(after) - 1)


def test_a_segments_own_weights_are_told_with_its_name(reader: Reader) -> None:
    publish_own_weights("phone_only")
    before, told = reader.get("/matrix"), reader.get("/matrix?segment=phone_only")
    own = {
        (w["of"], w["key"], objective): w["values"][objective]
        for w in told["weights"] for objective, source in w["sources"].items() if source == "phone_only"
    }  # fmt: skip
    assert own == {
        ("stage", "pay", "collect"): 0.35, ("life_cycle", "active", "advocate"): 0.45, ("intent", "bill_question", "inform"): 0.55,
    }  # fmt: skip
    assert told["beta"] == {"value": 0.65, "source": "phone_only"}
    assert told["items"] == before["items"]
    assert {source for w in before["weights"] for source in w["sources"].values()} == {"base"}
