"""A model of the ledger, and a machine that drives the product and the model through the same lives."""

import pytest

pytest.register_assert_rewrite("tests.stateful.machine")
