"""How a pack dresses the portal: its name, its colours, its tone. Contrast is checked by the formula of WCAG 2.2. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from backend.matrix.parts import Part

Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
_HANDLER = re.compile(r"\son[a-z]+\s*=")
TEXT, SHAPE = 4.5, 3.0
"""The least contrast of text, and of what shows where the focus is or which control is which (WCAG 2.2, 1.4.3 and 1.4.11)."""
GROUNDS = {
    "light": {"ground": "#f5f7f6", "surface": "#ffffff", "sunken": "#eef2f1", "ink": "#14201e", "ink-2": "#465553"},
    "dark": {"ground": "#0f1615", "surface": "#171f1e", "sunken": "#1e2827", "ink": "#e9f0ee", "ink-2": "#b4c2bf"},
}
"""What the portal's own style sheet has beneath and beside a pack's colours."""


class Colours(Part):
    """The one accent, in light or in dark: as a fill and its hover, the words on it, a soft ground, a line, and as words."""

    accent: Colour
    accent_hover: Colour
    accent_ink: Colour
    accent_soft: Colour
    accent_line: Colour
    accent_text: Colour


class Theme(Part):
    """The name over each page, how customers are greeted, and the accent; a file `logo.svg` of the pack stands beside the name."""

    name: str = Field(min_length=1, max_length=40, pattern=r"^[^<>·\"]+$")
    tone: Literal["warm", "formal"] = "warm"
    """Warm greets by the first name, formal by the whole name."""
    light: Colours
    dark: Colours

    def style_sheet(self) -> str:
        """The colours as custom properties, for the portal to serve."""
        light, dark = (
            " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in mode.model_dump().items())
            for mode in (self.light, self.dark)
        )
        return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as "#rrggbb", 1 to 21 (WCAG 2.2, relative luminance)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def theme_faults(theme: Theme) -> Iterator[tuple[str, str]]:
    """Pairs of colours that are too near to each other to be read or seen: (where, what is wrong)."""
    for mode, colours in (("light", theme.light), ("dark", theme.dark)):
        own = {name.replace("_", "-"): value for name, value in colours.model_dump().items()} | GROUNDS[mode]
        for upper, lower, least in _PAIRS:
            found = contrast(own[upper], own[lower])
            if found < least:
                yield f"theme.{mode}", f"{upper} on {lower} has a contrast of {found:.2f}; at least {least:g} is needed"


def logo_faults(text: str) -> Iterator[str]:
    """What a picture that is served to everybody must not hold."""
    lowered = text.lower()
    if "<svg" not in lowered:
        yield "this is no SVG picture"
    if _HANDLER.search(lowered) or any(word in lowered for word in _ACTS):
        yield "a logo holds nothing that acts, and nothing that is fetched from elsewhere"


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


_ACTS = ("<script", "<foreignobject", "<!entity", "javascript:", 'href="http', "href='http", "url(http")
_PAIRS = (
    ("accent-ink", "accent", TEXT),
    ("accent-ink", "accent-hover", TEXT),
    ("accent-text", "ground", TEXT),
    ("accent-text", "surface", TEXT),
    ("accent-text", "sunken", TEXT),
    ("accent-text", "accent-soft", TEXT),
    ("ink", "accent-soft", TEXT),
    ("ink-2", "accent-soft", TEXT),
    ("accent", "ground", SHAPE),
    ("accent", "surface", SHAPE),
)
