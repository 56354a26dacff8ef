"""Metrics as files: those of a split by themselves, and together with those of the other splits."""

import json
from collections.abc import Mapping
from pathlib import Path

from token_classification.data.whole_files import write_whole

ALL_RESULTS = "all_results.json"


def write_metrics(folder: Path, split: str, metrics: Mapping[str, float]) -> None:
    """Write metrics to `{split}_results.json`, and into `all_results.json`."""
    write_whole(folder / f"{split}_results.json", json.dumps(metrics, indent=4, sort_keys=True))
    together = folder / ALL_RESULTS
    before = json.loads(together.read_text("utf-8")) if together.exists() else {}
    write_whole(together, json.dumps({**before, **metrics}, indent=4, sort_keys=True))
