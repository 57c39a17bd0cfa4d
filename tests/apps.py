"""The three apps as tests make them: each on a database that is named, with settings read as in production."""

import importlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache

from backend import settings
from tests.databases import SHARED

FACTORIES = {
    "api": ("backend.app", "create_api"),
    "desk": ("agent_ui.app", "create_desk"),
    "portal": ("selfservice_ui.app", "create_portal"),
}
APPS = tuple(FACTORIES)


def settings_for(url: str, home: Path, **more: str) -> settings.Settings:
    """The settings of a test: as from an environment with these variables and no other."""
    environment: Mapping[str, str] = {
        "EVENHAND_ENV": "test",
        "EVENHAND_HOME": str(home),
        "EVENHAND_DATABASE_URL": url,
        **more,
    }
    return settings.read(environment)


def create(name: str, url: str, home: Path, **more: str) -> Flask:
    """The app of this name; `more`: variables of its environment."""
    module, factory = FACTORIES[name]
    app: Flask = getattr(importlib.import_module(module), factory)(settings_for(url, home, **more))
    # A stream tells what was missed, and ends.
    app.config["STREAM_SECONDS"] = 0
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(_templates())
    return app


@lru_cache
def _templates() -> str:
    """Where compiled templates are kept for the next app: each test makes its own, and compiling was a third of its time."""
    folder = Path(os.environ[SHARED]) / "templates"
    folder.mkdir(exist_ok=True)
    return str(folder)
