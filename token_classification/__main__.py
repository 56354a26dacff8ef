"""`python -m token_classification`: the TAO dialect's commands."""

import sys
from pathlib import Path

if not sys.flags.safe_path and Path(sys.path[0]).resolve() != Path(__file__).parents[1]:
    # The folder that the user is in: a file there called like one of the libraries would be run in its place.
    del sys.path[0]

from token_classification.cli import main

if __name__ == "__main__":
    sys.exit(main())
