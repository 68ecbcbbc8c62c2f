"""MkDocs hook: pages made from the code at build time, so that they cannot differ from it."""

from __future__ import annotations

import dataclasses
import html
import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from spotvmr.cli.table import COMMANDS
from spotvmr.config import schema

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
    """One table for each group of settings: key, type, default, meaning."""
    parts = ["# Settings\n"]
    parts.append(
        "Every setting is one `key=value` on the command line or one entry of a YAML file. "
        "This page is generated from `spotvmr.config.schema`. "
        "The defaults below are those of the schema; `conf/base.yaml` and the files of `conf/` may set others. "
        "`spotvmr config` prints the resolved settings.\n"
    )
    for prefix, group in groups(schema.Config):
        parts.append(f"## {prefix or 'General'}\n\n{first_line(group)}\n")
        rows = [row(prefix, field, group) for field in dataclasses.fields(group) if not nested(group, field.name)]
        parts.append("| key | type | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


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


def groups(kind: type, prefix: str = "") -> Iterator[tuple[str, type]]:
    """Yield each settings dataclass with its dotted prefix, parents first."""
    yield prefix, kind
    for field in dataclasses.fields(kind):
        if inner := nested(kind, field.name):
            yield from groups(inner, f"{prefix}.{field.name}".lstrip("."))


def nested(kind: type, name: str) -> type | None:
    """Return the dataclass that a field holds, if it holds one."""
    annotation = typing.get_type_hints(kind)[name]
    found = [item for item in (annotation, *typing.get_args(annotation)) if dataclasses.is_dataclass(item)]
    return typing.cast(type, found[0]) if found else None


def row(prefix: str, field: dataclasses.Field[Any], group: type) -> str:
    """Return the table row of one setting."""
    key = f"{prefix}.{field.name}".lstrip(".")
    kind = str(field.type).replace(" | None", " or null").replace("None", "null")
    return f"| `{key}` | {escape(kind)} | {default(field)} | {escape(meaning(field, group))} |"


def default(field: dataclasses.Field[Any]) -> str:
    """Return the default of a field as it is written in YAML."""
    value = field.default_factory() if callable(field.default_factory) else field.default
    if value is None or isinstance(value, bool):
        value = str(value).lower().replace("none", "null")
    return f"`{value}`" if value != "" else "(empty)"


def meaning(field: dataclasses.Field[Any], group: type) -> str:
    """Return the help text of a setting: its metadata, or the comment beside it."""
    if text := field.metadata.get("help"):
        return str(text)
    found = re.search(rf"^    {field.name}: [^#\n]*# (.*)$", inspect.getsource(group), re.MULTILINE)
    return found.group(1) if found else ""


def first_line(kind: type) -> str:
    """Return the first line of a docstring."""
    return escape((inspect.getdoc(kind) or "").partition("\n")[0])


def sentence(text: str) -> str:
    """Return ``text`` as a sentence."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def escape(text: str) -> str:
    """Return ``text`` for a cell of a table: no HTML, no column borders."""
    return html.escape(re.sub(r"\s+", " ", text), quote=False).replace("|", "\\|")
