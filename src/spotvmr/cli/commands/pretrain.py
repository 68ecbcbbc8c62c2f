"""``spotvmr pretrain``: make the weights of the demo's own encoders again."""

from __future__ import annotations

from typing import Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.config import Config


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Train the encoders on the pool of the generated world.

    Returns:
        What the encoders know of held-out pool videos.
    """
    from spotvmr.pretraining.stages import pretrain

    return pretrain(config, arguments.show)
