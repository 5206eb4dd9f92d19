"""python -m motorium VERB ..."""

import sys

from motorium.cli import main

sys.exit(main())
