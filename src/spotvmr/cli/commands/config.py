"""``spotvmr config``: print the resolved settings, or their JSON schema."""

from __future__ import annotations

import json

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import flag
from spotvmr.config import Config, Plain, as_plain, to_yaml


def run(config: Config, arguments: Arguments) -> Plain:
    """Print the settings as YAML, or with ``schema=true`` their JSON schema.

    Returns:
        The settings as plain Python; or the schema.
    """
    if flag(arguments.options, "schema"):
        from spotvmr.config.json_schema import json_schema

        schema = json_schema()
        arguments.show(json.dumps(schema, indent=1))
        return schema
    arguments.show(to_yaml(config))
    return as_plain(config)
