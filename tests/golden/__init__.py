"""Golden decisions: what each release decided for a few hundred made-up customers, kept for good and replayed by every later one.

One file per engine version, `engine-N.json.xz`: the catalogue's whole text, and of each decision its inputs and its result. They
are never made anew for a version that was released; when ENGINE_VERSION is raised,

    python -m tests.golden.making

writes the file of the new version beside the old ones. What then comes out differently for the old ones is declared, with the
reason, in `declared.py`; anything else that differs fails the test.
"""
