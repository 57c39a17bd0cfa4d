"""What is wrong with a pack, said with file and line before anything is published."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from backend.matrix.alerting_checks import alerting_faults
from backend.matrix.casework import casework_faults
from backend.matrix.holding_out import holdout_faults
from backend.matrix.learning import learning_faults
from backend.matrix.quality import quality_faults
from backend.matrix.reading import LOGO, PackError, body_of, pack_from
from backend.matrix.restricting import restricting_faults
from backend.matrix.scoring_checks import scoring_faults
from backend.matrix.talking_checks import talking_faults
from backend.matrix.theming import logo_faults, theme_faults
from backend.matrix.tracking_checks import faults
from backend.matrix.types import Attribute, Cell, CellChange, Pack
from backend.rules.service import Expression, Name, lint


@dataclass(frozen=True)
class Problem:
    """One thing to mend: where it stands, which rule or entry it is, and what is wrong."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Source:
    """The text of a pack's files, to find the line of an entry's field."""

    texts: Mapping[str, list[str]]

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Source:
        return cls({name: text.splitlines() for name, text in texts.items()})

    def line(self, file: str, table: str, nth: int, field: str = "") -> int:
        """The line of the field in the nth entry of the table, or of the entry where the field is not found."""
        seen, start = -1, 1
        for number, text in enumerate(self.texts.get(file, []), 1):
            if text.strip() in (f"[[{table}]]", f"[{table}]"):
                seen += 1
                if seen > nth:
                    break
                start = number if seen == nth else start
            elif seen == nth and field and re.match(rf"\s*{re.escape(field)}\s*=", text):
                return number
        return start


_FILES = {
    "attributes": ("attributes.toml", "attribute"),
    "facts": ("facts.toml", "fact"),
    "holdings": ("holdings.toml", "holding"),
    "caps": ("pack.toml", "cap"),
    "gaps": ("pack.toml", "gap"),
    "budgets": ("pack.toml", "budget"),
    "cells": ("matrix.toml", "cell"),
    "stages": ("matrix.toml", "stage"),
    "channels": ("matrix.toml", "channel"),
    "stage_weights": ("matrix.toml", "stage_weights"),
    "process": ("matrix.toml", "process"),
    "life_cycle": ("lifecycle.toml", "state"),
    "intents": ("intents.toml", "intent"),
    "segments": ("segments.toml", "segment"),
    "churn": ("churn.toml", "term"),
    "services": ("services.toml", "service"),
    "acts": ("acts.toml", "act"),
    "tracking": ("events.toml", "event"),
    "experience": ("experience.toml", "truth"),
    "casework": ("cases.toml", "case_type"),
    "alerting": ("alerts.toml", "alert"),
    "quality": ("quality.toml", "form"),
    "learning": ("learning.toml", "feature"),
    "holdouts": ("holdouts.toml", "holdout"),
}


def check(texts: Mapping[str, str]) -> tuple[Pack | None, list[Problem]]:
    """The pack of these files, where it could be parsed, and all that is wrong with it, treatments left aside."""
    source = Source.of(texts)
    try:
        pack = pack_from(body_of(texts))
    except PackError as e:
        return None, [placed(path, message, source) for path, message in e.places]
    return pack, [
        *_rules(pack, source),
        *_references(pack, source),
        *_segment_cells(pack, source),
        *_acts(pack, source),
        *_theme(pack),
        *(
            Problem(file, source.line(file, table, nth), key, why)
            for file, table, nth, key, why in (
                *faults(pack),
                *scoring_faults(pack),
                *casework_faults(pack.casework),
                *alerting_faults(pack),
                *quality_faults(pack),
                *restricting_faults(pack),
                *learning_faults(pack),
                *holdout_faults(pack),
            )
        ),
    ]


