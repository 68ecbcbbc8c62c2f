"""``spotvmr bench``: recall against budget of every selector, and how fast the parts are on this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import number, whole_number
from spotvmr.config import Config
from spotvmr.errors import UserError
from spotvmr.system.files import write_text_atomic

PARTS = ("recall", "speed", "index", "decode", "retrieval", "memory", "answers", "long", "page")
_INDEX_VIDEOS = 8


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Compare the selectors; or time the parts, print them with their limits, keep the numbers in ``<runs>/bench/``.

    Returns:
        What ``cli.parts.bench_recall`` returns; of other parts each benchmark with its median and its limits.

    Raises:
        UserError: Unknown part, an option that is no number, or for the page no browser.
    """
    part = arguments.options.get("part", "recall")
    if part not in PARTS:
        raise UserError(f"part={part} is unknown: choose from {', '.join(PARTS)}")
    if part == "recall":
        from spotvmr.cli.parts import bench_recall

        return bench_recall.run(config, arguments)
    if part in ("index", "decode"):
        rows = _index(config, arguments) if part == "index" else _decode(config, arguments)
    else:
        rows = _parts(config, part) if part in ("speed", "long", "page") else _retrieval(config, arguments, part)
    path = Path(config.paths.runs) / "bench" / f"{part}.json"
    write_text_atomic(path, json.dumps({**_origin(), "rows": rows}, indent=1) + "\n")
    _show(rows, arguments)
    arguments.show(f"numbers: {path}")
    return {"benchmarks": rows}


def _parts(config: Config, part: str) -> list[dict[str, Any]]:
    """Stores and encoders; selector and VMR model on long videos; or the dashboard in a browser."""
    if part == "page":
        from spotvmr.benchmarks.browser import page

        return page.page_rows()
    from spotvmr.benchmarks import length_scaling
    from spotvmr.benchmarks.speed import parts as speed

    return speed.part_rows() if part == "speed" else length_scaling.length_rows(config)


def _index(config: Config, arguments: Arguments) -> list[dict[str, Any]]:
    """Indexing generated videos with one decoding process, two, and one a core."""
    from spotvmr.benchmarks.speed import indexing as index_speed

    folder = _walks(config, number(arguments.options, "minutes", 4.0), _INDEX_VIDEOS)
    return index_speed.indexing_rows(config, {path.stem: path for path in sorted(folder.glob("*.mp4"))})


def _decode(config: Config, arguments: Arguments) -> list[dict[str, Any]]:
    """Every installed video backend on a generated video and, with ``video=``, on a file."""
    from spotvmr.benchmarks.speed import decode

    minutes = number(arguments.options, "minutes", 4.0)
    videos = {f"{minutes:g} min errands": _walk(config, minutes)}
    if "video" in arguments.options:
        film = Path(arguments.options["video"])
        videos[film.stem] = film
    return decode.decode_rows(videos)


def _retrieval(config: Config, arguments: Arguments, part: str) -> list[dict[str, Any]]:
    """Retrieval against the dense way on a generated video and, with ``video=``, on a file; its memory; its answers."""
    from spotvmr.benchmarks.retrieval import answers, memory, saving

    options = arguments.options
    if part == "answers":
        return answers.answer_rows(Path(options.get("run", f"{config.paths.runs}/{config.name}")))
    minutes = number(options, "minutes", 60.0)
    walk, name = _walk(config, minutes), f"{minutes:g} min errands"
    if part == "memory":
        return memory.memory_rows(walk, whole_number(options, "times", 10))
    heavy = saving.realistic(config)
    rows = saving.saving_rows(heavy, walk, f"{name}, ViT-S-32", cold=0.25, warm=0.15)
    rows += saving.saving_rows(config, walk, f"{name}, demo's expert", cold=None, warm=None)
    if "video" in options:
        film = Path(options["video"])
        rows += saving.saving_rows(heavy, film, f"{film.stem}, ViT-S-32", cold=0.30, warm=None)
        rows += saving.index_decoding(film, film.stem)
    return rows


def _origin() -> dict[str, Any]:
    """Where the numbers come from."""
    from spotvmr.types.environment import origin, versions

    return {**origin("spotvmr"), "versions": versions(["torch", "av", "decord", "torchcodec", "open_clip_torch"])}


def _walk(config: Config, minutes: float) -> Path:
    """A generated video of this length; made when absent."""
    return _walks(config, minutes, 1) / "test_0000.mp4"


def _walks(config: Config, minutes: float, videos: int) -> Path:
    """Folder of generated videos of this length; made when absent."""
    from spotvmr.assembly import make_world
    from spotvmr.cli.commands.demo import on_request

    world = config.dataset.world
    if world is None:
        raise UserError(f"data set {config.dataset.name} is no generated world: this part needs dataset=demo")
    made = replace(config, dataset=on_request(config, world, {"minutes": str(minutes), "videos": str(videos)}))
    make_world(made)
    return Path(made.dataset.root) / "videos"


def _show(rows: Sequence[Mapping[str, Any]], arguments: Arguments) -> None:
    """The table."""
    if arguments.json:
        return
    from rich.table import Table

    from spotvmr.report import print_table

    table = Table("what", "median", "limit", "")
    for row in rows:
        least, most = row.get("least"), row["limit"]
        limit = f"at least {least:g}" if least else f"{most:g}" if most else ""
        kept = row["median"] >= least if least else not most or row["median"] <= most
        state = "" if not limit else "ok" if kept else "MISSED"
        table.add_row(row["what"], f"{row['median']:.3g} {row['unit']}", limit, state)
    print_table(table)
