"""What is wrong with a pack, its treatments included. A pack with one problem is never published."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from backend.catalogue import personas
from backend.catalogue.holdout_checks import holdout_problems
from backend.catalogue.input_checks import input_faults
from backend.catalogue.wording import check_sentences, unfit_texts
from backend.engine import scripts
from backend.engine.catalogue import Term, Treatment, read_treatments
from backend.engine.service import LONGEST_WORK, PLACEHOLDER, WORK, left_out, members_of, short_of, work_of
from backend.matrix import service as matrix
from backend.matrix.service import Pack, PackError, Problem, Source
from backend.rules.service import lint

_STATED = dict.fromkeys(
    ("stage", "intent", "intent_stated"), "a concession must not depend on what the customer says they came for"
)


def check_pack(folder: Path) -> list[Problem]:
    """All that is wrong with the pack in this folder; empty when it may be published."""
    try:
        return check_texts(matrix.texts_of(folder))
    except PackError as e:
        return [Problem(str(path[0]), 1, "text", message) for path, message in e.places]


def pack_warnings(folder: Path) -> list[Problem]:
    """What customers would notice of the pack in this folder though it may be published: texts that are hard to read, or said in one language alone."""
    try:
        return unfit_texts(matrix.texts_of(folder))
    except PackError:
        return []


def check_texts(texts: Mapping[str, str]) -> list[Problem]:
    """All that is wrong with the pack of these files, by their paths; its personas are tried when nothing else is wrong."""
    try:
        return _treatments(texts) or personas.problems(texts)
    except _ODD as e:
        # An author may write anything: what no check above foresaw is a problem of the text, never a crash.
        return [Problem("pack.toml", 1, "pack", f"could not be checked: {type(e).__name__}: {e}")]


_ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def _treatments(texts: Mapping[str, str]) -> list[Problem]:
    pack, problems = matrix.check(texts)
    if pack is None:
        return problems
    source = Source.of(texts)
    problems = [*problems, *(Problem(file, 1, "msgid", message) for file, message in check_sentences(pack))]
    try:
        treatments = read_treatments(pack)
    except PackError as e:
        return problems + [
            Problem(
                str(path[0]),
                source.line(str(path[0]), "treatment", int(path[1])),
                ".".join(map(str, path[2:])),
                message,
            )
            for path, message in e.places
        ]
    places = [
        (stem, nth) for stem, content in pack.treatments.items() for nth, _ in enumerate(content.get("treatment", ()))
    ]
    seen: set[str] = set()
    for treatment, (stem, nth) in zip(treatments, places, strict=True):
        file = f"treatments/{stem}.toml"
        for field, message in _wrong(treatment, pack):
            line = source.line(file, "treatment", nth, field.split(".")[0])
            problems.append(Problem(file, line, f"{treatment.key}.{field}", message))
        if treatment.key in seen:
            problems.append(
                Problem(file, source.line(file, "treatment", nth, "key"), treatment.key, "stands twice in this pack")
            )
        seen.add(treatment.key)
    return [
        *problems,
        *_limits(treatments, pack, source),
        *holdout_problems(treatments, pack, source),
        *_relations(treatments, places, source),
    ]


def _limits(treatments: list[Treatment], pack: Pack, source: Source) -> Iterator[Problem]:
    """Caps, gaps and exclusive groups that name nothing of this pack."""
    known: dict[str, set[str]] = {
        "issue": {t.issue for t in treatments},
        "group": {t.group for t in treatments},
        "treatment": {t.key for t in treatments},
    }
    for table, limits in (("cap", pack.caps), ("gap", pack.gaps)):
        for nth, limit in enumerate(limits):
            names = known.get(limit.of, {""})
            if limit.name and limit.name not in names:
                line = source.line("pack.toml", table, nth, "name")
                yield Problem("pack.toml", line, f"{table}.{limit.key}", _nothing(limit.name, names))
    for group in set(pack.policies.exclusive_groups) - known["group"]:
        line = source.line("pack.toml", "policies", 0, "exclusive_groups")
        yield Problem("pack.toml", line, "policies.exclusive_groups", _nothing(group, known["group"]))


def _relations(treatments: list[Treatment], places: list[tuple[str, int]], source: Source) -> Iterator[Problem]:
    """Treatments that name others which are not there, or themselves; bundles of bundles, and those that do not do what their parts do."""
    by_key = {t.key: t for t in treatments}
    for t, (stem, nth) in zip(treatments, places, strict=True):
        file = f"treatments/{stem}.toml"

        def problem(field: str, message: str, t: Treatment = t, file: str = file, nth: int = nth) -> Problem:
            return Problem(file, source.line(file, "treatment", nth, field), f"{t.key}.{field}", message)

        named = [("excludes", key) for key in t.excludes] + [("requires", key) for key in t.requires]
        named += [("bundle", key) for key in t.bundle] + ([("follows", t.follows.after)] if t.follows else [])
        for field, key in named:
            messages: list[str] = []
            if key not in by_key:
                messages = [_nothing(key, by_key)]
            elif key == t.key:
                messages = ["it names itself"]
            elif field == "bundle" and (by_key[key].bundle or by_key[key].subject != t.subject):
                messages = [f"{key} is a bundle itself, or for another subject"]
            elif field == "bundle":
                messages = [*left_out(t, by_key[key])]
            for message in messages:
                yield problem(field, message)
        if parts := members_of(t, by_key):
            for message in short_of(t, parts):
                yield problem("bundle", message)
            if t.fulfilment.kind in WORK and len(work := work_of(t, parts)) > LONGEST_WORK:
                yield problem("bundle", f"its work in words has {len(work)} characters; at most {LONGEST_WORK}")


def _nothing(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"nothing is called {name}" + (f"; did you mean {near[0]}?" if near else "")


def _wrong(t: Treatment, pack: Pack) -> Iterator[tuple[str, str]]:
    yield from _figures(t, pack)
    yield from _expressions(t, pack)
    yield from _words(t, pack)
    yield from input_faults(t, pack)


def _figures(t: Treatment, pack: Pack) -> Iterator[tuple[str, str]]:
    for extra in set(t.objectives) - set(pack.objectives):
        yield "objectives", f"{extra} is no objective of the matrix"
    if sum(t.objectives.values()) > 1 + 1e-9:
        yield "objectives", f"the scores sum to {sum(t.objectives.values()):g}; at most 1 is allowed"
    if not t.objectives.get(t.objective):
        yield "objective", f"{t.objective} is the main objective but has no score"
    for intent in set(t.resolves) - set(pack.intents):
        yield "resolves", f"{intent} is no intent of this pack"
    if t.purpose not in {p.key for p in pack.purposes}:
        yield "purpose", f"{t.purpose} is no purpose of this pack"
    marked = sum(term.concession for term in t.term)
    if t.concession and marked != 1:
        yield (
            "concession",
            f"a concession names its money in exactly one term with concession = true; here are {marked}",
        )
    if marked and not t.concession:
        yield "concession", "a term is marked as concession, the treatment is not"
    if any(term.concession and term.unit != "money" for term in t.term):
        yield "concession", "the term that is a concession must be money"
    if len({term.key for term in t.term}) != len(t.term):
        yield "term", "two terms share a key"
    yield from _fulfilment(t, pack)
    for term in t.term:
        beyond = [bound for own in term.authority for bound in (own.low, own.high)]
        for bound in (term.authority_low, term.authority_high, *beyond):
            if bound is not None and not (
                (term.low is None or term.low <= bound) and (term.high is None or bound <= term.high)
            ):
                yield f"term.{term.key}", "an agent's authority must lie between low and high"
        yield from ((f"term.{term.key}", why) for why in _by_role(term))
        if term.alterable and term.unit == "text":
            yield f"term.{term.key}", "a text cannot be altered between bounds"
    for use in t.use:
        if use.budget not in {b.key for b in pack.budgets}:
            yield "use", _nothing(use.budget, {b.key for b in pack.budgets})
        if use.term and use.term not in (money := {term.key for term in t.term if term.unit == "money"}):
            yield "use", _nothing(use.term, money)
    if len({use.budget for use in t.use}) != len(t.use):
        yield "use", "one budget is named twice"
    if t.subject and t.subject not in pack.holding_names:
        yield "subject", _nothing(t.subject, pack.holding_names)


def _by_role(term: Term) -> Iterator[str]:
    """What is wrong with the authority that single roles have: it goes beyond everybody's, and is used."""
    if term.authority and not term.alterable:
        yield "a role goes further than everybody: say how far that is, by authority_low or authority_high"
        return
    named = [own.role for own in term.authority]
    if len(set(named)) != len(named):
        yield "the authority of one role is said twice"
    for own in term.authority:
        low, high = term.authority_of(own.role)
        narrower = (term.authority_low is not None and low is not None and low > term.authority_low) or (
            term.authority_high is not None and high is not None and high < term.authority_high
        )
        if narrower:
            yield f"the authority of {own.role} is less than everybody's"


