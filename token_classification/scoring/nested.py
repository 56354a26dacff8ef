"""Scores of nested entities: the entities of all levels counted together, as GermEval 2014 does.

Its metric 1 (strict and combined, the official one) is `f1`: an entity is right if its words and its label are right
on its own level, and precision and recall count the entities of all levels. Its metric 3 is the scores of each level.
Its metric 2 is `loose_f1`: metric 1, with derivations (`LOCderiv`) and parts of words (`LOCpart`) counted as their
type.
"""

import re
from collections.abc import Mapping
from itertools import chain

from token_classification.data.schemes import Scheme, Tags
from token_classification.scoring.metrics import SHARES, Scores, score_lenient_entities, score_tags

LevelTags = Mapping[str, Tags]
"""Level -> its tags, a list per sentence"""

VARIANT = re.compile(r"(?<=[^-])(deriv|part)\Z")
"""What tags of GermEval end with if their type is a variant of another one"""


def score_levels(gold: LevelTags, predicted: LevelTags, scheme: Scheme) -> Scores:
    """Score the tags of all levels as if each level were a text of its own; names as `score_tags` has them.

    No entity goes over the end of a sentence, so its numbers of entities are the sums of those of the levels, and its
    accuracy is the mean of theirs.
    """
    return score_tags(_lay_end_to_end(gold), _lay_end_to_end(predicted), scheme)


def score_loosely(gold: LevelTags, predicted: LevelTags) -> dict[str, float]:
    """Return `loose_precision`, `loose_recall` and `loose_f1`; none where no tag is a variant of another one."""
    sides = [_lay_end_to_end(side) for side in (gold, predicted)]
    tags = {tag for row in sides[0] for tag in row}
    if not any(VARIANT.sub("", tag) in tags for tag in tags if VARIANT.search(tag)):
        return {}
    loose = [[[VARIANT.sub("", tag) for tag in row] for row in side] for side in sides]
    scores = score_lenient_entities(*loose)
    return {f"loose_{name}": scores[f"overall_{name}"] for name in SHARES}  # type: ignore[misc]  # no rows


def _lay_end_to_end(levels: LevelTags) -> Tags:
    return list(chain.from_iterable(levels.values()))
