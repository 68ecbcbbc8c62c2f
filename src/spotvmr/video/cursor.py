"""A position in a video that moves to the frame on display at a time, decoding as little as it can."""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.video.frame import VideoFrame

from spotvmr.errors import UserError
from spotvmr.video.container import decoded, open_container, ticks_of, video_stream
from spotvmr.video.frames import DISPLAY_SLACK_S
from spotvmr.video.info import VideoInfo

# Where a container has no complete table of key frames, a gap longer than this is jumped: encoders' common
# key-frame spacings are 1 to 10 s, and a jump that lands behind the position only costs time.
_JUMP_S = 5.0


class Cursor:
    """Walks through one video in one process; not to be shared between threads.

    Args:
        info: The probed video.
        threads: Decoding threads; 0 lets FFmpeg use every core.
    """

    def __init__(self, info: VideoInfo, threads: int = 1) -> None:
        """Open the file and decode its first frame."""
        self._info = info
        self._threads = threads
        self.decoded = 0  # frames that came out of the decoder so far
        self._open()

    def _open(self) -> None:
        """Stand at the first frame of a freshly opened file."""
        self._container = open_container(self._info.path)
        self._stream = video_stream(self._container, self._info.path)
        self._stream.codec_context.thread_count = self._threads
        self._stream.thread_type = "SLICE" if self._threads == 1 else "AUTO"
        self._tick_s = float(self._stream.time_base or 1)
        # Only the MP4 family carries a table of all samples in its header.
        self._has_table = "mov" in self._container.format.name
        self._start()

    def _start(self) -> None:
        """Begin decoding at the container's present position."""
        self._frames: Iterator[VideoFrame] = decoded(self._container, self._stream)
        self._shown, self._next = self._draw(), self._draw()

    def _draw(self) -> VideoFrame | None:
        """One more frame from the decoder."""
        frame = next(self._frames, None)
        self.decoded += frame is not None
        return frame

    def time_s(self, frame: VideoFrame) -> float:
        """Presentation time of a frame in seconds; the first displayed frame has 0.0."""
        return (ticks_of(frame) or 0) * self._tick_s - self._info.origin_s

    def at(self, time_s: float) -> VideoFrame:
        """The frame on display at a time; jumps over groups of pictures that are not needed."""
        time_s = min(max(time_s, 0.0), self._info.duration_s)
        if self._is_behind(time_s) or self._can_jump(time_s):
            self._jump(time_s)
        return self.forward(time_s)

    def forward(self, time_s: float) -> VideoFrame:
        """The frame on display at a time not before the last one, decoding all frames in between."""
        while self._next is not None and self.time_s(self._next) <= time_s + DISPLAY_SLACK_S:
            self._shown, self._next = self._next, self._draw()
        if self._shown is None:
            # Which frames a damaged file yields depends on the number of decoding threads: probing may have found one.
            raise UserError(f"{self._info.path} gives no frame at {time_s:g} s: it is damaged; get it again")
        return self._shown

    def _is_behind(self, time_s: float) -> bool:
        """Whether the time lies before the position (the first frame answers for all times before it)."""
        return self._shown is None or self.time_s(self._shown) > max(time_s, 0.0) + DISPLAY_SLACK_S

    def _can_jump(self, time_s: float) -> bool:
        """Whether a key frame lies between the position and the time."""
        if self._next is None:
            return False
        ticks = self._ticks(time_s)
        entries = self._stream.index_entries
        found = entries.search_timestamp(ticks) if len(entries) else -1
        if found >= 0 and entries[found].timestamp > (ticks_of(self._next) or 0):
            return True
        return not self._has_table and time_s - self.time_s(self._next) > _JUMP_S

    def _jump(self, time_s: float) -> None:
        """Stand on a frame at or before the time.

        A key frame's decoding time may be by the requested time while its display is later (open groups of
        pictures), and nothing may be readable there at all: then from ever farther back.
        """
        back_s = 0.0
        while back_s <= time_s:
            if self._seek(time_s - back_s) and not self._is_behind(time_s):
                return
            back_s = max(1.0, back_s * 2)
        self._container.close()
        self._open()

    def _seek(self, time_s: float) -> bool:
        """Go to the key frame before a time; False when the container cannot."""
        try:
            self._container.seek(self._ticks(time_s), stream=self._stream)
        except av.error.FFmpegError:
            return False
        self._start()
        return True

    def _ticks(self, time_s: float) -> int:
        """A time of ours on the container's clock."""
        return int((time_s + DISPLAY_SLACK_S + self._info.origin_s) / self._tick_s)