def placed(path: tuple[str | int, ...], message: str, source: Source) -> Problem:
    """What is wrong at this path of the body, with the file and line where it stands."""
    head = str(path[0])
    if head.endswith(".toml"):
        named = re.search(r"line (\d+)", message)
        return Problem(head, int(named.group(1)) if named else 1, "toml", message)
    file, table = _FILES.get(head, ("pack.toml", head))
    nth = next((p for p in path[1:] if isinstance(p, int)), 0)
    if head == "telephony" and len(path) > 2:
        inner = {"skills": "skill", "queues": "queue"}.get(str(path[1]), str(path[1]))
        line = source.line("pack.toml", inner, nth, str(path[-1]))
    elif len(path) > 2 and isinstance(path[1], str) and isinstance(path[2], int):
        line = source.line(file, path[1], path[2], str(path[-1]))
    elif len(path) > 1 and isinstance(path[1], str):
        key = re.compile(rf'\s*(?:key|stage|kind)\s*=\s*"{re.escape(path[1])}"')
        line = next((n for n, t in enumerate(source.texts.get(file, []), 1) if key.match(t)), 1)
    else:
        line = source.line(file, table, nth, str(path[-1]))
    return Problem(file, line, ".".join(map(str, path)), message)


def _rules(pack: Pack, source: Source) -> Iterator[Problem]:
    groups: list[tuple[str, str, Iterable[tuple[str, Expression]], Mapping[str, Name]]] = [
        ("lifecycle.toml", "state", [(s.key, s.rule) for s in pack.life_cycle], pack.profile_names),
        ("segments.toml", "segment", [(s.key, s.rule) for s in pack.segments], pack.segment_names),
        ("pack.toml", "protective", [(s.key, s.rule) for s in pack.protective], pack.segment_names),
    ]
    for file, table, rules, names in groups:
        for nth, (key, rule) in enumerate(rules):
            for message in lint(rule.text, names, "bool"):
                yield Problem(file, source.line(file, table, nth, "rule"), key, message)
    for nth, act in enumerate(pack.acts):
        for message in lint(act.when.text, pack.segment_names, "bool"):
            yield Problem("acts.toml", source.line("acts.toml", "act", nth, "when"), act.key, message)
    for message in lint(pack.services_held.text, pack.segment_names, "bool"):
        yield Problem("services.toml", 1, "held", message)
    if pack.leaving is not None:
        for name, rule in (("runs_days", pack.leaving.runs_days), ("early_cost", pack.leaving.early_cost)):
            for message in lint(rule.text, pack.segment_names, "number"):
                yield Problem("services.toml", source.line("services.toml", "leaving", 0, name), name, message)
    if pack.policies.margin is not None:
        line = source.line("pack.toml", "policies", 0, "margin")
        for message in lint(pack.policies.margin.text, pack.segment_names, "number"):
            yield Problem("pack.toml", line, "policies.margin", message)
    if not pack.life_cycle or pack.life_cycle[-1].rule.text != "true":
        yield Problem("lifecycle.toml", 1, "state", "the last state's rule must be true, so that everyone has a state")


def _theme(pack: Pack) -> Iterator[Problem]:
    for place, message in theme_faults(pack.theme) if pack.theme else ():
        yield Problem("pack.toml", 1, place, message)
    for message in logo_faults(pack.logo) if pack.logo else ():
        yield Problem(LOGO, 1, "logo", message)


