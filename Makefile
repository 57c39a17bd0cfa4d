# All that a fresh machine needs: git, make and Python 3.11 or newer. Works with GNU make 3.81 and a plain /bin/sh.
SHELL = /bin/sh
export PYTHON

.PHONY: help demo test lint fmt words lock clean venv venv-dev browser

help:
	@echo 'make demo    build what is missing and serve Evenhand, with its sample customers, on 127.0.0.1:8000'
	@echo 'make test    every check: lint, types, floors, tests on SQLite and PostgreSQL, journeys in a browser'
	@echo 'make lint    the quick checks alone (ruff, mypy, import-linter)'
	@echo 'make fmt     format the code'
	@echo 'make words   bring the catalogues of translations up to date with the sentences in the code'
	@echo 'make lock    resolve the dependencies anew into requirements.txt and requirements-dev.txt'
	@echo 'make clean   remove .venv and what the tools left; the data in var/ stays'

demo: venv
	@exec .venv/bin/evenhand demo

test: venv-dev browser
	@exec sh .build/test.sh

lint: venv-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

fmt: venv-dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

words: venv-dev
	.venv/bin/python -m tests.wording

lock: venv
	@sh .build/lock.sh

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis test-results uv.lock

venv:
	@sh .build/venv.sh requirements.txt

venv-dev:
	@sh .build/venv.sh requirements-dev.txt

browser: venv-dev
	@sh .build/browser.sh
