"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass

STATES = ("ok", "note", "missing")
"""Fine; worth knowing, but nothing is lacking; needed and not there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table.

    Attributes:
        part: Heading it stands under.
        what: What was checked.
        state: One of ``STATES``.
        detail: What was found and, where it is missing, what to do.
    """

    part: str
    what: str
    state: str
    detail: str

    def __post_init__(self) -> None:
        """Refuse unknown states."""
        if self.state not in STATES:
            raise ValueError(f"state of a finding must be one of {', '.join(STATES)}, got {self.state!r}")
