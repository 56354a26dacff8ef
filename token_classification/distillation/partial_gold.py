"""Tags of a file that leaves out what a teacher knows: there `O` says only what a word is not.

A file that annotates new types only has `O` at entities of the old ones; learnt as it stands, it would teach a model
to forget them. At these words the teacher speaks alone (Monaikul et al., 2021,
https://ojs.aaai.org/index.php/AAAI/article/view/17600), of those labels that the `O` leaves open.
"""

from collections.abc import Sequence

import numpy as np

from token_classification.data.labels import LabelSet
from token_classification.data.schemes import OUTSIDE, Scheme, name_type
from token_classification.errors import UserError


def free_outside(
    probabilities: np.ndarray, gold_ids: np.ndarray, labels: LabelSet, knows: np.ndarray, part: slice
) -> np.ndarray:
    """Narrow the teachers' answers at the `O`s of a file to what the file leaves open, where they know more types.

    An `O` rules out the types that the file annotates. What the teachers gave these goes to the others in proportion.

    Args:
        probabilities: The teachers' answers, float (words, labels), which are changed.
        gold_ids: int64, (words,): the labels of the words.
        labels: Those of the model.
        knows: bool, (labels,): which of them all teachers have.
        part: The words of one file.

    Returns:
        bool, (words,): at which words the teachers' answer takes the place of the tag.
    """
    freed = np.zeros(len(gold_ids), dtype=bool)
    unannotated = find_unannotated(gold_ids[part], labels)
    if not knows[unannotated].any():
        return freed
    outside = labels.ids[OUTSIDE]
    freed[part] = gold_ids[part] == outside
    open_labels = np.zeros(len(labels), dtype=bool)
    open_labels[[outside, *unannotated]] = True
    rows = np.flatnonzero(freed)
    left = np.where(open_labels, probabilities[rows].astype(np.float32), 0.0)
    left[left.sum(axis=-1) == 0, outside] = 1.0
    probabilities[rows] = left / left.sum(axis=-1, keepdims=True)
    return freed


def find_unannotated(gold_ids: np.ndarray, labels: LabelSet) -> list[int]:
    """Return the labels whose types no tag has; none where tags mark no entities."""
    if labels.scheme == Scheme.PLAIN or OUTSIDE not in labels.ids:
        return []
    found = {labels.names[label_id] for label_id in np.unique(gold_ids) if label_id >= 0}
    annotated = {name_type(name) for name in found if name != OUTSIDE}
    return [
        label_id for label_id, name in enumerate(labels.names) if name != OUTSIDE and name_type(name) not in annotated
    ]


def check_teachers_agree(names: Sequence[str], gold_ids: np.ndarray, labels: LabelSet, known: np.ndarray) -> None:
    """Refuse teachers of which only some know a type that the training data leave out: the others would unteach it.

    Args:
        names: The teachers.
        gold_ids: The labels of all training words.
        labels: Those of the model.
        known: bool, (teachers, labels): who knows which.

    Raises:
        UserError: there are such.
    """
    disputed = [
        labels.names[label_id]
        for label_id in find_unannotated(gold_ids, labels)
        if known[:, label_id].any() and not known[:, label_id].all()
    ]
    if disputed:
        raise UserError(
            f"--teacher {' '.join(names)}: only some of them know {', '.join(disputed)}, which the training data do "
            "not have, so the others would teach that it is O; accepted: teachers of the same labels; leave some out"
        )
