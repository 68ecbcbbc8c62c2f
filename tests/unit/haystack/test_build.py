from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml

from spotvmr.annotations import read_jsonl
from spotvmr.cli.main import main
from spotvmr.config import compose
from spotvmr.errors import UserError
from spotvmr.haystack import HaystackSettings, build
from spotvmr.haystack.stitch import FrameFormat, StitchedClip, stitched
from spotvmr.types import Query
from spotvmr.video import open_reader, probe, scan_packets


def grey_of(query: Query) -> int:
    """As the clips of conftest show it."""
    return 40 + 6 * int(query.text.split()[-1])


def stamps(root: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (root / "videos").iterdir()}


@pytest.fixture(scope="module")
def module_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("haystack")


@pytest.fixture
def made(settings: HaystackSettings, module_root: Path, tmp_path: Path) -> Path:
    """A finished haystack that a test may spoil."""
    if not (module_root / "haystack.json").exists():
        build(settings, module_root, "hay", workers=1)
    return Path(shutil.copytree(module_root, tmp_path / "hay"))


def test_each_moment_shows_its_clip_to_the_frame(made: Path) -> None:
    for split in ("train", "val", "test"):
        queries, report = read_jsonl(made / f"{split}.jsonl")
        assert report.counts == {}
        for query in queries:
            (moment,) = query.moments
            video = open_reader(made / "videos" / f"{query.video_id}.mp4", "pyav")
            assert video.info.duration_s == pytest.approx(query.duration_s, abs=1e-6)
            frames = np.arange(round(moment.start_s * 10), round(moment.end_s * 10))
            shown = video.read(((frames + 0.5) / 10).tolist())
            assert shown.times_s == pytest.approx(frames / 10)
            assert shown.times_s[0] == pytest.approx(moment.start_s, abs=1e-6)
            assert np.abs(shown.pixels.mean(axis=(1, 2, 3)) - grey_of(query)).max() < 2.5


def test_borders_are_frame_times_to_the_microsecond(made: Path) -> None:
    times_s = scan_packets(made / "videos" / "test_0000.mp4").times_s
    assert len(times_s) == 120
    for query in read_jsonl(made / "test.jsonl")[0]:
        moment = query.moments[0]
        assert min(abs(times_s - moment.start_s)) < 1e-6
        assert min(abs(np.append(times_s, 12.0) - moment.end_s)) < 1e-6


def test_files_are_as_promised_and_the_yaml_is_a_data_set(made: Path, module_root: Path) -> None:
    names = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    ids = ("train_0000", "val_0000", "test_0000")
    assert names == (
        {f"videos/{i}.mp4" for i in ids} | {f"plans/{i}.json" for i in ids} | {f"{i[:-5]}.jsonl" for i in ids}
    ) | {"hay.yaml", "haystack.json", "clips.json", "near_duplicates.jsonl"}
    dataset = compose([f"dataset={made / 'hay.yaml'}"]).dataset
    assert (dataset.name, dataset.format, dataset.root) == ("hay", "jsonl", str(module_root))
    record = json.loads((made / "haystack.json").read_text())
    assert record["complete"]
    assert record["splits"]["test"]["videos"] == 1
    pieces = json.loads((made / "plans" / "test_0000.json").read_text())["pieces"]
    assert record["splits"]["test"]["pieces"] == len(pieces)


def test_two_workers_write_the_same_bytes_as_one(settings: HaystackSettings, made: Path, tmp_path: Path) -> None:
    build(settings, tmp_path / "two", "hay", workers=2)
    for path in made.rglob("*"):
        if path.is_file() and path.suffix != ".yaml":
            assert (tmp_path / "two" / path.relative_to(made)).read_bytes() == path.read_bytes()


def test_a_second_call_makes_what_is_missing_alone(settings: HaystackSettings, made: Path) -> None:
    before = stamps(made)
    (made / "videos" / "val_0000.mp4").unlink()
    calls: list[tuple[str, int, int]] = []
    build(settings, made, "hay", workers=1, progress=lambda *call: calls.append(call))
    assert calls == [("videos", 3, 3)]
    after = stamps(made)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"val_0000.mp4"}


def test_a_video_without_its_plan_is_unfinished(settings: HaystackSettings, made: Path) -> None:
    before = stamps(made)
    (made / "plans" / "test_0000.json").unlink()
    build(settings, made, "hay", workers=1)
    after = stamps(made)
    assert {name for name in after if after[name] != before[name]} == {"test_0000.mp4"}


def test_other_settings_replace_the_videos_but_no_foreign_file(settings: HaystackSettings, made: Path) -> None:
    before = stamps(made)
    (made / "videos" / "holiday.mp4").write_text("mine")
    build(replace(settings, seed=1, videos=1), made, "hay", workers=1)
    assert set(stamps(made)) == {"test_0000.mp4", "holiday.mp4"}
    assert stamps(made)["test_0000.mp4"] != before["test_0000.mp4"]
    assert not (made / "train.jsonl").exists()
    assert yaml.safe_load((made / "hay.yaml").read_text())["train"] is None


