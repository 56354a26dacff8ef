"""Entities below the winning tags: words that the model may hold for an entity, although its tags mark none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme, Tags
from token_classification.inference.entities import find_spans
from token_classification.scoring.calibration import LabelMaps
from token_classification.scoring.marginals import Lattice, Segment, build_lattice, choose_apart

if TYPE_CHECKING:
    from token_classification.scoring.evaluate import SplitResults

LEAST_MARGINAL = 0.001
"""What a proposal has at least: of those with less, hardly one in a thousand is right"""


@dataclass(frozen=True)
class Proposer:
    """Proposes entities where the tags mark none; the same for calibrating and for tagging."""

    lattice: Lattice
    scheme: Scheme
    least: float
    """Lowest marginal of a proposal"""

    def propose(self, tags: Tags, log_probabilities: np.ndarray, starts: np.ndarray) -> list[list[Segment]]:
        """Propose entities of some texts; none shares a word with another one, or with one that the tags mark.

        Args:
            tags: The winning ones of each text.
            log_probabilities: Those of all labels, float32 (words, labels), text after text.
            starts: int64, (texts + 1,): the first word of each text, and the number of words.
        """
        found = self.lattice.find_segments(log_probabilities, starts, self.least)
        return [choose_apart(own, find_spans(row, self.scheme)) for own, row in zip(found, tags, strict=True)]


def propose_for_split(results: "SplitResults", label_set: LabelSet) -> list[list[Segment]]:
    """Propose entities for the sentences of an evaluated split, whose log probabilities were kept."""
    kept = results.log_probabilities
    if kept is None:  # there was no word
        return [[] for _ in results.tags]
    return build_proposer(label_set).propose(results.tags, kept, np.cumsum([0, *map(len, results.tags)]))


def build_proposer(
    label_set: LabelSet, thresholds: Mapping[str, float] | None = None, maps: LabelMaps | None = None
) -> Proposer:
    """Build what proposes entities.

    Args:
        label_set: The labels of the model.
        thresholds: Label -> lowest score that is wanted; what can't reach one is not looked for. None: all.
        maps: What makes these scores of marginals.
    """
    least = LEAST_MARGINAL
    if thresholds and maps is not None:
        least = max(least, min(maps.find(label).invert(score) for label, score in thresholds.items()))
    return Proposer(build_lattice(label_set), label_set.scheme, least)
