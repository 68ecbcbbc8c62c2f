"""The part of ``spotvmr cost`` on a whole collection: storage, hours of GPUs and cores, where the bottleneck is."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import number
from spotvmr.errors import UserError

if TYPE_CHECKING:
    from spotvmr.cost.collection import CollectionCost, EncoderCost

_UNITS = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1.0, "B"))


def report(
    duration_s: float, clip_s: float, index: EncoderCost, expert: EncoderCost, budget: float, arguments: Arguments
) -> dict[str, Any]:
    """Print what the collection costs.

    Args:
        duration_s: Seconds of video in all.
        clip_s: Length of a clip in seconds.
        index: The index encoder.
        expert: The expert encoder.
        budget: Share of a video's clips that a query may choose.
        arguments: ``minutes`` of one video, ``queries`` of each, ``tflops`` of a GPU.

    Returns:
        The same numbers.

    Raises:
        UserError: An option is no number above 0, or one video is longer than all.
    """
    from spotvmr.cost.collection import Throughput, collection_cost

    options = arguments.options
    hours, video_hours = duration_s / 3600, number(options, "minutes", duration_s / 60) / 60
    if video_hours > hours:
        raise UserError(f"minutes={60 * video_hours:g} of one video are more than the {hours:g} h of all: lower them")
    hardware = Throughput(gpu_tflops=number(options, "tflops", Throughput.gpu_tflops))
    queries = number(options, "queries", 1)
    found = collection_cost(hours, video_hours, queries, clip_s, index, expert, budget, hardware)
    if not arguments.json:
        _show(found, hours, queries, hardware.gpu_tflops)
    even = "never" if found.even_queries is None else f"from {found.even_queries:.3g} queries a video on"
    arguments.show(
        f"index + expert: {100 * found.ratio_to_dense:.3g} % of the TFLOPs of dense, which is cheaper {even}; "
        f"{found.index_bytes_per_second:g} bytes of index a second of video"
    )
    return {**asdict(found), "hours": hours, "queries_per_video": queries, "rates": asdict(hardware)}


def _show(found: CollectionCost, hours: float, queries: float, gpu_tflops: float) -> None:
    """The stages as a table."""
    from rich.table import Table

    from spotvmr.report import print_table

    title = f"{hours:.4g} h in {found.videos:.4g} videos, {queries:.4g} queries each, GPUs of {gpu_tflops:g} TFLOP/s"
    table = Table("", "clips", "GPU hours", "core hours", "clock hours", "bottleneck", "store", title=title)
    stores = {"index": _size(found.index_bytes), "expert": "", "dense": _size(found.dense_bytes)}
    for name, store in stores.items():
        stage = getattr(found, name)
        numbers = (stage.clips, stage.gpu_hours, stage.core_hours, stage.hours)
        table.add_row(name, *(f"{value:.4g}" for value in numbers), stage.bottleneck, store)
    print_table(table)


def _size(count: float) -> str:
    """Bytes for people."""
    scale, unit = next(pair for pair in _UNITS if count >= pair[0] or pair[0] == 1.0)
    return f"{count / scale:.3g} {unit}"
