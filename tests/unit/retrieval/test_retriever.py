"""Videos are opened and queried twice; the answers are those of stored features."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from spotvmr.assembly import encode_clips
from spotvmr.errors import UserError
from spotvmr.retrieval import Retriever
from spotvmr.retrieval.cache.identity import content_hash
from spotvmr.selection import StoredExpert
from spotvmr.types import ClipGrid
from spotvmr.video import clip_times, iter_keyframes, open_reader, probe, stream_clips

Make = Callable[..., Retriever]
QUERY = "when did I shake the red flask?"
READABLE = [
    "plain.mp4", "open_gop.mp4", "cut.mp4", "vfr.mp4", "late_start.ts", "vp9.webm", "odd_h264.mp4", "rotated_90.mp4",
    "one_frame.mp4", "one_gop.mp4", "mpeg4.avi", "fewer_frames.mp4", "truncated_data.mp4",
]  # fmt: skip


@pytest.mark.parametrize("name", READABLE)
def test_every_readable_video_is_answered(name: str, videos: Path, make_retriever: Make) -> None:
    video = make_retriever().open(videos / name, progress=False)
    answer = video.ask(QUERY, budget=0.3)
    duration_s = probe(videos / name).duration_s
    assert answer.n_clips == ClipGrid(duration_s, 1.0).n_clips
    assert 1 <= len(answer.clips) == max(1, round(0.3 * answer.n_clips))
    assert all(0 <= moment.start_s <= moment.end_s <= duration_s + 1e-3 for moment in answer.moments)
    assert 0 < answer.confidence <= 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent.mp4", "no such video"),
        (".", "folder"),
        ("text.mp4", "not a video"),
        ("sound_only.mp4", "no video stream"),
        ("empty.mp4", "empty video"),
        ("truncated_index.mp4", "truncated"),
        ("no_frames.mkv", "not a video, or truncated"),
    ],
)
def test_an_unreadable_one_is_one_line(name: str, said: str, videos: Path, make_retriever: Make) -> None:
    with pytest.raises(UserError, match=said) as error:
        make_retriever().open(videos / name)
    assert "\n" not in str(error.value)


def test_a_file_that_was_cut_off_says_how_much_is_left(
    videos: Path, make_retriever: Make, caplog: pytest.LogCaptureFixture
) -> None:
    video = make_retriever().open(videos / "truncated_data.mp4", progress=False)
    assert video.readable_share == pytest.approx(video.info.duration_s / 10, abs=0.01)
    assert "is cut off" in caplog.text
    assert make_retriever().open(videos / "plain.mp4", progress=False).readable_share == 1


def test_a_video_with_few_key_frames_names_the_cure(
    videos: Path, make_retriever: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    make_retriever().open(videos / "one_gop.mp4", progress=False)
    assert "every_s=1 would index more" in caplog.text
    caplog.clear()
    make_retriever().open(videos / "one_gop.mp4", every_s=1.0, progress=False)
    assert "every_s" not in caplog.text


def test_60_frames_a_second_and_a_name_with_spaces_and_signs(tmp_path: Path, make_retriever: Make) -> None:
    from fractions import Fraction

    from make_videos import encode

    path = encode(tmp_path / "mein Film – 日本 №1 'x'.mp4", range(120), time_base=Fraction(1, 60))
    answer = make_retriever().open(path, progress=False).ask(QUERY, budget=1)
    assert answer.clips == (0, 1)


@pytest.mark.parametrize(
    ("query", "budget", "top", "said"),
    [
        ("", 0.1, 5, "query is empty"),
        (" \n", 0.1, 5, "query is empty"),
        ("why " * 2500, 0.1, 5, "10000 characters, at most 1000"),
        (QUERY, 0.0, 5, "budget=0.0"),
        (QUERY, 1.5, 5, "budget=1.5"),
        (QUERY, float("nan"), 5, "budget=nan"),
        (QUERY, 0.1, 0, "top=0"),
    ],
)
def test_invalid_queries_are_refused(
    query: str, budget: float, top: int, said: str, videos: Path, make_retriever: Make
) -> None:
    video = make_retriever().open(videos / "plain.mp4", progress=False)
    with pytest.raises(UserError, match=said):
        video.ask(query, budget, top)


@pytest.mark.parametrize("selector", ["spotter", "similarity", "uniform", "all", "none"])
def test_the_lazy_way_answers_as_the_cached_way(selector: str, videos: Path, make_retriever: Make) -> None:
    """The same clips, features of the whole video extracted in one pass and rounded to fp16."""
    retriever = make_retriever(f"selector={selector}")
    path, context = videos / "plain.mp4", retriever.context
    answer = retriever.open(path, every_s=1.0, progress=False).ask(QUERY, budget=0.3)
    grid = ClipGrid(probe(path).duration_s, 1.0)
    features = []
    for encoder in (context.index, context.expert):
        clips = np.stack([f.pixels for _, f in stream_clips(path, grid, encoder.spec.frames)])
        rows = encode_clips(encoder, torch.from_numpy(clips), "cpu").astype(np.float16).astype(np.float32)
        features.append(torch.from_numpy(rows)[None])
    mask = torch.ones(1, grid.n_clips, dtype=torch.bool)
    text, share = context.text.encode([QUERY]), torch.tensor([0.3], dtype=torch.float64)
    with torch.inference_mode():
        output = context.system(features[0], mask, text, share, StoredExpert(features[1]), (QUERY,))
        moments = context.system.model.decode(output.vmr, 1.0, torch.tensor([grid.duration_s]))[0][:5]
    assert answer.clips == tuple(output.selection.chosen[0].nonzero().flatten().tolist())
    assert np.allclose(
        [(m.start_s, m.end_s, m.score) for m in answer.moments],
        [(m.start_s, m.end_s, m.score) for m in moments],
        atol=1e-3,
    )


def test_the_index_is_that_of_the_nearest_key_frames(videos: Path, make_retriever: Make) -> None:
    retriever = make_retriever()
    video = retriever.open(videos / "plain.mp4", progress=False)
    pixels = np.stack([frame.pixels for frame in iter_keyframes(videos / "plain.mp4")])  # 0, 2, 4, 6, 8 s
    rows = encode_clips(retriever.context.index, torch.from_numpy(pixels), "cpu").astype(np.float16)
    expected = rows[[0, 1, 1, 2, 2, 3, 3, 4, 4, 4]].astype(np.float32)
    assert np.allclose(video._opened.index[0].numpy(), expected, atol=2e-3)
    assert video.index_distance_s[:3] == pytest.approx([0.5, 0.5, 0.5])
    assert video.index_stages["decode"]["frames"] == 5


def test_a_second_opening_finds_the_index_and_the_clips(videos: Path, make_retriever: Make, tmp_path: Path) -> None:
    first = make_retriever().open(videos / "plain.mp4", progress=False)
    first_answer = first.ask(QUERY, budget=0.5)
    copy = shutil.copy(videos / "plain.mp4", tmp_path / "another name.mp4")
    second = make_retriever().open(copy, progress=False)
    again = second.ask(QUERY, budget=0.5)
    assert first.index_stages["decode"]["frames"] == 5
    assert second.index_stages["decode"]["frames"] == second.index_stages["index"]["seconds"] == 0
    assert (first_answer.new_clips, again.new_clips) == (5, 0)
    assert again.moments == first_answer.moments
    assert again.stages["expert"] == {"gflops": 0, "seconds": 0, "clips": 0}
    assert first_answer.stages["expert"]["gflops"] == pytest.approx(5 * 0.245, rel=0.05)
    assert again.dense.seconds is not None
    assert again.dense.gflops == pytest.approx(first_answer.dense.gflops)


def test_queries_share_the_union_of_their_clips(videos: Path, make_retriever: Make) -> None:
    video = make_retriever("selector=random").open(videos / "plain.mp4", progress=False)
    answers = video.ask(["one", "two", "three"], budget=0.4)
    assert [answer.query for answer in answers] == ["one", "two", "three"]
    union = set().union(*(answer.clips for answer in answers))
    assert sum(answer.new_clips for answer in answers) == len(union) < 12


def test_the_budget_of_the_run_is_the_default_and_top_cuts(videos: Path, make_retriever: Make) -> None:
    video = make_retriever("budget=0.2", "model.nms_iou=0.9").open(videos / "plain.mp4", progress=False)
    answer = video.ask(QUERY, top=2)
    assert (len(answer.clips), len(answer.moments)) == (2, 2)
    assert answer.moments == video.ask(QUERY, top=4).moments[:2]


def test_the_ledger_says_what_was_done(videos: Path, make_retriever: Make) -> None:
    answer = make_retriever().open(videos / "plain.mp4", progress=False).ask(QUERY, budget=0.2)
    decode, expert = answer.stages["decode"], answer.stages["expert"]
    assert (expert["clips"], answer.new_clips) == (2, 2)
    assert 16 <= decode["frames"] <= 300
    assert all(answer.stages[stage]["gflops"] > 0 for stage in ("text", "selection", "model", "expert"))
    assert answer.seconds == pytest.approx(sum(stage["seconds"] for stage in answer.stages.values()))


def test_gflops_of_a_query_are_those_of_its_own_length(videos: Path, make_retriever: Make) -> None:
    from spotvmr.cost import count_gflops

    context = make_retriever().context
    text = context.text.encode([QUERY])
    index, mask = torch.zeros(1, 1000, context.index.spec.dim), torch.ones(1, 1000, dtype=torch.bool)
    source, share = (
        StoredExpert(torch.zeros(1, 1000, context.expert.spec.dim)),
        torch.tensor([0.1], dtype=torch.float64),
    )
    whole = count_gflops(context.system, index, mask, text, share, source, ("",))
    _, selection, model = context.costs.query(QUERY, text, 1000)
    assert selection + model == pytest.approx(whole, rel=0.01)


def test_a_replaced_video_is_indexed_again(
    videos: Path, make_retriever: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = Path(shutil.copy(videos / "plain.mp4", tmp_path / "a.mp4"))
    video = make_retriever().open(path, progress=False)
    before = video.ask(QUERY)
    shutil.copy(videos / "vfr.mp4", path)
    after = video.ask(QUERY)
    assert "was replaced" in caplog.text
    assert (before.n_clips, after.n_clips) == (10, ClipGrid(probe(videos / "vfr.mp4").duration_s, 1.0).n_clips)


def test_a_touched_video_is_the_same(videos: Path, make_retriever: Make, tmp_path: Path) -> None:
    path = Path(shutil.copy(videos / "plain.mp4", tmp_path / "a.mp4"))
    video = make_retriever().open(path, progress=False)
    video.ask(QUERY)
    os.utime(path, (time.time() + 5, time.time() + 5))
    assert video.ask(QUERY).new_clips == 0
    path.unlink()
    with pytest.raises(UserError, match="no such video"):
        video.ask(QUERY)


def test_an_interrupted_index_pass_goes_on(videos: Path, make_retriever: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from spotvmr.retrieval import indexing

    calls = []

    def breaking(*args: object) -> np.ndarray:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return encode_clips(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(indexing, "encode_clips", breaking)
    with pytest.raises(KeyboardInterrupt):
        make_retriever("index.batch_clips=1").open(videos / "plain.mp4", progress=False)
    monkeypatch.setattr(indexing, "encode_clips", encode_clips)
    resumed = make_retriever("index.batch_clips=1").open(videos / "plain.mp4", progress=False)
    assert resumed.index_stages["decode"]["frames"] == 3
    fresh = make_retriever("index.batch_clips=1", cache=None).open(videos / "plain.mp4", progress=False)
    assert torch.equal(resumed._opened.index, fresh._opened.index)


def test_an_unwritable_cache_is_one_line_and_no_cache(
    videos: Path, make_retriever: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    video = make_retriever(cache=tmp_path / "file" / "cache").open(videos / "plain.mp4", progress=False)
    assert video.ask(QUERY).moments
    assert caplog.text.count("going on without it") == 1


def test_decoded_clips_are_those_of_a_plain_reader(videos: Path) -> None:
    from spotvmr.retrieval.decoding import ClipDecoder, ClipRequest

    info = probe(videos / "open_gop.mp4")
    grid = ClipGrid(info.duration_s, 1.0)
    wanted = [(9, True, False), (0, True, True), (3, True, False), (4, False, True), (7, True, True)]
    requests = [ClipRequest(*one) for one in wanted]
    clips, middles = {}, {}
    for batch in ClipDecoder(info, grid, 4, 2).read(requests):
        assert len(batch.clips) <= 2
        clips |= dict(zip(batch.clips, batch.pixels, strict=True))
        middles |= dict(zip(batch.index_clips, batch.index_pixels, strict=True))
    assert (sorted(clips), sorted(middles)) == ([0, 3, 7, 9], [0, 4, 7])
    reader = open_reader(info.path, "pyav", info=info)
    for frames, found in ((4, clips), (1, middles)):
        for clip, pixels in found.items():
            assert np.array_equal(pixels, reader.read(clip_times(grid, clip, frames)).pixels)


def test_opened_groups_are_indexed_by_their_own_frames(
    videos: Path, make_retriever: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the spotter and the model read of the clips around the chosen ones is what ``every_s=1`` reads there."""
    path = videos / "one_gop.mp4"  # one key frame for ten clips
    few, every = make_retriever(cache=None), make_retriever(cache=None)
    sparse, dense = few.open(path, progress=False), every.open(path, every_s=1.0, progress=False)
    assert not torch.equal(sparse._opened.index, dense._opened.index)
    system, read = few.context.system, []
    localise = system.localise
    monkeypatch.setattr(system, "localise", lambda index, *rest: (read.append(index), localise(index, *rest))[1])
    answer = sparse.ask(QUERY, budget=0.1)
    (chosen,) = answer.clips
    middle = sparse._opened.features.index
    near = [clip for clip in range(10) if abs(clip - chosen) <= 8]
    assert middle.missing(range(10)) == set(range(10)) - set(near)
    assert torch.allclose(read[0][0, near], dense._opened.index[0, near], atol=2e-3)
    assert answer.stages["index"]["gflops"] > 0
    again = sparse.ask(QUERY, budget=0.1)
    assert again.moments == answer.moments
    assert again.stages["decode"]["frames"] == again.stages["index"]["gflops"] == 0


