"""Which frame comes back, by its number, for every backend and every trap."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from make_videos import CUT_FRAME, FPS, FRAMES, VFR_TIMES_S, read_number

from spotvmr.errors import UserError
from spotvmr.types.grid import ClipGrid
from spotvmr.video import Frames, Reader, clip_times, installed_backends, open_reader, scan_packets
from spotvmr.video.pyav_reader import PyavReader

needs_decord = pytest.mark.skipif("decord" not in installed_backends(), reason="decord has wheels for x86-64 only")
needs_torchcodec = pytest.mark.skipif(
    "torchcodec" not in installed_backends(), reason="torchcodec or the FFmpeg libraries it needs are not installed"
)
ALL = [
    "pyav",
    "auto",
    pytest.param("decord", marks=needs_decord),
    pytest.param("torchcodec", marks=needs_torchcodec),
]
REGULAR_S = np.arange(FRAMES) / FPS
# file -> (the time each frame begins, the number of the first); by construction, not by reading the file
TIMELINES = {
    "plain.mp4": (REGULAR_S, 0),
    "open_gop.mp4": (REGULAR_S, 0),
    "one_gop.mp4": (REGULAR_S, 0),
    "cut.mp4": (REGULAR_S[: FRAMES - CUT_FRAME], CUT_FRAME),
    "vfr.mp4": (VFR_TIMES_S, 0),
    "late_start.ts": (REGULAR_S, 0),
    "vp9.webm": (REGULAR_S, 0),
    "odd_h264.mp4": (REGULAR_S[:90], 0),
    "odd_mpeg4.mp4": (REGULAR_S[:90], 0),
    "rotated_90.mp4": (REGULAR_S[:90], 0),
    "rotated_180.mp4": (REGULAR_S[:90], 0),
    "rotated_270.mp4": (REGULAR_S[:90], 0),
    "one_frame.mp4": (REGULAR_S[:1], 77),
    "mpeg4.avi": (REGULAR_S, 0),
}
# Every other file of TIMELINES is refused; PyAV and auto refuse none.
READS = {
    "decord": {"plain.mp4", "vfr.mp4", "odd_h264.mp4", "one_gop.mp4", "one_frame.mp4"}
    | {f"rotated_{degrees}.mp4" for degrees in (90, 180, 270)},
    "torchcodec": set(TIMELINES) - {"late_start.ts", "mpeg4.avi"},
}


def numbers(frames: Frames) -> list[int]:
    """The numbers that frames show."""
    return [read_number(frame) for frame in frames.pixels]


def expected(name: str, times_s: Sequence[float]) -> list[int]:
    """The numbers on display at times that are not within 2 ms of a change of frame."""
    begins_s, first = TIMELINES[name]
    return [first + max(0, int((begins_s <= time_s).sum()) - 1) for time_s in times_s]


def scattered_times(name: str) -> list[float]:
    """Every frame's middle, in a scrambled order with repeats."""
    begins_s, _ = TIMELINES[name]
    ends_s = np.append(begins_s[1:], begins_s[-1] + 1 / FPS)
    middles_s = (begins_s + ends_s) / 2
    return np.random.default_rng(3).choice(middles_s, 2 * len(middles_s)).tolist()


def shown_in(path: Path, backend: str, read: Callable[[Reader], list[Frames]]) -> list[Frames]:
    """What a backend reads of a file; nothing when it refuses, as READS says, with one line."""
    if path.name in READS.get(backend, TIMELINES):
        return read(open_reader(path, backend))
    with pytest.raises(UserError) as caught:
        read(open_reader(path, backend))
    line = str(caught.value)
    assert line.startswith(f"video.backend={backend} cannot read {path} exactly (")
    assert line.endswith("): use pyav or auto")
    assert "\n" not in line
    return []


@pytest.mark.parametrize("name", TIMELINES)
@pytest.mark.parametrize("backend", ALL)
def test_dense_reading_gives_the_frame_on_display(videos: Path, name: str, backend: str) -> None:
    """Clip after clip on one open reader, as indexing reads; clips past the end repeat the last frame."""
    grid = ClipGrid(float(TIMELINES[name][0][-1]) + 1.5, 1.0)
    clips = [clip_times(grid, clip, 7) for clip in range(grid.n_clips)]
    found = shown_in(videos / name, backend, lambda reader: [reader.read(times_s) for times_s in clips])
    for number, frames in enumerate(found):
        # A frame due up to 1 ms after a time counts as shown.
        assert numbers(frames) == expected(name, [time_s + 1e-3 for time_s in clips[number]])


