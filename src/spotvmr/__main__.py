"""``python -m spotvmr`` is the ``spotvmr`` command."""

import sys

from spotvmr.cli.main import main

sys.exit(main())