def test_with_a_key_frame_a_clip_the_chosen_clips_alone_are_indexed_anew(tmp_path: Path, make_retriever: Make) -> None:
    from make_videos import encode

    retriever = make_retriever()
    path = encode(tmp_path / "dense.mp4", options={"g": "30"})
    answer = retriever.open(path, progress=False).ask(QUERY, budget=0.5)
    assert answer.stages["index"]["gflops"] == pytest.approx(5 * retriever.context.costs.index)


def test_the_content_hash_tells_files_apart_and_not_their_names(tmp_path: Path) -> None:
    body = bytes(5_000_000)
    marks = set()
    for content in (body, body + b"\0", b"\1" + body[1:], body[:-1] + b"\1", b"", b"\0"):
        (tmp_path / "a").write_bytes(content)
        (tmp_path / "b").write_bytes(content)
        assert content_hash(tmp_path / "a") == content_hash(tmp_path / "b")
        marks.add(content_hash(tmp_path / "a"))
    assert len(marks) == 6


def test_the_real_film_is_read_by_its_key_frames(film: Path, make_retriever: Make) -> None:
    video = make_retriever("selector=none").open(film, progress=False)
    assert video.index_stages["decode"]["frames"] == 190
    assert video.ask(QUERY).n_clips == 597


def test_an_interrupted_reindexing_of_a_replaced_video_leaves_no_wrong_answer(
    videos: Path, make_retriever: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next query indexes the new content, and the cache holds nothing wrong of either content."""
    from spotvmr.retrieval import indexing

    words = ("selector=uniform",)
    path = Path(shutil.copy(videos / "plain.mp4", tmp_path / "a.mp4"))
    video = make_retriever(*words).open(path, progress=False)
    shutil.copy(videos / "cut.mp4", path)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(indexing, "encode_clips", interrupt)
    with pytest.raises(KeyboardInterrupt):
        video.ask(QUERY, budget=0.5)
    monkeypatch.setattr(indexing, "encode_clips", encode_clips)
    after = video.ask(QUERY, budget=0.5)
    for name, answer in (("cut.mp4", after), ("plain.mp4", None)):
        expected = make_retriever(*words, cache=None).open(videos / name, progress=False).ask(QUERY, budget=0.5)
        cached = make_retriever(*words).open(videos / name, progress=False).ask(QUERY, budget=0.5)
        assert (answer or cached).moments == cached.moments == expected.moments


def test_a_query_counts_its_gflops_when_they_are_read(
    videos: Path, make_retriever: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pickle

    from spotvmr.cost import flops

    counted = []
    switch_off = flops._no_fused_layers  # each count enters it once
    monkeypatch.setattr(flops, "_no_fused_layers", lambda: (counted.append(1), switch_off())[1])
    video = make_retriever().open(videos / "plain.mp4", progress=False)
    opened = len(counted)
    answers = [video.ask(QUERY, budget=0.2) for _ in range(2)]
    assert all(answer.seconds > 0 for answer in answers)
    assert len(counted) == opened
    gflops = [answer.gflops for answer in answers]
    after = len(counted)
    assert after > opened
    assert (
        gflops[0]
        > gflops[1]
        == answers[1].stages["text"]["gflops"]
        + sum(answers[1].stages[stage]["gflops"] for stage in ("selection", "model"))
    )
    assert pickle.loads(pickle.dumps(answers[0])).to_json() == answers[0].to_json()
    assert len(counted) == after


def test_a_file_replaced_by_no_video_is_refused_until_it_is_back(
    videos: Path, make_retriever: Make, tmp_path: Path
) -> None:
    path = Path(shutil.copy(videos / "plain.mp4", tmp_path / "a.mp4"))
    video = make_retriever().open(path, progress=False)
    before = video.ask(QUERY)
    shutil.copy(videos / "text.mp4", path)
    for _ in range(2):
        with pytest.raises(UserError, match="not a video"):
            video.ask(QUERY)
    shutil.copy(videos / "plain.mp4", path)
    assert video.ask(QUERY).moments == before.moments


@pytest.mark.parametrize("module", ["indexing", "lazy"])
def test_a_file_replaced_while_it_is_read_leaves_nothing_of_it(
    module: str, videos: Path, make_retriever: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """During the index pass or during a query: one line, and the original content is searched anew."""
    path = Path(shutil.copy(videos / "plain.mp4", tmp_path / "a.mp4"))

    def replacing(*words: object) -> np.ndarray:
        shutil.copy(videos / "cut.mp4", path)
        return encode_clips(*words)  # type: ignore[arg-type]

    retriever = make_retriever("selector=uniform")
    video = None if module == "indexing" else retriever.open(path, progress=False)
    monkeypatch.setattr(f"spotvmr.retrieval.{module}.encode_clips", replacing)
    with pytest.raises(UserError, match=r"a\.mp4 (changed while it was indexed|was replaced during the query)"):
        (video or retriever.open(path, progress=False)).ask(QUERY, budget=0.5)
    monkeypatch.setattr(f"spotvmr.retrieval.{module}.encode_clips", encode_clips)
    shutil.copy(videos / "plain.mp4", path)
    video = video or retriever.open(path, progress=False)
    again = video.ask(QUERY, budget=0.5)
    fresh = make_retriever("selector=uniform", cache=None).open(videos / "plain.mp4", progress=False)
    assert (video.index_stages["decode"]["frames"], again.new_clips) == (5, 5)
    assert again.moments == fresh.ask(QUERY, budget=0.5).moments