def _fulfilment(t: Treatment, pack: Pack) -> Iterator[tuple[str, str]]:
    act, money = t.fulfilment, {term.key for term in t.term if term.unit == "money"}
    if act.kind == "credit" and act.term not in money:
        yield "fulfilment", "a credit names the money term that it books"
    if act.undo_days and act.kind in ("credit", "message"):
        yield "fulfilment", f"a {act.kind} is given once and for all: its undo_days must be 0"
    moves = [*act.becomes.items(), *act.more.items(), *act.less.items()]
    keys = [*act.set, *(key for key, _ in moves)]
    if keys and act.kind != "attributes":
        yield "fulfilment", f"only a fulfilment of kind attributes changes {', '.join(keys)}"
    if not keys and act.kind == "attributes":
        yield "fulfilment", "a fulfilment of kind attributes changes at least one"
    for key in {key for key in keys if keys.count(key) > 1}:
        yield "fulfilment", f"{key} is changed twice"
    for key in keys:
        if key not in pack.attributes:
            yield "fulfilment", f"nothing is called {key}"
        elif key in act.set and (choices := pack.attributes[key].choices) and act.set[key] not in choices:
            yield "fulfilment", f'{key} is never "{act.set[key]}"'
    for key, term in moves:
        attribute = pack.attributes.get(key)
        if attribute is not None and (attribute.type, attribute.unit) != ("number", "money"):
            yield "fulfilment", f"{key} is no amount of money"
        if term not in money:
            yield "fulfilment", f"{key} follows a money term; {term} is none of this treatment"


