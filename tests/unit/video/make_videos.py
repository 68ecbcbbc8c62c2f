"""Makes the tricky video files of these tests, with PyAV alone.

Every frame shows its own number as 16 black or white blocks, so that a test can tell exactly which frame came back.
By hand: ``python tests/unit/video/make_videos.py FOLDER``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS, FRAMES, GOP = 160, 96, 30, 300, 60
# The stream-copied cut begins half-way through a group of pictures: 105 frames hidden or left out before it.
CUT_FRAME = 105
# Irregular spacing in ticks of 1/1000 s: between 10 and 400 ms a frame, as screen recordings and phones write.
VFR_STEPS_MS = np.random.default_rng(7).choice([10, 17, 33, 34, 100, 400], FRAMES - 1)
VFR_TIMES_S = np.concatenate([[0], np.cumsum(VFR_STEPS_MS)]) / 1000


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A frame (H, W, 3) that shows its number: two rows of eight blocks, lowest bit first, on a coloured ground."""
    bits = (number >> np.arange(16) & 1).reshape(2, 8)
    rows, columns = np.arange(height) * 2 // height, np.arange(width) * 8 // width
    luma = np.where(bits[rows][:, columns], 225, 25)
    return np.stack([luma, luma, np.clip(luma + 15, 0, 255)], axis=2).astype(np.uint8)


def read_number(frame: NDArray[np.uint8]) -> int:
    """The number a frame (H, W, 3) shows; judged at the middles of the blocks."""
    height, width = frame.shape[:2]
    rows = ((np.arange(2) + 0.5) * height / 2).astype(int)
    columns = ((np.arange(8) + 0.5) * width / 8).astype(int)
    bits = frame[..., 1][rows][:, columns].ravel() > 128
    return int((bits << np.arange(16)).sum())


