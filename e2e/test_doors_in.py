"""What comes in by the other doors, seen at the desk: files through a mapping, and calls as a telephone bridge tells of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Page, expect
from zammad_cti import CTIClient

from e2e.people import Person
from e2e.servers import Server, environment, free_port
from e2e.steps import at_the_desk, ready, timeline
from e2e.telephone import Telephone
from tests.cast import ADMIN

Visit = Callable[..., Page]
SOON = 5_000
CRM = (
    "Kundennummer;Vorname;Nachname;Telefon;E-Mail;Geburtsdatum;Konto;Vertrag;Monate;Monatspreis;Werbung per E-Mail;Farbe\n"
    "K-901;Anna;Groß;+49 30 5557 1690;anna.gross@example.org;03.04.1980;X901;zwei Jahre;14;50,85;ja;rot\n"
    "K-902;Bert;Ohne;+49 30 5557 1691;bert@example.org;31.02.1980;X902;monatlich;2;20,5;nein;\n"
)
TICKETS = 'customer,ticket,opened,via,topic\nK-901,T901,2026-11-02 22:30,phone,"Slow, very"\n'


def test_files_of_two_systems_are_one_customer_at_the_desk(visit: Visit, server: Server, tmp_path: Path) -> None:
    for name, text in (("crm", CRM), ("tickets", TICKETS)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    given = [
        f"{option}={value}"
        for name in ("crm", "tickets")
        for option, value in (("--customers", tmp_path / f"{name}.csv"), ("--mapping", name))
    ]
    command = [str(Path(sys.executable).with_name("evenhand")), "load", "telecom", *given, "--json"]
    named = environment(server.database_url, server.log.parent, free_port())
    done = subprocess.run(command, env=named, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3, done.stderr[-2000:]
    assert "31.02.1980" in done.stderr, "the row that is wrong is named, the others load"
    assert json.loads(done.stdout.splitlines()[-1])

    desk = visit()
    at_the_desk(desk, ADMIN)
    desk.locator("#query").fill("K-901")
    desk.get_by_role("button", name="Search").click()
    expect(desk).to_have_url(re.compile("/desk/(search|customers/.*)$"))
    if desk.url.endswith("/desk/search"):
        desk.get_by_role("link", name="Anna Groß").first.click()
    expect(desk.locator("h1")).to_have_text("Anna Groß")
    expect(desk.locator("#who")).to_contain_text("Two year")
    expect(timeline(desk).filter(has_text="Slow, very").first).to_be_visible()


def test_a_call_is_put_through_with_all_that_was_noted(visit: Visit, person: Person, telephone: Telephone) -> None:
    first, second = visit(), visit()
    for page, agent in ((first, "agent1@demo.example"), (second, "agent2@demo.example")):
        at_the_desk(page, agent)
        ready(page)
    bridge, number, call = CTIClient(url=telephone.door), person.phone.removeprefix("+"), uuid4().hex
    telephone.follows(call)
    line = "12025550100"
    bridge.new_call(_from=number, to=line, direction="in", call_id=call, user="agent1")
    expect(first.locator("h1")).to_have_text(person.name, timeout=SOON)
    bridge.answer(_from=number, to=line, direction="in", call_id=call, user="agent1")
    expect(first.locator("#my-state")).to_contain_text("On a call", timeout=SOON)
    notes = first.locator("textarea[name='notes']")
    notes.fill("Router blinks red.")
    with first.expect_response(lambda answer: answer.url.endswith("/notes") and answer.ok):
        notes.blur()

    bridge.answer(_from=number, to=line, direction="in", call_id=call, user="agent2")
    expect(second.locator("#my-state")).to_contain_text("On a call", timeout=SOON)
    expect(second.locator("h1")).to_have_text(person.name, timeout=SOON)
    expect(second.locator("textarea[name='notes']")).to_have_value("Router blinks red.")
    expect(timeline(second).filter(has_text="from Avery Quinn to Noor Haddad").first).to_be_visible()
    expect(first.locator("#my-state")).not_to_contain_text("On a call", timeout=SOON)
    bridge.hangup(_from=number, to=line, direction="in", call_id=call, cause="normalClearing")
    expect(second.locator("#my-state")).to_contain_text("Wrapping up", timeout=SOON)
