"""Settings stop the start with the variable's name and what it may be."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend import settings
from backend.settings import SettingsError

SECRET = "x" * 32


def test_nothing_set_is_a_demo_under_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read = settings.read({"PATH": "/bin"})
    assert (read.home, read.port, read.env) == (tmp_path / "var", 8000, "demo")
    assert read.database_url == f"sqlite:///{tmp_path}/var/evenhand.sqlite3"
    assert not read.secure_cookies


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("EVENHAND_PORT", "80a", "1 to 65535"),
        ("EVENHAND_PORT", "0", "1 to 65535"),
        ("EVENHAND_PORT", "65536", "1 to 65535"),
        ("EVENHAND_PORT", "", "1 to 65535"),
        ("EVENHAND_PORT", "٣", "1 to 65535"),
        ("EVENHAND_ENV", "prod", "demo, production, test"),
        ("EVENHAND_ENV", "", "demo, production, test"),
        ("EVENHAND_DATABASE_URL", "mysql://a/b", "postgresql+psycopg://"),
        ("EVENHAND_DATABASE_URL", "postgresql://a/b", "postgresql+psycopg://"),
        ("EVENHAND_DATABASE_URL", "postgresql+psycopg://host", "names no database"),
        ("EVENHAND_DATABASE_URL", "sqlite://", "must be a file"),
        ("EVENHAND_DATABASE_URL", "sqlite:///:memory:", "must be a file"),
        ("EVENHAND_DATABASE_URL", "nonsense", "postgresql+psycopg://"),
        ("EVENHAND_SECRET", "short", "32 characters"),
        ("EVENHAND_SMS_DOMAIN", "sms gateway", "domain of a gateway"),
        ("EVENHAND_SMS_DOMAIN", "sms.example", "EVENHAND_SMTP_URL"),
        ("EVENHAND_ADDRESS", "my.example", "https://HOST"),
        ("EVENHAND_ADDRESS", "https://my.example/portal", "https://HOST"),
        ("EVENHAND_ADDRESS", "https://me:word@my.example", "https://HOST"),
        ("EVENHAND_ADDRESS", "https://my.example:x", "https://HOST"),
        ("EVENHAND_ADDRESS", "https://my example", "https://HOST"),
    ],
)
def test_a_wrong_value_is_named_with_what_it_may_be(tmp_path: Path, name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.read({"EVENHAND_HOME": str(tmp_path), name: value})
    assert name in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("", "http://127.0.0.1:8000"),
        ("https://My.Example/", "https://my.example"),
        ("https://my.example:443", "https://my.example"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_the_address_of_the_portal_has_one_spelling(tmp_path: Path, value: str, address: str) -> None:
    assert settings.read({"EVENHAND_HOME": str(tmp_path), "EVENHAND_ADDRESS": value}).address == address


def test_in_production_people_reach_the_portal_by_tls(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="begins with https"):
        settings.read(
            {"EVENHAND_HOME": str(tmp_path), "EVENHAND_ENV": "production", "EVENHAND_SECRET": SECRET}
            | {"EVENHAND_ADDRESS": "http://my.example"}
        )


def test_a_misspelt_name_is_told_its_neighbour(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"EVENHAND_PROT is not a setting\. Did you mean EVENHAND_PORT"):
        settings.read({"EVENHAND_HOME": str(tmp_path), "EVENHAND_PROT": "1"})


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(SettingsError, match="EVENHAND_HOME may be a folder"):
        settings.read({"EVENHAND_HOME": str(tmp_path / "home")})


def test_production_needs_a_secret_of_its_own(tmp_path: Path) -> None:
    production = {"EVENHAND_HOME": str(tmp_path), "EVENHAND_ENV": "production"}
    with pytest.raises(SettingsError, match="EVENHAND_SECRET must be set"):
        settings.read(production)
    assert not (tmp_path / "secret").exists()
    read = settings.read({**production, "EVENHAND_SECRET": SECRET})
    assert read.secure_cookies


def test_processes_that_start_together_agree_on_one_secret_that_only_its_owner_reads(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: settings.read({"EVENHAND_HOME": str(tmp_path / "new")}).secret, range(16)))
    assert len(made) == 1
    assert stat.S_IMODE((tmp_path / "new" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret"]


def test_a_damaged_secret_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with pytest.raises(SettingsError, match="is damaged"):
        settings.read({"EVENHAND_HOME": str(tmp_path)})


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    url = "postgresql+psycopg://me:hidden@host/name"
    read = settings.read({"EVENHAND_HOME": str(tmp_path), "EVENHAND_SECRET": SECRET, "EVENHAND_DATABASE_URL": url})
    assert SECRET not in repr(read)
    assert "hidden" not in repr(read)


def test_a_single_sign_on_is_read_from_one_address_and_its_secret_is_never_told(tmp_path: Path) -> None:
    told = {"EVENHAND_STAFF_SIGN_ON": "https://desk:s%2Fecret@login.example/realms/staff/?name=Acme&only=1"}
    found = settings.read({"EVENHAND_HOME": str(tmp_path), **told}).staff_sign_on
    assert found == settings.SignOn("https://login.example/realms/staff", "desk", "s/ecret", "Acme", only=True)
    assert "ecret" not in repr(found)


@pytest.mark.parametrize(
    "wrong",
    [
        "https://login.example?name=Acme",
        "https://desk:secret@login.example",
        "https://desk:secret@login.example?name=Acme&else=1",
        "https://desk:secret@login.example?name=Acme&only=yes",
        "http://desk:secret@login.example?name=Acme",
        "https://desk:secret@login.example:0x?name=Acme",
        "nonsense",
    ],
)
def test_what_is_no_single_sign_on_is_refused_without_its_secret(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(settings.SettingsError) as refused:
        settings.read({"EVENHAND_HOME": str(tmp_path), "EVENHAND_STAFF_SIGN_ON": wrong})
    assert "EVENHAND_STAFF_SIGN_ON may be https://CLIENT:SECRET@ISSUER" in str(refused.value)
    assert "secret@" not in str(refused.value)


def test_customers_keep_their_other_ways_in(tmp_path: Path) -> None:
    only = "https://my:secret@login.example?name=Acme&only=1"
    with pytest.raises(settings.SettingsError):
        settings.read({"EVENHAND_HOME": str(tmp_path), "EVENHAND_CUSTOMER_SIGN_ON": only})
