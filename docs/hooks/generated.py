"""MkDocs hook: pages made from the code at build time, so that they cannot differ from it."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from spotvmr.cli.table import COMMANDS
from spotvmr.config.keys import Key, all_keys, shown_default, type_name

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for path, text in (("reference/settings.md", settings_page()), ("reference/commands.md", commands_page())):
        files.append(File.generated(config, path, content=text))
    for picture in sorted(EXPERIMENTS.glob("*/curve.png")):
        files.append(File.generated(config, picture_path(picture.parent.name), abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Change links to pictures of ``experiments/``, which work in the repository, to their places in the site."""
    return re.sub(
        r"\]\(\.\./\.\./experiments/(\w+)/curve\.png\)", lambda found: f"](../{picture_path(found.group(1))})", markdown
    )


def picture_path(experiment: str) -> str:
    """Return the place in the site of the curve of an experiment."""
    return f"images/{experiment}.png"


def settings_page() -> str:
    """One table for each group of settings: key, type, default, meaning with unit and limit."""
    keys = all_keys()
    groups = {"": "The settings of no group."} | {key.name: key.meaning for key in keys.values() if key.group}
    parts = [
        "# Settings\n",
        (
            "Every setting is one `key=value` on the command line or one entry of a YAML file. "
            "This page is generated from `spotvmr.config.schema`. "
            "The defaults below are those of the schema. `conf/base.yaml` and the files of `conf/` may set others. "
            "`spotvmr config` prints the resolved settings.\n"
        ),
    ]
    for group, meaning in groups.items():
        rows = [row(key) for key in keys.values() if not key.group and key.name.rpartition(".")[0] == group]
        parts.append(f"## {group or 'General'}\n\n{escape(meaning)}\n")
        parts.append("| key | type | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def row(key: Key) -> str:
    """Return the table row of one setting."""
    unit = f" Unit: {key.unit}." if key.unit else ""
    limit = f" Must be {key.limit.words}." if key.limit else ""
    meaning = sentence(key.meaning) + unit + limit
    return f"| `{key.name}` | {type_name(key.kind)} | `{shown_default(key)}` | {escape(meaning)} |"


def commands_page() -> str:
    """One section for each command: its line of help, words and options."""
    parts = [
        "# Commands\n",
        "`spotvmr COMMAND --help` prints the same. This page is generated from it.\n",
    ]
    for name, command in COMMANDS.items():
        parts.append(f"## {name}\n\n{escape(sentence(command.help))}\n")
        listed: dict[str, str] = dict(command.words) | {f"{key}=": text for key, text in command.options.items()}
        if listed:
            rows = [f"| `{key}` | {escape(text)} |" for key, text in listed.items()]
            parts.append("| argument | meaning |\n|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def sentence(text: str) -> str:
    """Return ``text`` as a sentence."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def escape(text: str) -> str:
    """Return ``text`` for a cell of a table: no HTML, no column borders."""
    return html.escape(re.sub(r"\s+", " ", text), quote=False).replace("|", "\\|")
