"""The three apps as tests make them: each on a database that is named, with settings read as in production."""

import importlib
from collections.abc import Mapping
from pathlib import Path

from flask import Flask

from backend import settings

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


def create(name: str, url: str, home: Path) -> Flask:
    """The app of this name."""
    module, factory = FACTORIES[name]
    app: Flask = getattr(importlib.import_module(module), factory)(settings_for(url, home))
    return app
