"""Formats numbers, times and names for tables and pictures."""

from __future__ import annotations

MISSING = "–"


def percent(fraction: float | None, digits: int = 1) -> str:
    """Format a fraction as per cent without the sign: 0.523 gives "52.3"."""
    return MISSING if fraction is None else f"{100 * fraction:.{digits}f}"


def interval(bounds: tuple[float | None, float | None] | None, digits: int = 1) -> str:
    """Format a 95 % interval of a fraction in per cent, "[48.1, 56.4]"; empty without an interval."""
    if bounds is None or None in bounds:
        return ""
    return f"[{percent(bounds[0], digits)}, {percent(bounds[1], digits)}]"


def amount(number: float | None) -> str:
    """Format a positive number with three significant digits, and thousands separators from 10,000 on."""
    if number is None:
        return MISSING
    if number >= 9999.5:
        return f"{float(f'{number:.3g}'):,.0f}"
    # "#" keeps trailing zeros, which are significant, but also a trailing point.
    return f"{number:#.3g}".rstrip(".") if number < 999.5 else f"{number:.0f}"


def clock(seconds: float, hours: bool = False) -> str:
    """Format a time in a video as mm:ss, or as h:mm:ss."""
    whole = round(seconds)
    if hours:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60:02d}:{whole % 60:02d}"


def printable(text: str) -> str:
    """Replace characters that cannot be printed, such as line breaks and escape codes, by spaces."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