def _references(pack: Pack, source: Source) -> Iterator[Problem]:
    """Names that point at nothing, and figures that contradict one another."""
    stages, channels = {s.key for s in pack.stages}, {c.key for c in pack.channels}
    objectives = set(pack.objectives)

    def weights(file: str, table: str, nth: int, rule: str, given: Mapping[str, float]) -> Iterator[Problem]:
        for extra in set(given) - objectives:
            yield Problem(file, source.line(file, table, nth), rule, f"{extra} is no objective of the matrix")
        if not any(given.values()):
            yield Problem(file, source.line(file, table, nth), rule, "has no weight above zero")

    if pack.default_stage not in stages:
        yield Problem("pack.toml", 1, "default_stage", f"{pack.default_stage} is no stage of the matrix")
    if pack.timezone not in zoneinfo.available_timezones():
        yield Problem("pack.toml", 1, "timezone", f"{pack.timezone} is no time zone")
    for nth, cell in enumerate([*pack.cells.values()]):
        where = ("matrix.toml", source.line("matrix.toml", "cell", nth), f"{cell.stage}/{cell.channel}")
        if cell.stage not in stages:
            yield Problem(*where, f"{cell.stage} is no stage")
        if cell.channel not in channels:
            yield Problem(*where, f"{cell.channel} is no channel")
        for extra in cell.objectives - objectives:
            yield Problem(*where, f"{extra} is no objective of the matrix")
        yield from (Problem(*where, message) for message in _interaction(cell, pack))
    hides = pack.masked_contact or any(a.masked for a in pack.attributes.values())
    if hides and not pack.verifications:
        words = "something is masked until the caller is verified, and no [[verification]] says how they are"
        yield Problem("pack.toml", 1, "verification", words)
    for nth, attribute in enumerate(pack.attributes.values()):
        if (attribute.sees or attribute.masked) and "agent" not in attribute.visible:
            line = source.line("attributes.toml", "attribute", nth, "sees" if attribute.sees else "masked")
            yield Problem("attributes.toml", line, attribute.key, "staff never see it: it is not visible to agents")
    for nth, purpose in enumerate(pack.purposes):
        for extra in sorted(set(purpose.channels) - channels):
            line = source.line("pack.toml", "purpose", nth, "channels")
            yield Problem("pack.toml", line, purpose.key, f"{extra} is no channel of the matrix")
    for table, nth, key, message in talking_faults(pack):
        yield Problem("pack.toml", source.line("pack.toml", table, nth), key, message)
    for missing in stages - set(pack.stage_weights):
        yield Problem("matrix.toml", 1, missing, "this stage has no [[stage_weights]]")
    for nth, (stage, given) in enumerate(pack.stage_weights.items()):
        yield from weights("matrix.toml", "stage_weights", nth, stage, given)
    for nth, state in enumerate(pack.life_cycle):
        yield from weights("lifecycle.toml", "state", nth, state.key, state.weights)
    for nth, intent in enumerate(pack.intents.values()):
        yield from weights("intents.toml", "intent", nth, intent.key, intent.weights)
        if intent.stage not in stages:
            yield Problem(
                "intents.toml",
                source.line("intents.toml", "intent", nth, "stage"),
                intent.key,
                f"{intent.stage} is no stage",
            )
    states = {state.key for state in pack.life_cycle}
    for nth, segment in enumerate(pack.segments):
        own = (("stage_weights", stages), ("life_cycle_weights", states), ("intent_weights", set(pack.intents)))
        for field, known in own:
            line = source.line("segments.toml", "segment", nth, field)
            for key, given in getattr(segment, field).items():
                if key not in known:
                    yield Problem("segments.toml", line, f"{segment.key}.{field}", f"nothing is called {key}")
                for extra in set(given) - objectives:
                    yield Problem(
                        "segments.toml", line, f"{segment.key}.{field}", f"{extra} is no objective of the matrix"
                    )
    for table, limits in (("cap", pack.caps), ("gap", pack.gaps)):
        for nth, limit in enumerate(limits):
            if limit.of == "all" and limit.name:
                yield Problem(
                    "pack.toml", source.line("pack.toml", table, nth), f"{table}.{limit.key}", "of all has no name"
                )
    for nth, kind in enumerate(pack.holdings):
        for name in pack.holding_names[kind.key].keys() & pack.names.keys():
            line = source.line("holdings.toml", "holding", nth)
            yield Problem("holdings.toml", line, kind.key, f"{name} has another meaning already")
    for nth, fact in enumerate(pack.facts.values()):
        if sum(map(bool, (fact.of, fact.value, fact.since, fact.experience))) != 1 or bool(fact.of) != bool(
            fact.window
        ):
            yield Problem(
                "facts.toml",
                source.line("facts.toml", "fact", nth),
                fact.key,
                "needs exactly one of: of with window, value, since, experience",
            )
    for nth, service in enumerate(pack.services):
        if service.attribute not in pack.attributes:
            yield Problem(
                "services.toml",
                source.line("services.toml", "service", nth, "attribute"),
                service.key,
                f"nothing is called {service.attribute}",
            )
        for key in (*service.ending.set, *service.ending.less) if service.ending else ():
            if key not in pack.attributes:
                line = source.line("services.toml", "service", nth, "key")
                yield Problem("services.toml", line, service.key, f"ending: nothing is called {key}")
    for key in (*pack.leaving.set, pack.leaving.charge) if pack.leaving else ():
        if key not in pack.attributes:
            yield Problem("services.toml", 1, "leaving", f"nothing is called {key}")
    for nth, term in enumerate(pack.churn.term if pack.churn else ()):
        line = source.line("churn.toml", "term", nth, "attribute")
        if term.attribute not in pack.attributes:
            yield Problem("churn.toml", line, term.attribute, "is no attribute")
        elif pack.attributes[term.attribute].protected:
            yield Problem("churn.toml", line, term.attribute, "is protected: it may enter no score")


