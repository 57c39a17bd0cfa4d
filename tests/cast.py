"""The cast of the tests: who signs in, and what stands in the loaded database."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from backend import db, demo, loading
from backend.people import passwords
from backend.people import service as people
from shared.kernel import clock
from tests.apps import settings_for
from tests.pages import Browser

AGENT = "agent1@demo.example"
SUPERVISOR = "supervisor@demo.example"
AUTHOR = "author@demo.example"
# The customer in the first row of the pack's file.
PORTAL_CUSTOMER = "C371828"
# With us for 72 months, and a history to match.
LOYAL_CUSTOMER = "C117942"
ADMIN = "admin@demo.example"
# The demo has nobody of these roles: whoever tests them adds them.
OTHERS = {"senior_agent": "senior@demo.example", "quality": "quality@demo.example", "read_only": "reader@demo.example"}
PASSWORD = people.DEMO_PASSWORD


def sign_in(browser: Browser, who: str, password: str = PASSWORD) -> Browser:
    """The browser, after signing in by the form as a person would; fails when that was refused."""
    page = browser.get("/sign-in")
    controls = [control for control in page.all("input") if control.get("type", "text") not in ("hidden", "password")]
    secret = page.one("input", type="password").get("name")
    name = controls[0].get("name")
    assert name
    assert secret
    after = page.submit("/sign-in", **{name: who, secret: password})
    assert after.path != "/sign-in", f"{who} could not sign in: {after.text[:300]}"
    return browser


def load_everything(url: str, home: Path) -> None:
    """Fills the open database, which stands at the address, as the demo does: customers, staff, everyone's sign-in."""
    loading.load(demo.PACK, home=home)
    with cheap_hashes():
        demo.prepare(settings_for(url, home))


def add_others() -> None:
    """Somebody of each role of which the demo has nobody; the password is the same."""
    with cheap_hashes(), db.transaction() as session:
        for role, email in OTHERS.items():
            people.create_staff(session, email, f"{role.replace('_', ' ').title()} Person", role, PASSWORD, clock.now())


@contextlib.contextmanager
def cheap_hashes() -> Iterator[None]:
    """Passwords are hashed at next to no cost: people sign in, or fail to, thousands of times in the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield
