"""One HTML file of scripts, style and data, safe for whatever the data say.

Data stand in ``<script>`` blocks that are no scripts: what is shown at once as JSON, where ``<`` is written as an
escape, so that no sentence can end a block; what is read later, such as Plotly and the queries of a run, packed by
gzip and base64, which makes the page a third as large and lets it open before all of it is read. The page's own
policy names its two scripts by their hashes and allows no network.
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
    """Put the page together.

    Args:
        data: What the page shows at once.
        later: What it reads when it is asked for, by the id of its block, as ``packed`` gives it.

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
    # One pass: what is put in is never searched for places.
    text = re.sub(r"<!--(policy|style|data|own|later)-->", lambda place: parts[place[1]], _asset("page.html"))
    # A lone surrogate, legal in JSON, has no UTF-8.
    return text.encode("utf-8", "replace")


def json_text(value: Any) -> str:
    """Write JSON that can stand in a ``<script>`` block."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def packed(text: str) -> str:
    """Write a text as gzip in base64; the same text always gives the same."""
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), compresslevel=6, mtime=0)).decode()


def _block(name: str, text: str) -> str:
    return f'<script type="application/gzip" id="{name}">{text}</script>'


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
