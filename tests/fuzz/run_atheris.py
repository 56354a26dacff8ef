"""Fuzzes one target for as long as you like, guided by the branches that an input reaches.

pip install atheris
python tests/fuzz/run_atheris.py conll -max_total_time=600
"""

import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

with atheris.instrument_imports(include=["token_classification"]):
    from fuzz.targets import TARGETS, feed

chosen = sys.argv.pop(1) if len(sys.argv) > 1 else ""
if chosen not in TARGETS:
    sys.exit(f"accepted are {', '.join(TARGETS)}; type: python tests/fuzz/run_atheris.py conll -max_total_time=600")
atheris.Setup(sys.argv, lambda content: feed(chosen, content) and None)
atheris.Fuzz()
