"""One long video as a plan: which clip stands where, in frames. No pixels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from spotvmr.haystack.sources import Source


@dataclass(frozen=True, slots=True)
class Piece:
    """A clip in its place.

    Attributes:
        source: The clip.
        start: Number of the video's frame that its first frame goes into.
        frames: How many frames of it are shown, from its beginning.
        fade: How many of them are blended with the last ones of the piece before; even, 0 at a cut.
        whole: Whether the clip is shown to its end.
    """

    source: Source
    start: int
    frames: int
    fade: int
    whole: bool

    @property
    def end(self) -> int:
        """Number of the frame after its last."""
        return self.start + self.frames

    @property
    def first(self) -> int:
        """The first frame in which it is stronger than the piece before."""
        return self.start + self.fade // 2


class Timeline:
    """Pieces set one behind the other until a video is full.

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
        """Whether the last frame is taken."""
        return bool(self.pieces) and self.pieces[-1].end >= self.n_frames

    def least(self, source: Source) -> int:
        """How many frames a clip adds at least, whatever stands before it."""
        frames = self._frames(source)
        return frames - self._fade_between(frames, frames)

    def add(self, source: Source) -> None:
        """Set a clip behind the others; what does not fit is cut off."""
        frames = self._frames(source)
        if not self.pieces:
            start = fade = 0
        else:
            fade = self._fade_between(self.pieces[-1].frames, frames)
            start = self.pieces[-1].end - fade
        shown = min(frames, self.n_frames - start)
        self.pieces.append(Piece(source, start, shown, fade, shown == frames))

    def moments(self) -> list[tuple[str, int, int]]:
        """Captions that say where in the video their clip is, each with its first frame and the one after its last.

        A caption is left out when its clip stands in the video twice or is cut short, or when another clip of the
        video has the same caption.
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
        """Frames of a cross-fade: at most half of each neighbour, so that no frame shows three clips."""
        return min(self._fade, before // 4 * 2, after // 4 * 2)
