"""`python -m token_classification`: the TAO dialect's commands."""

import sys

from token_classification.tao.cli import main

if __name__ == "__main__":
    sys.exit(main())
