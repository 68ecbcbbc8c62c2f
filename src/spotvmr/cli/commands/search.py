"""``spotvmr search``: find moments in a video file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import number, whole_number
from spotvmr.cli.parts.load_retriever import load_retriever
from spotvmr.config import Config
from spotvmr.errors import UserError

if TYPE_CHECKING:
    from spotvmr.retrieval import Answer, Video
    from spotvmr.types import Moment

_SHEET_FRAMES = 5
_HOUR_S = 3600.0


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Ask a video one or more queries.

    Everything is as the run was trained, but for ``budget=`` when it is given; without a run, ``zero_shot=true``.

    Returns:
        The answers with their costs, the cost of the index pass, and the files written.

    Raises:
        UserError: No video or query, a file that is no video, no such run, or an option out of its limits.
    """
    if len(arguments.words) < 2:
        raise UserError('search needs a video and a query: spotvmr search VIDEO "when did I open the fridge"')
    path, *queries = arguments.words
    options = arguments.options
    top = whole_number(options, "top", 5)
    every_s = number(options, "every_s", 1.0) if "every_s" in options else None
    given = any(override.startswith("budget=") for override in arguments.overrides)
    video = load_retriever(config, arguments).open(path, every_s)
    answers = video.ask(queries, config.budget if given else None, top)
    for answer in answers:
        _show(answer, arguments)
    files = _written(video, answers, options)
    for file in files:
        arguments.show(f"written: {file}")
    arguments.show(_bill(video, answers))
    return {
        "video": str(path),
        "duration_s": video.info.duration_s,
        "readable_share": video.readable_share,
        "index_stages": video.index_stages,
        "answers": [answer.to_json() for answer in answers],
        "files": [str(file) for file in files],
    }


def _show(answer: Answer, arguments: Arguments) -> None:
    """A table of the moments."""
    if arguments.json:
        return
    from rich.table import Table

    from spotvmr.report import print_table, printable

    arguments.show(printable(answer.query))
    table = Table("moment", "score")
    for moment in answer.moments:
        table.add_row(_span(moment), f"{moment.score:.3g}")
    print_table(table)


def _written(video: Video, answers: Sequence[Answer], options: Mapping[str, str]) -> list[Path]:
    """Clips and contact sheet, where they are requested."""
    from spotvmr.retrieval import cut_moments

    files = []
    if "export" in options:
        for place, answer in enumerate(answers, start=1):
            name = video.path.stem[:80] + (f"-query{place}" if len(answers) > 1 else "")
            files += cut_moments(video.info, answer.moments, Path(options["export"]), name)
    if "sheet" in options:
        _draw(video, answers, Path(options["sheet"]))
        files.append(Path(options["sheet"]))
    return files


def _draw(video: Video, answers: Sequence[Answer], path: Path) -> None:
    """The contact sheet."""
    from spotvmr.report import SheetRow, clock, contact_sheet
    from spotvmr.retrieval import moment_times, thumbnails

    rows = []
    for answer in answers:
        frames = thumbnails(video.info, answer.moments, _SHEET_FRAMES)
        for moment, shown in zip(answer.moments, frames, strict=True):
            title = f"{_span(moment)}   {answer.query[:90]}   ({moment.score:.3g})"
            times = [clock(time_s, time_s >= _HOUR_S) for time_s in moment_times(moment, _SHEET_FRAMES)]
            rows.append(SheetRow(title, shown.pixels, times))
    contact_sheet(rows, path)


def _span(moment: Moment) -> str:
    """Start and end of a moment as mm:ss, with hours from one hour on."""
    from spotvmr.report import clock

    hours = moment.end_s >= _HOUR_S
    return f"{clock(moment.start_s, hours)} - {clock(moment.end_s, hours)}"


def _bill(video: Video, answers: Sequence[Answer]) -> str:
    """The number of expert clips, and the seconds beside those of a dense pass."""
    expert_clips = len({clip for answer in answers for clip in answer.clips})
    index_s = sum(stage["seconds"] for stage in video.index_stages.values())
    spent = index_s + sum(answer.seconds for answer in answers)
    indexed = f"index {index_s:.1f} s" if index_s else "index from the cache"
    new = sum(answer.new_clips for answer in answers)
    line = f"expert features of {expert_clips} of {answers[0].n_clips} clips, {new} of them new; "
    line += f"{spent:.1f} s ({indexed})"
    dense = [answer.dense.seconds for answer in answers]
    if dense[0] is None:
        return line
    # Decoding and expert count once; text and model count for each query.
    more = sum(answer.stages[stage]["seconds"] for answer in answers[1:] for stage in ("text", "model"))
    return f"{line} against {dense[0] + more:.1f} s for every frame and every clip (estimated)"
