"""A bare Flask page, served as Evenhand is: the measure that our own pages are held against."""

import os
from multiprocessing import set_start_method

from flask import Flask, render_template_string
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from backend.serving import HOST, THREADS, WEB_WORKERS

PAGE = "<!doctype html><html lang=en><title>{{ title }}</title><h1>{{ title }}</h1><p>Nothing is asked, nothing is decided."

app = Flask(__name__)


@app.get("/")
def show() -> str:
    return render_template_string(PAGE, title="A bare page")


def main() -> None:
    """Serves the page until SIGTERM comes."""
    set_start_method("spawn", force=True)
    Server(
        "backend.benching.bare:app", address=HOST, port=int(os.environ["EVENHAND_PORT"]), interface=Interfaces.WSGI,
        workers=WEB_WORKERS, blocking_threads=THREADS, websockets=False, log_level=LogLevels.error,
    ).serve()  # fmt: skip
