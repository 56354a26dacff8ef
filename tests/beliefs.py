"""What models are made to believe about the sentences of a test."""

from collections.abc import Sequence

import numpy as np

from token_classification.auditing.read_file import LabelledFile
from token_classification.inference.engine import Beliefs


def believe(file: LabelledFile, tags: Sequence[Sequence[str]], sureness: float | Sequence[float] = 0.9) -> Beliefs:
    """Beliefs in some tags: each has this probability, or that of its sentence; the other labels share the rest."""
    sure = [sureness] * len(tags) if isinstance(sureness, float) else sureness
    labels = file.labels
    weights = []
    for row, probability in zip(tags, sure, strict=True):
        table = np.full((len(row), len(labels)), (1 - probability) / (len(labels) - 1), dtype=np.float32)
        table[np.arange(len(row)), [labels.index(tag) for tag in row]] = probability
        weights.append(np.log(table))
    return Beliefs([list(row) for row in tags], weights)