@pytest.mark.parametrize("name", TIMELINES)
@pytest.mark.parametrize("backend", ALL)
def test_key_frames_are_those_of_the_packets(videos: Path, name: str, backend: str) -> None:
    """Each key frame has the time of its packet and is the frame on display at this time."""
    scan = scan_packets(videos / name)
    wanted_s = scan.times_s[scan.keyframe].tolist()
    found = shown_in(videos / name, backend, lambda reader: list(reader.key_frames()))
    later = shown_in(videos / name, backend, lambda reader: list(reader.key_frames(after_s=wanted_s[0])))
    if name in READS.get(backend, TIMELINES):
        np.testing.assert_allclose([one.times_s[0] for one in found], wanted_s, atol=1e-6)
        assert [numbers(one)[0] for one in later] == [numbers(one)[0] for one in found][1:]
        # AVI has decoding times only: a key frame that is coded before B-frames may be stated up to 2 frames early.
        early = np.subtract([numbers(one)[0] for one in found], expected(name, wanted_s))
        assert set(early) <= ({0, 1, 2} if name == "mpeg4.avi" else {0})


@pytest.mark.parametrize("name", TIMELINES)
@pytest.mark.parametrize("backend", ALL)
def test_scattered_reading_gives_the_frame_on_display(videos: Path, name: str, backend: str) -> None:
    """All at once in any order; then back and forth on one reader, a few frames a time, as selected clips are read."""
    times_s = scattered_times(name)
    parts = [times_s, *(times_s[start : start + 6] for start in range(0, min(len(times_s), 240), 6))]
    found = shown_in(videos / name, backend, lambda reader: [reader.read(part) for part in parts])
    begins_s, first = TIMELINES[name]
    for number, frames in enumerate(found):
        assert numbers(frames) == expected(name, parts[number])
        np.testing.assert_allclose(frames.times_s, begins_s[np.array(numbers(frames)) - first], atol=1e-3)


@pytest.mark.parametrize("name", TIMELINES)
@pytest.mark.parametrize("size", [None, (48, 80), (192, 330)])
@pytest.mark.parametrize("backend", ALL[2:])
def test_backends_agree_in_pixels(videos: Path, name: str, size: tuple[int, int] | None, backend: str) -> None:
    if name not in READS[str(backend)]:
        return
    times_s = scattered_times(name)[:25]
    ours, reference = open_reader(videos / name, backend, size), open_reader(videos / name, "pyav", size)
    got, wanted = ours.read(times_s), reference.read(times_s)
    off = np.abs(got.pixels.astype(int) - wanted.pixels)
    assert off.max() <= (0 if size is None else 8)  # of 255; several releases of swscale
    np.testing.assert_array_equal(got.times_s, wanted.times_s)
    if size is not None:
        assert got.pixels.shape[1:] == (*size, 3)
        assert numbers(got) == expected(name, times_s)


@pytest.mark.parametrize("backend", ALL)
def test_before_the_start_is_the_first_frame_and_past_the_end_the_last(videos: Path, backend: str) -> None:
    reader = open_reader(videos / "plain.mp4", backend)
    assert numbers(reader.read([99.0, -5.0, 10.0, 9.99, 0.0, 1e9])) == [299, 0, 299, 299, 0, 299]


@pytest.mark.parametrize("backend", ALL)
def test_a_frame_is_shown_from_its_own_time_on(videos: Path, backend: str) -> None:
    """i / fps in floats falls on either side of the container's rounded time: both mean frame i."""
    reader = open_reader(videos / "plain.mp4", backend)
    assert numbers(reader.read([i / FPS for i in range(240)])) == list(range(240))
    assert numbers(reader.read([0.0320, 0.0328])) == [0, 1]


@pytest.mark.parametrize("backend", ALL)
def test_no_times_give_no_frames(videos: Path, backend: str) -> None:
    frames = open_reader(videos / "plain.mp4", backend, (48, 80)).read([])
    assert frames.pixels.shape == (0, 48, 80, 3)


def test_truncated_data_gives_its_readable_frames(videos: Path) -> None:
    frames = open_reader(videos / "truncated_data.mp4").read([0.5 / FPS, 100.5 / FPS, 9.0])
    shown = numbers(frames)
    assert shown[:2] == [0, 100]
    assert shown[2] == round(frames.times_s[2] * FPS) > 100


