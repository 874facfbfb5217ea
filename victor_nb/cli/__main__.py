"""`python -m victor_nb.cli`: the same as `victor`, for an interpreter whose scripts are not on the path."""

import sys

from victor_nb.cli import main

sys.exit(main())