def encode(
    path: Path,
    numbers: Sequence[int] = range(FRAMES),
    size: tuple[int, int] = (WIDTH, HEIGHT),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    ticks: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, FPS),
    rotation: int = 0,
    container: dict[str, str] | None = None,
) -> Path:
    """Write numbered frames; `ticks` are their presentation times in `time_base` (default: one tick a frame)."""
    settings = {"bf": "2", "g": str(GOP), **(options or {})}
    if codec == "libx264":
        settings = {"preset": "veryfast", "sc_threshold": "0", "threads": "1", **settings}
    with av.open(str(path), "w", options=container or {}) as out:
        stream = out.add_stream(codec, rate=FPS, options=settings)
        stream.width, stream.height = size if rotation % 180 == 0 else size[::-1]
        stream.pix_fmt = pixel_format
        stream.time_base = stream.codec_context.time_base = time_base
        if rotation:
            stream.set_display_rotation(rotation if rotation <= 180 else rotation - 360)
        for place, number in enumerate(numbers):
            # Coded lying down, so that the number stands upright once a player has turned it back.
            picture = np.ascontiguousarray(np.rot90(numbered(number, *size), -rotation // 90))
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = (place if ticks is None else int(ticks[place])), time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def plain(path: Path) -> Path:
    """Constant rate, B-frames, a key frame every 2 s."""
    return encode(path)


def open_gop(path: Path) -> Path:
    """Open groups of pictures: frames shown before a key frame are coded after it."""
    return encode(path, options={"x264-params": "open-gop=1:bframes=3:b-adapt=0:keyint=60:min-keyint=60:scenecut=0"})


def cut(path: Path) -> Path:
    """A stream-copied cut at frame 105: an edit list hides the frames back to the key frame at 60."""
    source = plain(path.with_name("source_of_" + path.name))
    with av.open(str(source)) as before, av.open(str(path), "w") as out:
        stream = before.streams.video[0]
        copy = out.add_stream_from_template(stream)
        start = int(CUT_FRAME / FPS / stream.time_base)
        before.seek(start, stream=stream)
        for packet in before.demux(stream):
            if packet.dts is not None:
                packet.pts, packet.dts, packet.stream = packet.pts - start, packet.dts - start, copy
                out.mux(packet)
    return path


def vfr(path: Path) -> Path:
    """Variable frame rate, 10 to 400 ms a frame."""
    return encode(path, ticks=np.round(VFR_TIMES_S * 1000).tolist(), time_base=Fraction(1, 1000))


def late_start(path: Path) -> Path:
    """First frame at 5 s on the container's clock (MPEG-TS keeps it; MP4 would hide it in an edit list)."""
    return encode(path, ticks=range(150, 150 + FRAMES))


def vp9(path: Path) -> Path:
    """VP9 in WebM, times in whole milliseconds, hidden alternate frames."""
    return encode(
        path,
        codec="libvpx-vp9",
        options={"deadline": "good", "cpu-used": "8", "auto-alt-ref": "1", "lag-in-frames": "16", "crf": "20"},
    )


def odd_h264(path: Path) -> Path:
    """161x97 in 4:4:4, since x264 takes odd sizes only there."""
    return encode(path, range(90), (161, 97), pixel_format="yuv444p")


def odd_mpeg4(path: Path) -> Path:
    """161x97 in 4:2:0: the colour planes are rounded up."""
    return encode(path, range(90), (161, 97), codec="mpeg4", options={"qscale": "3", "b": "4000000"})


def rotated(degrees: int) -> Callable[[Path], Path]:
    """A maker of videos whose container asks players to turn them counter-clockwise by `degrees`."""
    return lambda path: encode(path, range(90), rotation=degrees)


def one_frame(path: Path) -> Path:
    """A single frame."""
    return encode(path, [77])


def one_gop(path: Path) -> Path:
    """A single key frame for 10 s."""
    return encode(path, options={"g": "1000"})


def sound_only(path: Path) -> Path:
    """Half a second of silence, no pictures."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=16000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        silence.sample_rate, silence.pts = 16000, 0
        out.mux(stream.encode(silence))
        out.mux(stream.encode(None))
    return path


def truncated_index(path: Path) -> Path:
    """The first 60 % of an MP4 whose index (moov) stands at the end: nothing can be read."""
    return _head(plain(path), 0.6)


def truncated_data(path: Path) -> Path:
    """The first 60 % of an MP4 with its index first: it still claims 10 s, but only a part can be read."""
    return _head(encode(path, container={"movflags": "faststart"}), 0.6)


def fewer_frames_than_packets(path: Path) -> Path:
    """Six pictures, of the second and the last group, are overwritten with filler: fewer come out than promised."""
    plain(path)
    with av.open(str(path)) as video:
        spots = [(packet.pos, packet.size) for packet in video.demux(video.streams.video[0]) if packet.size]
    content = bytearray(path.read_bytes())
    for position, size in spots[80:86:2] + spots[-9:-3:2]:
        # One H.264 unit of type 12 (filler data): four bytes of length, its type, 0xff…, a stop bit.
        filler = (size - 4).to_bytes(4, "big") + b"\x0c" + b"\xff" * (size - 6) + b"\x80"
        content[position : position + size] = filler
    path.write_bytes(content)
    return path


def text(path: Path) -> Path:
    """Text under a video's name."""
    path.write_text("this is no video\n" * 100)
    return path


def empty(path: Path) -> Path:
    """Nothing."""
    path.write_bytes(b"")
    return path


def no_frames(path: Path) -> Path:
    """A video stream without a frame in it."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        out.start_encoding()
    return path


def _head(path: Path, fraction: float) -> Path:
    """Cut a file off."""
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * fraction)])
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "plain.mp4": plain,
    "open_gop.mp4": open_gop,
    "cut.mp4": cut,
    "vfr.mp4": vfr,
    "late_start.ts": late_start,
    "vp9.webm": vp9,
    "odd_h264.mp4": odd_h264,
    "odd_mpeg4.mp4": odd_mpeg4,
    "rotated_90.mp4": rotated(90),
    "rotated_180.mp4": rotated(180),
    "rotated_270.mp4": rotated(270),
    "one_frame.mp4": one_frame,
    "one_gop.mp4": one_gop,
    "mpeg4.avi": lambda path: encode(path, codec="mpeg4", options={"qscale": "3", "b": "4000000"}),
    "sound_only.mp4": sound_only,
    "truncated_index.mp4": truncated_index,
    "truncated_data.mp4": truncated_data,
    "fewer_frames.mp4": fewer_frames_than_packets,
    "text.mp4": text,
    "empty.mp4": empty,
    "no_frames.mkv": no_frames,
}


if __name__ == "__main__":
    for name, make in MAKERS.items():
        print(make(Path(sys.argv[1]) / name))
