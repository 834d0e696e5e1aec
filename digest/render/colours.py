"""Contrast of two colours, and an accent made lighter or darker until it can be read. Only this module imports coloraide.

Contrast is that of WCAG 2.2 (success criterion 1.4.3); an accent is lightened in OKLCH (Ottosson, 2020), which keeps its hue.
"""

from collections.abc import Sequence

MIN_CONTRAST = 4.5  # of text of any size (WCAG 2.2, success criterion 1.4.3, level AA)
_STEP = 0.01  # of lightness, which is from 0 to 1


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours in hexadecimal form, from 1 to 21."""
    from coloraide import Color  # noqa: PLC0415  90 ms that a newsletter with the theme's own accent need not wait

    return float(Color(one).contrast(Color(other), method="wcag21"))


def nearest_readable(accent: str, grounds: Sequence[str]) -> str:
    """Return the accent, made lighter on dark grounds and darker on light ones until it can be read on all of them."""
    from coloraide import Color  # noqa: PLC0415

    colour = Color(accent).convert("oklch")
    step = _STEP if contrast(grounds[0], "#000000") < contrast(grounds[0], "#ffffff") else -_STEP
    while min(contrast(_hexadecimal(colour), ground) for ground in grounds) < MIN_CONTRAST and 0 <= colour["l"] + step <= 1:
        colour["l"] += step
    return _hexadecimal(colour)


def readable_on(background: str, choices: Sequence[str]) -> str:
    """Return the one of some colours that is read best on a background."""
    return max(choices, key=lambda colour: contrast(colour, background))


def _hexadecimal(colour: object) -> str:
    return str(colour.convert("srgb").fit(method="oklch-chroma").to_string(hex=True))  # type: ignore[attr-defined]
