"""Formats an answer as HTML: moments, time line, confidence and costs. All texts are escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from urllib.parse import quote

from spotvmr.app.curve import curve
from spotvmr.report import clock
from spotvmr.retrieval import Answer

_HOUR_S = 3600.0
_NARROWEST = 0.2
"""Minimum width of a mark, in per cent of the time line."""
Stages = Mapping[str, Mapping[str, float]]


def film_html(name: str | None) -> str:
    """The player of a video."""
    if not name:
        return ""
    return (
        f'<video id="film-player" controls preload="metadata" src="/film/{quote(name, safe="")}"></video>'
        '<p id="film-trouble" role="alert" hidden>The browser cannot play this file, but it can be searched.'
        "</p>"
    )


def note_html(text: str, alert: bool = False) -> str:
    """A line of text in place of an answer."""
    return f'<p class="note" role="{"alert" if alert else "status"}">{escape(text)}</p>'


def answer_html(answer: Answer, duration_s: float, index_stages: Stages) -> str:
    """Moments, time line and costs of an answer.

    Args:
        answer: The answer.
        duration_s: Length of the video.
        index_stages: Cost of the index pass by stage; zeros when the cache had the index.
    """
    return "".join(
        (
            f'<div class="answer"><h2>{escape(answer.query)}</h2>',
            _moments(answer, duration_s),
            _timeline(answer, duration_s),
            _costs(answer, index_stages),
            "</div>",
        )
    )


def _moments(answer: Answer, duration_s: float) -> str:
    """One button a moment, with its share of the sum of all scores."""
    if not answer.moments:
        return note_html("No moment was found.")
    total = answer.moments[0].score / answer.confidence if answer.confidence > 0 else 0.0
    rows = []
    for number, moment in enumerate(answer.moments, start=1):
        share = 100 * moment.score / total if total > 0 else 0.0
        span = f"{_time(moment.start_s, duration_s)} – {_time(moment.end_s, duration_s)}"
        rows.append(
            f'<li><button type="button" class="moment" data-at="{moment.start_s:.3f}" aria-label="play from {span}">'
            f'<b>{number}</b><span>{span}</span><span class="bar"><i style="width:{share:.1f}%"></i></span>'
            f"<span>{share:.0f} %</span></button></li>"
        )
    sure = f"Confidence: the first moment has {100 * answer.confidence:.0f} % of the sum of all scores."
    return f'<ol class="moments">{"".join(rows)}</ol><p class="sure">{sure}</p>'


def _timeline(answer: Answer, duration_s: float) -> str:
    """Lanes over the length of the video: score, expert clips by step, moments. A click plays from there."""
    lanes = [_lane("score", curve(answer.scores))] if answer.scores else []
    selected = "".join(
        _mark(first * answer.clip_s, (last + 1) * answer.clip_s, duration_s, f"step step{min(number, 6)}")
        for number, step in enumerate(answer.steps, start=1)
        for first, last in _runs(step)
    )
    found = "".join(
        _mark(moment.start_s, moment.end_s, duration_s, f"found rank{min(number, 2)}")
        for number, moment in reversed(list(enumerate(answer.moments, start=1)))
    )
    lanes += [_lane("expert clips", selected), _lane("moments", found)]
    ticks = "".join(f"<span>{_time(part / 4 * duration_s, duration_s)}</span>" for part in range(5))
    legend = "".join(
        f'<span><i class="step step{min(number, 6)}"></i>step {number}: {len(step)} clips</span>'
        for number, step in enumerate(answer.steps, start=1)
    )
    return (
        f'<div class="timeline" data-duration="{duration_s:.3f}"><i class="playhead" hidden></i>{"".join(lanes)}'
        f'<div class="ticks">{ticks}</div></div><div class="legend">{legend}</div>'
    )


def _lane(name: str, inside: str) -> str:
    """One lane."""
    return f'<div class="lane"><span class="name">{name}</span><div class="track">{inside}</div></div>'


def _mark(start_s: float, end_s: float, duration_s: float, kind: str) -> str:
    """A mark on the time line."""
    left = 100 * start_s / duration_s
    width = max(_NARROWEST, 100 * (min(end_s, duration_s) - start_s) / duration_s)
    return f'<i class="{kind}" style="left:{left:.3f}%;width:{width:.3f}%"></i>'


def _runs(clips: Sequence[int]) -> list[tuple[int, int]]:
    """First and last number of each run of consecutive numbers."""
    together = (list(run) for _, run in groupby(enumerate(clips), key=lambda pair: pair[1] - pair[0]))
    return [(run[0][1], run[-1][1]) for run in together]


def _costs(answer: Answer, index_stages: Stages) -> str:
    """A table of costs, compared with a dense pass."""
    index_s, index_gflops = (sum(stage.get(unit, 0.0) for stage in index_stages.values()) for unit in _UNITS)
    dense = answer.dense
    rows = [
        ("index pass, once a video" if index_s else "index pass: from the cache", index_s, index_gflops),
        (f"this query: {answer.new_clips} clips decoded and encoded", answer.seconds, answer.gflops),
        ("dense pass: every frame, every clip (seconds estimated)", dense.seconds, dense.gflops),
    ]
    body = "".join(
        f"<tr><th scope='row'>{name}</th><td>{_amount(seconds)}</td><td>{_amount(gflops)}</td></tr>"
        for name, seconds, gflops in rows
    )
    share = 100 * len(answer.clips) / answer.n_clips
    summary = f"Expert clips: {len(answer.clips):,} of {answer.n_clips:,} ({share:.0f} %)"
    if dense.gflops > 0:
        summary += f"; {(index_gflops + answer.gflops) / dense.gflops:.3f} of the GFLOPs of a dense pass"
    if dense.seconds:
        summary += f", {(index_s + answer.seconds) / dense.seconds:.2f} of its seconds"
    head = "<tr><th></th><th scope='col'>seconds</th><th scope='col'>GFLOPs</th></tr>"
    return f'<p class="bill">{summary}.</p><table class="costs">{head}{body}</table>'


_UNITS = ("seconds", "gflops")


def _amount(value: float | None) -> str:
    """Format a number."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _time(seconds: float, duration_s: float) -> str:
    """A time in the video."""
    return clock(seconds, duration_s >= _HOUR_S)
