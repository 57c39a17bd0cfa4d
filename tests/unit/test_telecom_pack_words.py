"""The telecom pack is in order, recognisable, fair, and written for people."""

import re
import tomllib
from collections import Counter

import pytest

from backend.catalogue.checking import check_pack
from backend.engine.catalogue import Treatment, read_treatments
from backend.matrix.service import folder_of, load_pack, read_body

FOLDER = folder_of("telecom")
PACK = load_pack(FOLDER)
TREATMENTS = read_treatments(PACK)
each = pytest.mark.parametrize("treatment", TREATMENTS, ids=lambda t: t.key)

JARGON = re.compile(
    r"\b(utili[sz]e|leverage|synerg|exclusive(ly)?|amazing|hurry|last chance|act now|limited time|don't miss|guaranteed|"
    r"valued customer|upgrade now|churn|segment|propensity|SLA|FTTH|ARPU|upsell|solution)\b|!",
    re.IGNORECASE,
)


def texts(t: Treatment) -> list[str]:
    """Everything of a treatment that a customer hears or reads."""
    found = [t.fulfilment.promise, *(r.customer for r in t.reason if r.customer)]
    found += t.phone.texts() if t.phone else []
    found += [t.portal.headline, t.portal.body, t.portal.accept] if t.portal else []
    return found + [m.text for m in (t.sms, t.email, t.chat, t.branch) if m]


def test_the_check_finds_nothing_wrong() -> None:
    assert [str(problem) for problem in check_pack(FOLDER)] == []


def test_there_are_treatments_for_every_issue() -> None:
    issues = Counter(t.issue for t in TREATMENTS)
    assert len(TREATMENTS) >= 24
    assert set(issues) == {"retention", "service", "sales", "collections", "care"}
    assert min(issues.values()) >= 4


def test_nine_in_ten_treatments_can_be_delivered_by_phone_and_by_portal() -> None:
    stages = [s.key for s in PACK.stages]

    def pursued(t: Treatment, channel: str) -> set[str]:
        return {s for s in stages if t.objective in PACK.cells[s, channel].objectives}

    both = [t for t in TREATMENTS if t.phone and t.portal and pursued(t, "phone") & pursued(t, "portal")]
    assert len(both) >= 0.9 * len(TREATMENTS)


def test_there_are_eight_stages_six_channels_and_seven_objectives() -> None:
    assert (len(PACK.stages), len(PACK.channels), len(PACK.objectives)) == (8, 6, 7)
    assert all((stage.key, channel) in PACK.cells for stage in PACK.stages for channel in ("phone", "portal"))


def test_every_intent_is_resolved_by_some_treatment() -> None:
    resolved = {intent for t in TREATMENTS for intent in t.resolves}
    assert set(PACK.intents) - resolved == {"looking_around"}  # who only looks around wants nothing resolved


def test_attributes_of_a_person_are_protected_and_their_columns_are_those_of_the_file() -> None:
    protected = {a.key for a in PACK.attributes.values() if a.protected}
    assert protected == {"gender", "senior_citizen", "partner", "dependents", "birth_date", "care_note"}
    assert all(a.personal for a in PACK.attributes.values() if a.protected)
    assert all(bool(a.column) == bool(a.ibm) for a in PACK.attributes.values())


def test_protected_attributes_enter_no_value_term_or_reason_and_a_rule_only_to_the_customers_benefit() -> None:
    protected = {a.key for a in PACK.attributes.values() if a.protected}
    for t in TREATMENTS:
        for place, expression in t.expressions():
            used = protected & set(expression.names)
            assert not used or (place in ("eligible", "applicable", "suitable") and t.benefit), f"{t.key} {place}"
    for rule in [s.rule for s in (*PACK.life_cycle, *PACK.segments)]:
        assert not protected & set(rule.names)


def test_concessions_are_money_within_the_cap_and_deaf_to_what_the_customer_says() -> None:
    concessions = [t for t in TREATMENTS if t.concession]
    assert len(concessions) >= 4
    for t in concessions:
        [given] = [term for term in t.term if term.concession]
        most = given.high if given.high is not None else float(given.value.text)
        assert most <= PACK.policies.concession_cap
        for _, expression in t.expressions():
            assert not {"stage", "intent", "intent_stated", "leave_signals_60d"} & set(expression.names), t.key


