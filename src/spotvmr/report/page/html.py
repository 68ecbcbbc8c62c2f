"""One HTML file of scripts, style and data, safe for whatever the data say.

Data stand in ``<script type="application/json">`` blocks, where ``<`` is written as an escape of JSON, so that no
sentence can end a block. The page's own policy names its scripts by their hashes and allows no network.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

_SCRIPTS = ("format.js", "data.js", "charts.js", "pareto.js", "table.js", "run.js", "query.js", "main.js")


def page_html(blocks: Mapping[str, Any]) -> bytes:
    """Put the page together.

    Args:
        blocks: Data by the id of their block; read by ``data.js``.

    Returns:
        The file, UTF-8.
    """
    from plotly.offline import get_plotlyjs

    plotly = get_plotlyjs()
    own = '"use strict";\n(() => {\n' + "\n".join(map(_asset, _SCRIPTS)) + "\n})();"
    parts = {
        "policy": _policy([plotly, own]),
        "style": _asset("page.css"),
        "data": "\n".join(_block(name, value) for name, value in blocks.items()),
        "plotly": f"<script>{plotly}</script>",
        "own": f"<script>{own}</script>",
    }
    # One pass: what is put in is never searched for places.
    text = re.sub(r"<!--(policy|style|data|plotly|own)-->", lambda place: parts[place[1]], _asset("page.html"))
    # A lone surrogate, legal in JSON, has no UTF-8.
    return text.encode("utf-8", "replace")


def json_text(value: Any) -> str:
    """Write JSON that can stand in a ``<script>`` block."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _block(name: str, value: Any) -> str:
    return f'<script type="application/json" id="{name}">{json_text(value)}</script>'


def _asset(name: str) -> str:
    return (resources.files("spotvmr.report") / "assets" / name).read_text(encoding="utf-8")


def _policy(scripts: list[str]) -> str:
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    # Plotly writes styles and turns pictures into data: and blob: addresses when one is saved.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:;"
        " base-uri 'none'; form-action 'none'"
    )
