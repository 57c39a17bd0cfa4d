"""Where later engines are meant to differ from the golden decisions of earlier ones: engine version → what differs → why."""

from collections.abc import Mapping

DECLARED: Mapping[int, Mapping[str, str]] = {}