@pytest.mark.parametrize(("backend", "module"), [("decord", "decord"), ("torchcodec", "torchcodec.decoders")])
def test_a_backend_that_is_not_installed_is_named(
    videos: Path, backend: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert backend not in installed_backends()
    assert open_reader(videos / "plain.mp4", "auto").read([1.01]).pixels.shape == (1, 96, 160, 3)
    with pytest.raises(UserError, match=rf"video\.backend={backend}: .* not installed.*pyav"):
        open_reader(videos / "plain.mp4", backend)


@needs_decord
def test_decord_really_decodes_the_safe_part(videos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = open_reader(videos / "plain.mp4", "decord")
    monkeypatch.setattr(PyavReader, "read", lambda *_: pytest.fail("PyAV was asked before the last key frame"))
    assert numbers(reader.read([7.99, 0.01, 3.01])) == [239, 0, 90]


@pytest.mark.parametrize("name", ["fewer_frames.mp4", "truncated_data.mp4"])
def test_times_are_those_of_frames_that_exist(videos: Path, name: str) -> None:
    """The index promises frames that do not come out; what is shown then keeps its own, earlier time."""
    times_s = [0.5, *(7.9 + i / 60 for i in range(140))]
    frames, reader = open_reader(videos / name).read(times_s), open_reader(videos / name)
    for place in reversed(range(0, len(times_s), 10)):  # the same, alone and against the order
        alone = reader.read([times_s[place]])
        assert alone.times_s[0] == frames.times_s[place]
        np.testing.assert_array_equal(alone.pixels[0], frames.pixels[place])
    if name == "truncated_data.mp4":  # in the other, FFmpeg paints over lost references with older pictures
        assert numbers(frames) == np.round(frames.times_s * FPS).astype(int).tolist()


@needs_decord
def test_a_file_that_decord_fails_on_is_refused(videos: Path) -> None:
    times_s = [i / 60 for i in range(110, 300)]
    with pytest.raises(UserError, match=r"decord cannot read .*fewer_frames.mp4 exactly .*: use pyav"):
        open_reader(videos / "fewer_frames.mp4", "decord").read(times_s)


NEAR_THE_END = """
import sys
from spotvmr.errors import UserError
from spotvmr.video import open_reader
reader = open_reader({path!r}, sys.argv[1])
for _ in range(2):
    try:
        frames = reader.read([7.9 + i / 60 for i in range(140)] + [50.0])
    except UserError as error:
        sys.exit(print(error))
    assert 7.8 < frames.times_s[0] < 8 and 9 < frames.times_s[-1] < 10.1, frames.times_s
print(len(frames.times_s))
"""


@pytest.mark.parametrize("backend", ALL)
@pytest.mark.parametrize("name", ["fewer_frames.mp4", "truncated_data.mp4", "plain.mp4"])
def test_a_request_near_an_over_reported_end_returns(videos: Path, name: str, backend: str) -> None:
    """In a process of its own: decord can spin there for ever, holding the interpreter lock."""
    script = NEAR_THE_END.format(path=videos / name).replace("PosixPath", "__import__('pathlib').Path")
    if name == "truncated_data.mp4":
        script = script.replace("7.8 < frames.times_s[0] < 8 and 9 < frames.times_s[-1] < 10.1", "True")
    done = subprocess.run(
        [sys.executable, "-c", script, backend], capture_output=True, text=True, timeout=60, check=False
    )
    damaged, line = name != "plain.mp4", done.stdout.strip()
    refused = line.startswith(f"video.backend={backend} cannot read") and "\n" not in line
    assert line == "141" or (damaged and backend in READS and refused), done.stderr


def _read_in_worker(reader: Reader, results: multiprocessing.SimpleQueue[list[int]]) -> None:
    """Read in a child process."""
    results.put(numbers(reader.read([3.01, 9.01])))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("backend", ALL)
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_used_reader_works_in_a_worker(videos: Path, backend: str, method: str) -> None:
    """A decord reader opened before a fork hangs in the worker; ours opens anew there."""
    reader = open_reader(videos / "plain.mp4", backend)
    assert numbers(reader.read([1.01])) == [30]
    if method == "spawn":
        assert numbers(pickle.loads(pickle.dumps(reader)).read([3.01, 9.01])) == [90, 270]
        return
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    worker = context.Process(target=_read_in_worker, args=(reader, results))
    worker.start()
    worker.join(30)
    alive = worker.is_alive()
    if alive:
        worker.kill()
    assert not alive, "the worker hangs"
    assert results.get() == [90, 270]
    assert numbers(reader.read([1.01])) == [30]


def test_unknown_backend_and_size_are_refused(videos: Path) -> None:
    with pytest.raises(UserError, match=r"video\.backend=opencv .*auto, pyav, decord, torchcodec"):
        open_reader(videos / "plain.mp4", "opencv")
    with pytest.raises(UserError, match="at least 1 pixel"):
        open_reader(videos / "plain.mp4", size=(0, 10))
