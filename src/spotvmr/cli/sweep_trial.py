"""``python -m spotvmr.cli.sweep_trial …``: ``spotvmr …`` that ends with its standard input.

A sweep keeps that input open, so that its trials end when it is killed. Further processes of a distributed
training inherit it and end too.
"""

from __future__ import annotations

import os
import sys
import threading

from spotvmr.cli.main import main


def _end_with_input() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    sys.exit(main())
