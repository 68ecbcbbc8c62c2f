"""The table of commands. Nothing here imports what a command needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        target: ``module:function`` of its ``run(config, arguments) -> dict``.
        help: One line.
        words: Bare words it takes, such as ``check`` in ``spotvmr demo check``, each with a line of help.
        options: Arguments ``key=value`` that are no settings, such as ``runs=`` of ``report``, each with its line.
    """

    target: str
    help: str
    words: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


COMMANDS: dict[str, Command] = {
    "demo": Command(
        "spotvmr.cli.demo:run",
        "make the generated data set, or check how hard it is",
        words={"check": "train every arm and compare with the gates; takes about an hour on two cores"},
        options={
            "minutes": "make test videos alone, of this length, in a folder of their own",
            "videos": "how many of them (default 1)",
        },
    ),
    "index": Command("spotvmr.cli.index:run", "index and expert features of a data set, computed from its videos"),
    "train": Command("spotvmr.cli.train:run", "the main job: teacher, student with spotter, test, record"),
    "evaluate": Command(
        "spotvmr.cli.evaluate:run",
        "score a trained run again, on any split and at any budget",
        options={"run": "folder of the run; runs/NAME by default", "split": "train, val or test (default)"},
    ),
    "pretrain": Command("spotvmr.cli.pretrain:run", "make the weights of the demo's own encoders again"),
    "bench": Command("spotvmr.cli.bench:run", "how fast the parts are on this machine"),
    "report": Command(
        "spotvmr.cli.report:run",
        "tables and a picture from run records",
        options={
            "runs": "folder searched for record.json and results.jsonl; paths.runs by default",
            "collect": "folder of an experiment whose results.jsonl shall hold these records",
            "picture": "PNG file for R1@0.3 against GFLOPs a query",
            "share": "queries that share a pass over a video in the costs: q1 (default), q10 or all",
        },
    ),
    "config": Command("spotvmr.cli.config:run", "print the resolved settings"),
}
"""Every command by name, in the order ``--help`` shows them."""