def _segment_cells(pack: Pack, source: Source) -> Iterator[Problem]:
    """Cells of segments that lie nowhere, open nothing, or change nothing."""
    stages, channels = {s.key for s in pack.stages}, {c.key for c in pack.channels}
    for nth, segment in enumerate(pack.segments):
        where = ("segments.toml", source.line("segments.toml", "segment", nth))
        places = [(own.stage, own.channel) for own in segment.cell]
        for own in segment.cell:
            rule, place = f"{segment.key}.cell.{own.stage}/{own.channel}", (own.stage, own.channel)
            if own.stage not in stages or own.channel not in channels:
                yield Problem(*where, rule, f"{own.stage}/{own.channel} is no cell of the matrix")
            elif place not in pack.cells and "objectives" not in own.model_fields_set:
                yield Problem(*where, rule, "the base has no such cell: one that a segment opens names its objectives")
            if not own.model_fields_set - {"stage", "channel"}:
                yield Problem(*where, rule, "changes nothing: name what this segment has its own version of")
            if places.count(place) > 1:
                yield Problem(*where, rule, "stands twice in this segment")
            for extra in own.objectives - set(pack.objectives):
                yield Problem(*where, rule, f"{extra} is no objective of the matrix")
            yield from (Problem(*where, rule, message) for message in _interaction(own, pack))


def _interaction(cell: Cell | CellChange, pack: Pack) -> Iterator[str]:
    """What is wrong with a cell's rule and with the stages that it expects next."""
    yield from lint(cell.rule.text, pack.cell_names, "bool")
    for extra in set(cell.next) - {stage.key for stage in pack.stages}:
        yield f"{extra} is no stage"
    if sum(cell.next.values()) > 1 + 1e-9:
        yield f"the probabilities of what comes next sum to {sum(cell.next.values()):g}; at most 1 is allowed"


_TYPES: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "number": (int, float)}


def _acts(pack: Pack, source: Source) -> Iterator[Problem]:
    """Acts that change what nobody can act on, or into what it can never be."""
    for nth, act in enumerate(pack.acts):
        where = ("acts.toml", source.line("acts.toml", "act", nth, "set"), act.key)
        if [a.key for a in pack.acts].count(act.key) > 1:
            yield Problem(*where, "stands twice in this pack")
        for key, value in act.set.items():
            known = pack.attributes.get(key) or pack.facts.get(key)
            if known is None:
                yield Problem(*where, f"nothing is called {key}")
                continue
            if not known.actionable:
                yield Problem(*where, f"{key} is not marked actionable: nobody can act on it")
            if isinstance(known, Attribute) and known.protected:
                yield Problem(*where, f"{key} is protected: no explanation may ask anyone to change it")
            if isinstance(known, Attribute) and known.choices and value not in known.choices:
                yield Problem(*where, f'{key} is never "{value}"')
            if type(value) not in _TYPES.get(known.type, (str,)):
                yield Problem(*where, f"{key} is {known.type}; {value!r} is not")
