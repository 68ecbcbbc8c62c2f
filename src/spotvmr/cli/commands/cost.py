"""``spotvmr cost``: what encoding a video costs, from the settings alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import number
from spotvmr.config import Config
from spotvmr.errors import UserError

if TYPE_CHECKING:
    from spotvmr.assembly.facts import EncoderFacts
    from spotvmr.cost.encoding import EncodingCost

UNIT = "GFLOPs and TFLOPs count 2 per multiply-add"


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Print channels, GFLOPs a clip and bytes an hour of both encoders, the TFLOPs of a video, and what that takes.

    Returns:
        The same numbers.

    Raises:
        UserError: Unknown encoders, or an option that is no number above 0.
    """
    from spotvmr.assembly.facts import encoder_facts
    from spotvmr.cli.parts.cost_of_collection import report
    from spotvmr.cost.collection import EncoderCost
    from spotvmr.cost.encoding import encoding_cost

    duration_s, clip_s = _duration_s(arguments), config.dataset.clip_s
    facts = {role: encoder_facts(config, role) for role in ("index", "expert")}
    gflops = (facts["index"].gflops_per_clip, facts["expert"].gflops_per_clip)
    cost = encoding_cost(duration_s, clip_s, *gflops, config.budget)
    encoders = {role: _row(found, clip_s) for role, found in facts.items()}
    if not arguments.json:
        _show(encoders)
    video = f"{duration_s:g} s, {cost.n_clips} clips of {clip_s:.4g} s"
    arguments.show(f"a video of {video}: {_line(cost)} TFLOPs at budget r (encoders alone; {UNIT})")
    arguments.show(
        f"at r = {config.budget:g}: {cost.budgeted_tflops:.4g} of {cost.dense_tflops:.4g} TFLOPs, "
        f"{100 * cost.ratio_to_dense:.1f} % of dense"
    )
    index, expert = (EncoderCost(found.gflops_per_clip, found.dim) for found in facts.values())
    collection = report(duration_s, clip_s, index, expert, config.budget, arguments)
    return {
        "encoders": encoders,
        "collection": collection,
        "video": {"seconds": duration_s, "clip_s": clip_s, "clips": cost.n_clips, "chosen": cost.chosen},
        "budget": config.budget,
        "tflops": {"index": cost.index_tflops, "dense": cost.dense_tflops, "budgeted": cost.budgeted_tflops},
        "line": _line(cost),
        "ratio_to_dense": cost.ratio_to_dense,
        "unit": UNIT,
    }


def _duration_s(arguments: Arguments) -> float:
    """Length of the video, one hour where nothing is said."""
    given = arguments.options
    if "hours" in given and "seconds" in given:
        raise UserError("hours= and seconds= both say how long the video is: give one")
    return number(given, "seconds", 3600) if "seconds" in given else 3600 * number(given, "hours", 1)


def _line(cost: EncodingCost) -> str:
    """The cost as a line over the budget, such as ``21.6 + r·668.2``."""
    return f"{_digits(cost.index_tflops)} + r·{_digits(cost.dense_tflops)}"


def _digits(tflops: float) -> str:
    """One decimal, more for small numbers."""
    return f"{tflops:.1f}" if tflops >= 1 else f"{tflops:.3g}"


def _row(found: EncoderFacts, clip_s: float) -> dict[str, Any]:
    """An encoder as plain values."""
    from spotvmr.cost.encoding import bytes_an_hour

    return {
        "name": found.name,
        "parts": dict(found.parts),
        "channels": found.dim,
        "gflops_per_clip": found.gflops_per_clip,
        "bytes_per_hour": bytes_an_hour(found.dim, clip_s),
        "source": found.source,
    }


def _show(encoders: dict[str, dict[str, Any]]) -> None:
    """Print a table of the encoders."""
    from rich.table import Table

    from spotvmr.report import print_table

    table = Table("", "encoder", "channels", "GFLOPs a clip", "MB an hour", "GFLOPs from")
    for role, row in encoders.items():
        parts = " + ".join(f"{part} {dim}" for part, dim in row["parts"].items())
        size = f"{row['bytes_per_hour'] / 1e6:.1f}"
        table.add_row(role, row["name"], parts, f"{row['gflops_per_clip']:.4g}", size, row["source"])
    print_table(table)
