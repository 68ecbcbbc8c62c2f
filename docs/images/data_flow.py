"""Draws data-flow.svg, the picture of the data flow: ``python docs/images/data_flow.py``."""

from __future__ import annotations

from html import escape
from pathlib import Path

TARGET = Path(__file__).with_name("data-flow.svg")
WIDTH, HEIGHT = 1130, 540
COLOURS = {"input": "#eef1f6", "cheap": "#d9ecff", "expert": "#ffe2c2", "model": "#dcf3e4", "train": "#f3e8fb"}
STYLE = """
text { font-family: Helvetica, Arial, sans-serif; fill: #1c2430; }
.title { font-size: 17px; font-weight: bold; text-anchor: middle; }
.line { font-size: 14px; text-anchor: middle; }
.note { font-size: 13px; fill: #45505f; }
.box { stroke: #45505f; stroke-width: 1.4; }
.arrow { fill: none; stroke: #45505f; stroke-width: 1.8; marker-end: url(#head); }
.dashed { stroke-dasharray: 6 4; }
"""


def box(x: int, y: int, width: int, height: int, kind: str, title: str, *lines: str) -> str:
    """Return a box with a bold title and lines of text, centred."""
    middle, top = x + width / 2, y + height / 2 - 9 * len(lines) + 6
    dashed = " dashed" if kind == "train" else ""
    parts = [
        f'<rect class="box{dashed}" x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="{COLOURS[kind]}"/>'
    ]
    parts.append(f'<text class="title" x="{middle}" y="{top}">{escape(title)}</text>')
    for number, line in enumerate(lines, start=1):
        parts.append(f'<text class="line" x="{middle}" y="{top + 18 * number}">{escape(line)}</text>')
    return "\n".join(parts)


def arrow(path: str, dashed: bool = False) -> str:
    """Return an arrow along an SVG path."""
    return f'<path class="arrow{" dashed" if dashed else ""}" d="{path}"/>'


def note(x: int, y: int, *lines: str) -> str:
    """Return lines of small text that begin at ``x``."""
    return "\n".join(
        f'<text class="note" x="{x}" y="{y + 16 * number}">{escape(line)}</text>' for number, line in enumerate(lines)
    )


PARTS = [
    box(20, 20, 140, 64, "input", "Query", "one sentence"),
    box(20, 120, 140, 290, "input", "Long video", "T clips of", "one second"),
    box(210, 20, 170, 64, "cheap", "Text encoder"),
    box(210, 120, 170, 84, "cheap", "Index encoder", "every clip,", "few GFLOPs"),
    box(440, 20, 200, 184, "cheap", "Cheap features", "index features of every", "clip, word features", "of the query"),
    box(440, 244, 200, 70, "model", "Spotter", "scores all clips,", "selects in steps"),
    box(440, 350, 200, 84, "expert", "Expert encoder", "selected clips only,", "budget × T of T clips"),
    box(800, 20, 150, 414, "model", "VMR model", "(student)"),
    box(1000, 180, 110, 94, "input", "Moments", "start, end,", "score"),
    box(640, 474, 470, 54, "train", "Teacher (training only)", "VMR model with expert features on every clip"),
    arrow("M160 52 H204"),
    arrow("M160 162 H204"),
    arrow("M380 52 H434"),
    arrow("M380 162 H434"),
    arrow("M160 392 H434"),
    arrow("M640 112 H794"),
    arrow("M540 204 V238"),
    arrow("M540 314 V344"),
    arrow("M640 262 H794"),
    arrow("M640 392 H794"),
    arrow("M700 392 V298 H646"),
    arrow("M950 227 H994"),
    arrow("M875 474 V440", dashed=True),
    note(655, 104, "cheap features"),
    note(655, 254, "scores for ranking"),
    note(552, 334, "selected clips"),
    note(708, 330, "expert features", "of this step"),
    note(655, 412, "expert features"),
    note(214, 384, "frames of selected clips"),
    note(888, 462, "distillation (to the spotter as well)"),
]


def main() -> None:
    """Write the picture."""
    head = (
        '<marker id="head" markerWidth="8" markerHeight="8" refX="6" refY="4" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#45505f"/></marker>'
    )
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    body = "\n".join(PARTS)
    title = "Data flow of spotvmr: index features of every clip, expert features of the clips that the spotter selects"
    TARGET.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n<title>{title}</title>\n<style>{STYLE}</style>\n'
        f'<defs>{head}</defs>\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
