"""Commands that decide, replay and compare: `check`, `decide`, `replay`, `parity`."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import Session

from backend import db, loading
from backend.catalogue import service as catalogues
from backend.commands.console import connect, out, tell, tracked
from backend.knowledge import service as knowledge
from backend.matrix import service as matrix
from backend.matrix.service import PackError
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.views import decided_json
from shared.kernel import clock
from shared.kernel.errors import Conflict, NotFound

commands = typer.Typer()
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


@commands.command()
def check(pack: Annotated[str, typer.Argument(help="A pack's name or folder.")], as_json: Json = False) -> None:
    """Says what is wrong with a pack, with file and line; exit 1 when anything is. Warnings keep nothing from being published."""
    folder = matrix.folder_of(pack)
    problems, warnings = catalogues.check_pack(folder), catalogues.pack_warnings(folder)
    with contextlib.suppress(PackError):
        read = matrix.load_pack(folder)
        problems += loading.check_mappings(folder, read)
        articles, wrong = knowledge.read_articles(folder, read)
        problems += wrong
        warnings += knowledge.hard_to_read(articles)
    for problem in problems:
        tell(str(problem))
    for warning in warnings:
        tell(f"warning: {warning}")
    tell(
        f"{pack}: {len(problems)} problem{'s' * (len(problems) != 1)}, {len(warnings)} warning{'s' * (len(warnings) != 1)}."
    )
    if as_json:
        out({"pack": pack, "problems": [vars(p) for p in problems], "warnings": [vars(w) for w in warnings]})
    raise typer.Exit(1 if problems else 0)


@commands.command()
def decide(
    customer: Annotated[str, typer.Argument(help="A customer's id, number, e-mail or phone number.")],
    channel: Annotated[str, typer.Option(help="The channel that asks.")] = "phone",
    as_json: Json = False,
) -> None:
    """Decides for a customer, stores the decision when none stands, and prints it."""
    connect()
    now = clock.now()
    with db.reading() as session:
        channels = [known.key for known in catalogues.pack_in_force(session).channels]
    if channel not in channels:
        raise typer.BadParameter(f"There is no channel {channel}; there are {', '.join(channels)}.")
    decided = treatments.decide(_customer(customer), now)
    rows, withheld = treatments.by_id(decided.offers), treatments.withheld_of(decided)
    answer = decided_json(decided, rows, withheld, channel, 100)
    for item in answer["treatments"]:
        tell(
            f"{item['rank']:>2}. {item['rendering']['headline']}  [{item['treatment']}]  priority {item['priority']:.4f}"
        )
    for item in answer["withheld"]:
        tell(f" -  {item['treatment']}: {item['step']}: {item['detail'] or item['rule']}")
    if as_json:
        out(answer)


@commands.command()
def replay(
    decision: Annotated[str | None, typer.Argument(help="A decision's id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Replay every stored decision.")] = False,
    as_json: Json = False,
) -> None:
    """Makes stored decisions again from what was stored; exit 1 when one comes out different. It writes nothing."""
    connect()
    if (decision is None) == (not every):
        raise typer.BadParameter("Name one decision, or say --all.")
    with db.reading() as session:
        chosen = treatments.all_ids(session) if every else [_uuid(str(decision))]
    differing: list[dict[str, Any]] = []
    for decision_id in tracked(chosen, "Replaying"):
        with db.reading() as session:
            result = treatments.replay(session, decision_id)
        if not result.identical:
            differing.append({"decision_id": str(decision_id), "differences": list(result.differences)})
            tell(f"{decision_id}: {'; '.join(result.differences)}")
    tell(f"{len(chosen)} replayed, {len(differing)} different.")
    if as_json:
        out({"replayed": len(chosen), "identical": not differing, "differing": differing})
    raise typer.Exit(1 if differing else 0)


@commands.command()
def parity(
    customers: Annotated[int | None, typer.Option(min=1, help="How many customers to compare; all by default.")] = None,
    as_json: Json = False,
) -> None:
    """Compares what every channel would show, customer by customer; exit 1 on a difference. It writes nothing."""
    connect()
    now = clock.now()
    with db.reading() as session:
        channels = [c.key for c in catalogues.pack_in_force(session).channels]
        chosen = _customers(session, customers)
    compared = same_first = moving = 0
    differences: list[str] = []
    for customer_id in tracked(chosen, "Comparing"):
        try:
            views, found = treatments.compare_channels(customer_id, channels, now)
        except Conflict:
            moving += 1
            continue
        compared += len(channels) * (len(channels) - 1) // 2
        firsts = {v.channel: v.shown[0].treatment if v.shown else None for v in views}
        same_first += firsts.get("phone") is not None and firsts.get("phone") == firsts.get("portal")
        differences += [f"{customer_id}: {what}" for what in found]
    for line in differences[:100]:
        tell(line)
    share = same_first / len(chosen) if chosen else 0.0
    tell(
        f"{len(chosen)} customers, {compared} pairs of channels, {len(differences)} differences; the same first by phone and portal for {share:.1%}."
    )
    if moving:
        tell(f"{moving} customers were in the middle of something, and were not compared.")
    if as_json:
        out(
            {
                "customers": len(chosen) - moving,
                "compared": compared,
                "differences": len(differences),
                "same_first_share": share,
                "details": differences[:100],
            }
        )
    raise typer.Exit(1 if differences else 0)


def _customer(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        pass
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, text) or profiles.owner(session, "phone", text)
    if found is None:
        raise NotFound(f"There is no customer {text}.")
    return found


def _customers(session: Session, most: int | None) -> list[UUID]:
    """The first customers by number."""
    found: list[UUID] = []
    cursor = None
    while most is None or len(found) < most:
        page = profiles.search(session, limit=100, cursor=cursor)
        found += [match.id for match in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    return found[:most]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no id of a decision.") from None
