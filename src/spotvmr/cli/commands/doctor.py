"""``spotvmr doctor``: what is installed and works, and what of a data set is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.config import Config
from spotvmr.errors import UserError

if TYPE_CHECKING:
    from spotvmr.doctor import Finding

_NAMING = ("dataset", "experiment")


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Check the installation and the machine, and with ``dataset=NAME`` the data set; print a table.

    Returns:
        ``complete``, ``missing`` and all ``findings``.

    Raises:
        UserError: Something needed is missing; carries the same result for ``--json``.
    """
    from spotvmr.doctor import check_backends, check_dataset, check_machine, check_packages

    folders = {name: Path(getattr(config.paths, name)) for name in ("data", "features", "runs")}
    findings = [*check_packages(), *check_machine(folders), *check_backends()]
    if any(token.partition("=")[0].partition(".")[0] in _NAMING for token in arguments.overrides):
        findings += check_dataset(config)
    missing = [finding for finding in findings if finding.state == "missing"]
    if not arguments.json:
        _print(findings)
    names = [f"{finding.part}: {finding.what}" for finding in missing]
    result: dict[str, Any] = {
        "complete": not missing,
        "missing": names,
        "findings": [asdict(finding) for finding in findings],
    }
    if missing:
        raise UserError(f"missing: {'; '.join(names)}; the table says what to do", result)
    arguments.show("everything needed is there")
    return result


def _print(findings: Sequence[Finding]) -> None:
    from rich.table import Table
    from rich.text import Text

    from spotvmr.report import print_table

    table = Table("what", "state", "found", box=None, pad_edge=False)
    part = ""
    for finding in findings:
        if finding.part != part:
            part = finding.part
            table.add_section()
            table.add_row(Text(part, style="bold"))
        table.add_row(Text(f"  {finding.what}"), finding.state, Text(finding.detail))
    print_table(table)
