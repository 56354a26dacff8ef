"""The scores of a run as a metric of the evaluate library, for other programs: `evaluate.load(FILE)` of this file.

The package itself does not import it; it needs neither a network nor the `seqeval` metric of the Hub.
"""

import datasets
import evaluate

from token_classification.data.schemes import Scheme, Tags, recognise_scheme
from token_classification.scoring.metrics import score_strict_entities, score_tags

MODES = (None, "strict")
DESCRIPTION = "Entity-level precision, recall and F1, under the names and with the numbers of the `seqeval` metric."
INPUTS = """
Args:
    predictions: A list of tags for each sentence.
    references: The gold tags, a list for each sentence.
    scheme: IOB1, IOB2, IOBES, BILOU, or PLAIN (every tag by itself, as for POS). None recognises it from the tags.
    mode: None counts entities as conlleval does; "strict" counts only those whose tags are legal in the scheme.

Returns:
    A dict: {precision, recall, f1, number} for each type, overall_precision, overall_recall, overall_f1,
    overall_accuracy, macro_f1 and, if `mode` is None, strict_precision, strict_recall, strict_f1.
"""


class EntityScores(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    """Precision, recall and F1 of entities; `INPUTS` says what `compute` takes and returns."""

    def _info(self) -> evaluate.MetricInfo:
        tags = datasets.Sequence(datasets.Value("string"))
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation="",
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": tags, "references": tags}),
        )

    def _compute(
        self, predictions: Tags, references: Tags, scheme: str | None = None, mode: str | None = None
    ) -> dict[str, float | dict[str, float]]:
        """Score the tags.

        Raises:
            ValueError: there is no such mode or scheme, or plain tags are to be scored strictly.
        """
        if mode not in MODES:
            raise ValueError(f"mode={mode!r}; accepted: None (as conlleval counts), 'strict'")
        known = _read_scheme(scheme, predictions, references)
        if mode is None:
            return score_tags(references, predictions, known)
        if known == Scheme.PLAIN:
            raise ValueError("mode='strict': plain tags mark no entities; accepted with them: mode=None")
        return score_strict_entities(references, predictions, known)


def _read_scheme(scheme: str | None, predictions: Tags, references: Tags) -> Scheme:
    if scheme is None:
        return recognise_scheme(references, {tag for tags in predictions for tag in tags})
    if scheme.lower() not in list(Scheme):
        raise ValueError(f"scheme={scheme!r}; accepted: {', '.join(known.upper() for known in Scheme)}")
    return Scheme(scheme.lower())
