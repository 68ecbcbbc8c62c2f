"""Builds one HTML file of scripts, style and data. No text in the data can become code.

Data are in ``<script>`` blocks that are not executed. Data shown at once are JSON, in which ``<`` is escaped: no
sentence can end a block. Data read later, such as Plotly and the queries of a run, are compressed with gzip and
encoded in base64. This makes the page a third as large, and it opens before all of it is read. The content security
policy allows the two scripts by their hashes and no network.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

_SCRIPTS = ("format.js", "data.js", "charts.js", "names.js", "pareto.js", "table.js", "run.js", "query.js", "main.js")


def page_html(data: Mapping[str, Any], later: Mapping[str, str]) -> bytes:
    """Build the page.

    Args:
        data: Data that the page shows at once.
        later: Data that the page reads on demand, by the id of the block, from ``packed``.

    Returns:
        The file, UTF-8.
    """
    from plotly.offline import get_plotlyjs

    plotly = get_plotlyjs()
    own = '"use strict";\n(() => {\n' + "\n".join(map(_asset, _SCRIPTS)) + "\n})();"
    parts = {
        "policy": _policy([plotly, own]),
        "style": _asset("page.css"),
        "data": f'<script type="application/json" id="data">{json_text(data)}</script>',
        "own": f"<script>{own}</script>",
        "later": "\n".join(_block(name, text) for name, text in {"plotly": packed(plotly), **later}.items()),
    }
    # One pass: inserted text is never searched for placeholders.
    text = re.sub(r"<!--(policy|style|data|own|later)-->", lambda place: parts[place[1]], _asset("page.html"))
    # A lone surrogate is legal in JSON and has no UTF-8.
    return text.encode("utf-8", "replace")


def json_text(value: Any) -> str:
    """JSON that is safe inside a ``<script>`` block."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def packed(text: str) -> str:
    """Compress a text with gzip and encode it in base64, deterministically."""
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), compresslevel=6, mtime=0)).decode()


def _block(name: str, text: str) -> str:
    return f'<script type="application/gzip" id="{name}">{text}</script>'


def _asset(name: str) -> str:
    return (resources.files("spotvmr.report") / "assets" / name).read_text(encoding="utf-8")


def _policy(scripts: list[str]) -> str:
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    # Plotly writes styles; it uses data: and blob: addresses to save a picture.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:;"
        " base-uri 'none'; form-action 'none'"
    )
