"""The face that a customer gets while experiments run: their arms' catalogues and levers, the same in every channel. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from backend.engine.catalogue import Catalogue
from backend.engine.facts import Configuration
from backend.engine.ruling import Ranked
from backend.proving.rules import Arm, Experiment, arm_in, group_in, rule_of


def groups_of(
    configuration: Configuration, customer_id: str, stored: Mapping[str, str], segments: Collection[str]
) -> dict[str, str]:
    """Holdout or experiment → the customer's group, of those in which they have one: as it was written down, else as it would be."""
    found = {}
    for holdout in configuration.catalogue.pack.holdouts:
        group = group_in(holdout, customer_id, stored, segments)
        if group is not None:
            found[rule_of(holdout)] = group
    for experiment in configuration.experiments:
        arm = arm_in(experiment, customer_id, stored, segments)
        if arm is not None:
            found[experiment.rule] = arm
    return found


def faced(configuration: Configuration, groups: Mapping[str, str]) -> Configuration:
    """What is published, as a customer of these groups gets it."""
    if not configuration.experiments:
        return configuration
    return with_arms(configuration, {e.key: groups[e.rule] for e in configuration.experiments if e.rule in groups})


def with_arms(configuration: Configuration, arms: Mapping[str, str]) -> Configuration:
    """What is published, for a customer in these arms. A stopped arm changes nothing; they stay counted with it.

    Of a treatment that several arms change, the last has its way: experiments that overlap do not run together.
    """
    if not arms:
        return configuration
    base, levers = configuration.catalogue, dict(configuration.levers)
    catalogue = base
    changed: dict[str, int] = {}
    for experiment, arm in _taken(configuration.experiments, arms):
        for treatment, factor in arm.levers:
            levers[treatment] = levers.get(treatment, 1.0) * factor
        if arm.version is None:
            continue
        if experiment.treatments:
            changed |= dict.fromkeys(experiment.treatments, arm.version)
        else:
            catalogue = configuration.older[arm.version]
    if changed:
        catalogue = _composed(base, changed, configuration)
    older = configuration.older
    if catalogue.version != base.version:
        older = {**older, base.version: base}
    return replace(configuration, catalogue=catalogue, older=older, levers=levers, arms=dict(arms), base=base)


def met_by(met: Mapping[str, str], ranked: Iterable[Ranked], configuration: Configuration) -> Mapping[str, str]:
    """What was met, with the experiments in which the customer counts from this decision on."""
    if not configuration.arms:
        return met
    found, new = dict(met), {r.treatment for r in ranked if not r.live}
    for experiment in configuration.experiments:
        arm = configuration.arms.get(experiment.key)
        if arm is not None and (experiment.trigger == "decision" or new & {*experiment.treatments}):
            found[experiment.rule] = arm
    return found


def _taken(experiments: Iterable[Experiment], arms: Mapping[str, str]) -> Iterable[tuple[Experiment, Arm]]:
    for experiment in experiments:
        arm = experiment.arm(arms.get(experiment.key, ""))
        if arm is not None and not arm.stopped:
            yield experiment, arm


def _composed(base: Catalogue, changed: Mapping[str, int], configuration: Configuration) -> Catalogue:
    """The catalogue in force with these treatments as other versions have them; made once for all customers who get it."""
    known: dict[tuple[tuple[str, int], ...], Catalogue] = base.worked_out.setdefault("composed", {})
    name = tuple(sorted(changed.items()))
    found = known.get(name)
    if found is None:
        if len(known) >= MOST_KNOWN:
            known.clear()
        sources = {key: configuration.older[version] for key, version in changed.items()}
        found = known[name] = base.composed(sources)
    return found


MOST_KNOWN = 64
"""Combinations of arms whose catalogues are kept."""
