"""An answer as HTML: numbers by hand, and nothing that could be code."""

from __future__ import annotations

import re
from dataclasses import replace

from spotvmr.app.curve import curve
from spotvmr.app.view import answer_html, film_html, note_html
from spotvmr.retrieval import Answer, QueryFlops
from spotvmr.types import Moment

EVIL = "<script>alert(1)</script>"
ANSWER = Answer(
    query="where is it",
    moments=(Moment(20.0, 25.0, 0.6), Moment(90.0, 100.0, 0.2)),
    confidence=0.5,
    clips=(20, 21, 50),
    steps=((50,), (20, 21)),
    scores=tuple(float(clip == 20) for clip in range(100)),
    n_clips=100,
    clip_s=1.0,
    new_clips=2,
    measured={"expert": {"seconds": 1.5, "clips": 2}, "text": {"seconds": 0.5}},
    dense_seconds=40.0,
    count=lambda: QueryFlops({"expert": 30.0, "text": 10.0}, 1000.0),
)
INDEX = {"decode": {"seconds": 1.0, "frames": 9}, "index": {"seconds": 1.0, "gflops": 10.0}}


def test_moments_and_their_share() -> None:
    html = answer_html(ANSWER, 100.0, INDEX)
    assert re.findall(r'data-at="([\d.]+)"', html) == ["20.000", "90.000"]
    assert "00:20 – 00:25" in html
    # The scores of all candidates sum to 0.6 / 0.5.
    assert re.findall(r"<span>(\d+) %</span>", html) == ["50", "17"]
    assert "the first moment has 50 % of the sum of all scores" in html


def test_the_time_line_shows_runs_of_clips_by_step() -> None:
    html = answer_html(ANSWER, 100.0, INDEX)
    assert '<i class="step step1" style="left:50.000%;width:1.000%"></i>' in html
    assert '<i class="step step2" style="left:20.000%;width:2.000%"></i>' in html
    assert '<i class="found rank1" style="left:20.000%;width:5.000%"></i>' in html
    assert "step 2: 2 clips" in html


def test_the_bill() -> None:
    html = answer_html(ANSWER, 100.0, INDEX)
    assert "Expert clips: 3 of 100 (3 %); 0.050 of the GFLOPs of a dense pass, 0.10 of its seconds." in html
    assert "index pass, once a video" in html
    unknown = answer_html(replace(ANSWER, dense_seconds=None), 100.0, {})
    assert "index pass: from the cache" in unknown
    assert "of its seconds" not in unknown


def test_what_comes_from_outside_is_text() -> None:
    assert EVIL not in answer_html(replace(ANSWER, query=EVIL), 100.0, INDEX)
    assert EVIL not in note_html(EVIL)
    assert film_html('a"b ü#?.mp4').count('"') == film_html("a.mp4").count('"')
    assert 'src="/film/a%22b%20%C3%BC%23%3F.mp4"' in film_html('a"b ü#?.mp4')
    assert film_html(None) == ""


def test_a_selector_without_scores_and_no_moment() -> None:
    html = answer_html(replace(ANSWER, scores=(), moments=(), confidence=0.0), 100.0, INDEX)
    assert "No moment was found" in html
    assert "<svg" not in html


def test_the_curve_of_a_long_video_keeps_its_peaks() -> None:
    scores = [0.0] * 36_000
    scores[12_345] = 1.0
    points = re.search(r'points="([^"]+)"', curve(scores))
    assert points is not None
    assert len(points[1].split()) == 802
    heights = [float(point.split(",")[1]) for point in points[1].split()[1:-1:2]]
    assert heights.index(min(heights)) == 12_345 * 400 // 36_000
    assert curve([2.0]).count("polygon") == 1
