"""The plan of one long video: the position of each clip, in frames. No pixels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from spotvmr.haystack.sources import Source


@dataclass(frozen=True, slots=True)
class Piece:
    """A clip at its position in the video.

    Attributes:
        source: The clip.
        start: Frame of the video at which the clip starts.
        frames: Number of frames shown, from the start of the clip.
        fade: Number of frames blended with the end of the previous piece; even, 0 at a cut.
        whole: Whether the clip is shown to its end.
    """

    source: Source
    start: int
    frames: int
    fade: int
    whole: bool

    @property
    def end(self) -> int:
        """Number of the frame after the last frame."""
        return self.start + self.frames

    @property
    def first(self) -> int:
        """The first frame in which it has more weight than the previous piece."""
        return self.start + self.fade // 2


class Timeline:
    """Consecutive pieces that fill a video.

    Args:
        n_frames: Frames of the video.
        fps: Frames a second.
        fade: Frames of a full cross-fade, even; 0 for cuts.
    """

    def __init__(self, n_frames: int, fps: int, fade: int) -> None:
        self.pieces: list[Piece] = []
        self.n_frames, self._fps, self._fade = n_frames, fps, fade

    @property
    def full(self) -> bool:
        """Whether the pieces reach the end of the video."""
        return bool(self.pieces) and self.pieces[-1].end >= self.n_frames

    def least(self, source: Source) -> int:
        """Minimum number of frames that a clip adds, for any previous clip."""
        frames = self._frames(source)
        return frames - self._fade_between(frames, frames)

    def add(self, source: Source) -> None:
        """Append a clip; frames beyond the end of the video are cut off."""
        frames = self._frames(source)
        if not self.pieces:
            start = fade = 0
        else:
            fade = self._fade_between(self.pieces[-1].frames, frames)
            start = self.pieces[-1].end - fade
        shown = min(frames, self.n_frames - start)
        self.pieces.append(Piece(source, start, shown, fade, shown == frames))

    def moments(self) -> list[tuple[str, int, int]]:
        """Captions that identify one moment, each with its first frame and the frame after its last.

        A caption is omitted when its clip appears twice or is cut, or when another clip of the video has the same
        caption.
        """
        counts = Counter(key for piece in self.pieces for key in piece.source.captions)
        ends = [piece.first for piece in self.pieces[1:]] + [self.n_frames]
        return [
            (caption, piece.first, end)
            for piece, end in zip(self.pieces, ends, strict=True)
            for key, caption in piece.source.captions.items()
            if piece.whole and counts[key] == 1
        ]

    def _frames(self, source: Source) -> int:
        return max(1, round(source.duration_s * self._fps))

    def _fade_between(self, before: int, after: int) -> int:
        """Frames of a cross-fade, at most half of each neighbour, so that no frame shows three clips."""
        return min(self._fade, before // 4 * 2, after // 4 * 2)