def _expressions(t: Treatment, pack: Pack) -> Iterator[tuple[str, str]]:
    protected = {a.key: "it is protected" for a in pack.attributes.values() if a.protected}
    benefit = (
        {}
        if t.benefit
        else {
            key: f"{why}; a rule may use it only with `benefit`, the customer's gain in words"
            for key, why in protected.items()
        }
    )
    stated = _STATED if t.concession else {}
    names = {**pack.names, **pack.holding_names.get(t.subject, {})}
    for place in ("eligible", "applicable", "suitable"):
        for message in lint(getattr(t.rules, place).text, names, "bool", {**benefit, **stated}):
            yield place, message
    for place in ("equity", "cost", "experience"):
        for message in lint(getattr(t.value, place).text, names, "number", {**protected, **stated}):
            yield place, message
    for term in t.term:
        for message in lint(
            term.value.text, names, "text" if term.unit == "text" else "number", {**protected, **stated}
        ):
            yield f"term.{term.key}", message
    for use in t.use:
        for message in lint(use.amount.text, names, "number", {**protected, **stated}):
            yield "use", message
    for reason in t.reason:
        for message in lint(reason.when.text, pack.names, "bool", protected):
            yield "reason", message


def _words(t: Treatment, pack: Pack) -> Iterator[tuple[str, str]]:
    """Placeholders that name nothing, and words for the customer that would tell what is not theirs to see."""
    terms = {"name", *(term.key for term in t.term)}
    theirs = terms | {a.key for a in pack.attributes.values() if "customer" in a.visible and not a.protected}
    ours = terms | set(pack.attributes) | set(pack.facts)
    if not any(r.customer and r.when.text == "true" for r in t.reason):
        yield "reason", "the last reason needs words for the customer and no condition, so that there is always one"
    for_customer = [t.fulfilment.promise, *(r.customer for r in t.reason)]
    for_customer += [t.portal.headline, t.portal.body, t.portal.accept] if t.portal else []
    for_customer += [m.text for m in (t.sms, t.email, t.chat, t.branch) if m]
    for text in for_customer:
        for name in set(PLACEHOLDER.findall(text)) - theirs:
            yield "portal", f"{{{name}}} is no term and no attribute that a customer may see"
    if t.everyone and not t.portal:
        yield "everyone", "is read by people who could not take it up: it has no words for the portal"
    for text in (t.everyone.headline, t.everyone.body) if t.everyone else ():
        for name in PLACEHOLDER.findall(text):
            yield "everyone", f"{{{name}}} cannot be filled in: nothing is known of who reads this"
    told = {one.key: one for one in pack.disclosures}
    for key in t.disclosures:
        if key not in told:
            yield "disclosures", _nothing(key, told)
        for name in set(PLACEHOLDER.findall(told[key].wording) if key in told else ()) - theirs:
            yield "disclosures", f"{key}: {{{name}}} is no term and no attribute that a customer may see"
    if len(set(t.disclosures)) != len(t.disclosures):
        yield "disclosures", "one of them is named twice"
    for r in t.reason:
        for name in set(PLACEHOLDER.findall(r.agent)) - ours:
            yield "phone", f"{{{name}}} is no term, attribute or fact"
    if t.phone:
        yield from _script(t, t.phone, ours | scripts.SPOKEN, pack)
    for r in t.reason:
        hidden = [n for n in r.when.names if n in pack.attributes and "customer" not in pack.attributes[n].visible]
        if r.customer and hidden:
            yield "reason", f"its condition reads {', '.join(hidden)}, which the customer may not see"


def _script(t: Treatment, phone: scripts.Phone, names: set[str], pack: Pack) -> Iterator[tuple[str, str]]:
    """What is wrong with what is said aloud: it names nothing that is not there, and nothing that was watched online."""
    unsaid = scripts.watched(pack)
    unsaid |= {term.key for term in t.term if unsaid & set(term.value.names)}
    for message in scripts.wrong(phone, pack):
        yield "phone", message
    for text in phone.texts():
        for name in sorted(set(PLACEHOLDER.findall(text))):
            if name not in names:
                yield "phone", f"{{{name}}} is no term, attribute or fact"
            elif name in unsaid:
                yield "phone", f"{{{name}}} comes of watching the customer online, which is never quoted to them"
