"""`python -m token_classification`: the commands, as the console script runs them."""

import sys
from pathlib import Path

if not sys.flags.safe_path and Path(sys.path[0]).resolve() != Path(__file__).parents[1]:
    # The user's current folder: a file there with the name of a library would be imported in its place.
    del sys.path[0]

from token_classification.cli import main

if __name__ == "__main__":
    sys.exit(main())
