"""How numbers, times and names are written in tables and pictures."""

from __future__ import annotations

MISSING = "–"


def percent(fraction: float | None, digits: int = 1) -> str:
    """Write a fraction as per cent without the sign, 0.523 as "52.3"."""
    return MISSING if fraction is None else f"{100 * fraction:.{digits}f}"


def interval(bounds: tuple[float | None, float | None] | None, digits: int = 1) -> str:
    """Write a 95 % interval of a fraction in per cent, "[48.1, 56.4]", or nothing where there is none."""
    if bounds is None or None in bounds:
        return ""
    return f"[{percent(bounds[0], digits)}, {percent(bounds[1], digits)}]"


def amount(number: float | None) -> str:
    """Write a positive number to three significant digits, with thousands marked from 10,000 on."""
    if number is None:
        return MISSING
    if number >= 9999.5:
        return f"{float(f'{number:.3g}'):,.0f}"
    # "#" keeps trailing zeros, which are significant; it also keeps a bare point.
    return f"{number:#.3g}".rstrip(".") if number < 999.5 else f"{number:.0f}"


def clock(seconds: float, hours: bool = False) -> str:
    """Write a time in a video as mm:ss, or as h:mm:ss."""
    whole = round(seconds)
    if hours:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60:02d}:{whole % 60:02d}"


def printable(text: str) -> str:
    """Replace what would move the cursor or cannot be drawn, such as line breaks and escape codes."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