def test_no_sale_is_suitable_while_something_is_wrong() -> None:
    for t in TREATMENTS:
        if t.issue == "sales":
            assert t.purpose == "marketing"
            assert {"open_complaints", "overdue_amount", "days_since_bad_experience"} <= set(t.rules.suitable.names), (
                t.key
            )


@each
def test_a_treatment_says_why_its_figures_are_what_they_are(treatment: Treatment) -> None:
    for evidence in (
        treatment.acceptance_evidence,
        treatment.value.equity_evidence,
        treatment.value.experience_evidence,
    ):
        assert len(evidence) >= 20
        assert evidence.endswith(".")


@each
def test_the_words_are_short_plain_and_free_of_pressure(treatment: Treatment) -> None:
    for text in texts(treatment):
        assert not JARGON.search(text), JARGON.search(text)
        assert "  " not in text
        assert text == text.strip()
        for sentence in re.split(r"(?<=[.?:;]) ", text):
            assert len(sentence.split()) <= 32, sentence
    assert 20 <= len(treatment.phone.script.split()) <= 85
    assert treatment.phone.script.rstrip()[-1] in "?.", "a script ends with the question that the agent asks"
    assert len(treatment.portal.headline.split()) <= 12
    assert not treatment.portal.headline.endswith(".")
    assert len(treatment.portal.body.split()) <= 65
    assert len(treatment.portal.accept.split()) <= 5
    assert treatment.portal.accept[0].isupper()
    if treatment.sms:
        assert len(treatment.sms.text) <= 160


@each
def test_the_script_and_the_card_name_the_same_price(treatment: Treatment) -> None:
    """Money said aloud is money shown: a term named in one is a term of the offer, and every price is named or listed."""
    keys = {term.key for term in treatment.term}
    for text in (treatment.phone.script, treatment.portal.headline + treatment.portal.body):
        named = set(re.findall(r"\{([a-z_0-9]+)\}", text)) - {"name"}
        assert named <= keys | set(PACK.attributes) | set(PACK.facts)


def test_accept_labels_say_the_act_and_are_not_all_alike() -> None:
    labels = Counter(t.portal.accept for t in TREATMENTS)
    assert not {"OK", "Accept", "Submit", "Yes", "Continue", "Click here"} & set(labels)
    assert max(labels.values()) <= 4


def test_figures_quoted_as_evidence_are_those_of_the_real_customers() -> None:
    from backend.packs.telecom.rows import read_customers

    rows = list(read_customers())

    def left(**wanted: object) -> int:
        group = [r for r in rows if all(r[key] == value for key, value in wanted.items())]
        return round(100 * sum(bool(r["churned"]) for r in group) / len(group))

    assert (left(contract="Month-to-month"), left(contract="One year"), left(contract="Two year")) == (43, 11, 3)
    assert (left(internet_service="Fiber optic"), left(internet_service="DSL")) == (42, 19)
    assert (left(tech_support="No"), left(tech_support="Yes"), left(online_security="Yes")) == (42, 15, 15)
    assert (left(payment_method="Electronic check"), left(payment_method="Bank transfer (automatic)")) == (45, 17)
    young = [r for r in rows if r["tenure"] <= 3]
    assert round(100 * sum(bool(r["churned"]) for r in young) / len(young)) == 56
    assert sum(r["online_security"] == r["tech_support"] == "Yes" for r in rows) == 1_099
    assert sum(r["streaming_tv"] == r["streaming_movies"] == "Yes" for r in rows) == 1_940


def test_the_text_files_hold_nothing_but_what_a_catalogue_keeps() -> None:
    body = read_body(FOLDER)
    assert set(body) == {
        "pack",
        "cases",
        "acts",
        "alerts",
        "attributes",
        "events",
        "experience",
        "facts",
        "holdings",
        "learning",
        "personas",
        "quality",
        "matrix",
        "lifecycle",
        "intents",
        "languages",
        "segments",
        "services",
        "churn",
        "treatments",
    }
    assert tomllib.loads((FOLDER / "pack.toml").read_text(encoding="utf-8"))["name"] == "telecom"