def test_a_folder_with_another_data_set_is_left_alone(settings: HaystackSettings, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("mine")
    with pytest.raises(UserError, match="holds another data set"):
        build(settings, tmp_path, "hay", workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["train.jsonl"]


def test_cross_fades_hide_the_cuts_and_borders_are_their_middles(settings: HaystackSettings, tmp_path: Path) -> None:
    build(replace(settings, borders="fade", videos=1), tmp_path, "hay", workers=1)
    video = open_reader(tmp_path / "videos" / "test_0000.mp4", "pyav")
    assert video.info.duration_s == pytest.approx(12.0)
    levels = video.read([(n + 0.5) / 10 for n in range(120)]).pixels.mean(axis=(1, 2, 3))
    queries = read_jsonl(tmp_path / "test.jsonl")[0]
    for before, after in pairwise(queries):
        if before.moments[0].end_s == after.moments[0].start_s:
            border = round(after.moments[0].start_s * 10)
            middle = (grey_of(before) + grey_of(after)) / 2
            assert (levels[border - 1] - middle) * (levels[border] - middle) < 0
            step = abs(grey_of(after) - grey_of(before))
            assert abs(levels[border] - levels[border - 1]) < max(step / 2, 3)


def test_the_last_frames_of_one_part_are_blended_with_the_first_of_the_next(clips: Path) -> None:
    look = FrameFormat(64, 48, 10)
    frames = list(stitched([StitchedClip(clips / "c00.mp4", 12, 0), StitchedClip(clips / "c20.mp4", 8, 4)], look))
    levels = [frame.mean() for frame in frames]
    assert len(frames) == 16
    expected = [40] * 8 + [40 + 120 * share / 5 for share in (1, 2, 3, 4)] + [160] * 4
    assert levels == pytest.approx(expected, abs=2)


def test_other_aspects_get_bars(clips: Path) -> None:
    (frame, *_) = stitched([StitchedClip(clips / "c20.mp4", 3, 0)], FrameFormat(160, 48, 10))
    columns = frame.mean(axis=(0, 2))
    assert columns[:48].max() == columns[-48:].max() == 0
    assert columns[48:112] == pytest.approx(160, abs=2)


def test_a_clip_that_ends_early_stands_still(clips: Path) -> None:
    assert len(list(stitched([StitchedClip(clips / "c00.mp4", 50, 0)], FrameFormat(64, 48, 10)))) == 50


def test_captions_that_all_say_the_same_make_no_query(settings: HaystackSettings, tmp_path: Path) -> None:
    table = tmp_path / "same.csv"
    table.write_text("file,caption\n" + "".join(f"c{n:02d}.mp4,a man talks\n" for n in range(30)))
    with pytest.raises(UserError, match="no caption of split train is unique in its video"):
        build(replace(settings, captions=table), tmp_path / "out", "hay", workers=1)


def test_no_readable_clip_is_one_line(settings: HaystackSettings, tmp_path: Path) -> None:
    table = tmp_path / "gone.csv"
    table.write_text("file,caption\ngone.mp4,x\n")
    with pytest.raises(UserError, match=r"none of the 1 clips .* no such video"):
        build(replace(settings, captions=table), tmp_path / "out", "hay", workers=1)


def test_the_command_says_what_it_skipped_and_where_the_result_is(
    clips: Path, captions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "captions.csv"
    table.write_text(captions.read_text() + "gone.mp4,a clip that is gone\nc00.mp4,\n")
    words = [f"clips={clips}", f"captions={table}", "minutes=0.2", "videos=3", "width=64", "height=48"]
    assert main(["haystack", *words, f"paths.data={tmp_path}", "name=hay"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "skipped: 1 of 31 clips that cannot be read, 1 rows without file or caption" in "\n".join(lines)
    path = re.search(r"data set: (\S+);", lines[-1])
    assert path is not None
    assert compose([f"dataset={path.group(1)}"]).dataset.root == str(tmp_path / "hay")
    assert probe(tmp_path / "hay" / "videos" / "train_0000.mp4").duration_s == pytest.approx(12)
    assert main(["haystack", *words, f"paths.data={tmp_path}", "name=hay", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["dataset"] == path.group(1)
    assert list(result["skipped"]) == ["gone.mp4"]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["clips=FOLDER"]),
        (["clips=."], ["captions=FILE.csv"]),
        (["clips=.", "captions=none.csv"], ["none.csv", "captions=FILE"]),
        (["clips=nowhere", "captions=x"], ["nowhere"]),
        (["clips=.", "captions=x", "minutes=long"], ["minutes=long"]),
        (["clips=.", "captions=x", "videos=1.5"], ["videos=1.5"]),
        (["clips=.", "captions=x", "name=a/b"], ["name=a/b", "out=FOLDER"]),
        (["clips=.", "captions=x", "border=fade"], ["'border'", "'borders'"]),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str],
    parts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["haystack", *words]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert [part for part in parts if part not in line] == []
    assert list(tmp_path.iterdir()) == []
