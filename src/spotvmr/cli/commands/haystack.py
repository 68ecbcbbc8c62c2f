"""``spotvmr haystack``: long videos with exact moments, stitched from captioned clips."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import number, whole_number
from spotvmr.config import Config
from spotvmr.errors import UserError
from spotvmr.haystack.settings import HaystackSettings


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Make a haystack from ``clips=`` and ``captions=``; the setting ``seed`` is its seed.

    Returns:
        The folder, the YAML file of the data set, and the counts of ``haystack.json``.

    Raises:
        UserError: An option is missing or out of its limits, or the haystack cannot be made.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from spotvmr.haystack import build
    from spotvmr.types.environment import hardware

    settings = _settings(arguments.options, config.seed)
    name = arguments.options.get("name", f"haystack-{settings.minutes:g}min")
    root = Path(arguments.options.get("out") or Path(config.paths.data) / _file_name(name))
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what)
            bars.update(tasks[what], completed=done, total=total)

        record = build(settings, root, name, hardware().cores, step)
    path = root / f"{name}.yaml"
    arguments.show(_summary(record, root))
    arguments.show(f"data set: {path}; train on it with: make train DATASET={path}")
    return {"root": str(root), "dataset": str(path), **{key: record[key] for key in record if key != "settings"}}


def _settings(options: Mapping[str, str], seed: int) -> HaystackSettings:
    for key, what in (("clips", "clips=FOLDER"), ("captions", "captions=FILE.csv")):
        if not options.get(key):
            raise UserError(f"haystack needs {what}: a folder of clips and a CSV file with the columns file,caption")
    default = HaystackSettings
    return HaystackSettings(
        clips=Path(options["clips"]),
        captions=Path(options["captions"]),
        minutes=number(options, "minutes", default.minutes),
        videos=whole_number(options, "videos", default.videos),
        seed=seed,
        borders=options.get("borders", default.borders),
        only=options.get("only", default.only),
        width=whole_number(options, "width", default.width),
        height=whole_number(options, "height", default.height),
        fps=whole_number(options, "fps", default.fps),
    )


def _file_name(name: str) -> str:
    if not name.strip() or name in (".", "..") or "/" in name or "\\" in name:
        raise UserError(f"name={name} is no file name; give a folder with out=FOLDER")
    return name


def _summary(record: Mapping[str, Any], root: Path) -> str:
    lines = [
        f"{split}: {n['videos']} videos, {n['queries']} queries; {n['pieces']} pieces of {n['clips']} clips"
        + (f", {n['repeated']} of them repeated to fill the length" if n["repeated"] else "")
        for split, n in record["splits"].items()
    ]
    if record["skipped"] or record["blank_rows"]:
        lines.append(
            f"skipped: {len(record['skipped'])} of {record['clips']} clips that cannot be read, "
            f"{record['blank_rows']} rows without file or caption; reasons: {root / 'haystack.json'}"
        )
    if pairs := record["near_duplicates"]:
        lines.append(f"near-duplicate captions across splits: {pairs} pairs, in {root / 'near_duplicates.jsonl'}")
    return "\n".join(lines)
