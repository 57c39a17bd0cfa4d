"""Addresses for templates: a page of the desk names a hundred, most of them of the same few shapes."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from flask import Flask, request

MOST_SHAPES = 2_000
_MARKS = tuple(uuid4() for _ in range(8))
"""Stand for the ids in an address of a shape; drawn anew by each process, so that nobody can name one."""
_MARK_TEXTS = tuple(map(str, _MARKS))


def install_addresses(app: Flask) -> None:
    """Gives templates a `url_for` that gives what the app's own does, which works each address out from the rules anew.

    An address is worked out once per process for each endpoint and its values other than ids; then ids are put into it.
    """
    shapes: dict[tuple[Any, ...], str] = {}

    def url_for(endpoint: str, **values: Any) -> str:
        ids = [name for name, value in values.items() if value.__class__ is UUID]
        others = [(name, value) for name, value in values.items() if value.__class__ is not UUID]
        # An endpoint that begins with a dot is of the blueprint that answers.
        near = request.blueprint if endpoint[:1] == "." else None
        key = (request.script_root, near, endpoint, *ids, *others)
        try:
            shape = shapes.get(key)
        except TypeError:  # a value that is a list has no hash
            return app.url_for(endpoint, **values)
        if shape is None:
            if len(ids) > len(_MARKS):
                return app.url_for(endpoint, **values)
            marked: dict[str, Any] = {**dict(others), **dict(zip(ids, _MARKS, strict=False))}
            shape = app.url_for(endpoint, **marked)
            if len(shapes) >= MOST_SHAPES:
                shapes.clear()
            shapes[key] = shape
        for mark, name in zip(_MARK_TEXTS, ids, strict=False):
            shape = shape.replace(mark, str(values[name]))
        return shape

    app.jinja_env.globals["url_for"] = url_for
