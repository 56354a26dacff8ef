"""The labels of nested entities: a label set for each level, chosen as that of a single one is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from token_classification.data.labels import LabelSet, choose_label_set
from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.errors import UserError

if TYPE_CHECKING:
    from token_classification.data.load import Corpus


@dataclass(frozen=True)
class LabelLevels:
    """The label sets of the levels, outermost first. A model's outputs are those of all levels side by side."""

    sets: dict[str, LabelSet]
    """Level -> its labels; all have the same scheme"""

    @property
    def scheme(self) -> Scheme:
        """How the tags of all levels mark entities."""
        return next(iter(self.sets.values())).scheme

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of a model's outputs: `outer:B-LOC`, `inner:B-LOC` ..."""
        return tuple(f"{level}:{name}" for level, labels in self.sets.items() for name in labels.names)

    @cached_property
    def columns(self) -> tuple[slice, ...]:
        """Which of the outputs are those of each level."""
        return tuple(slice(*borders) for borders in pairwise(accumulate(map(len, self.sets.values()), initial=0)))

    def __len__(self) -> int:
        return sum(map(len, self.sets.values()))


Labels = LabelSet | LabelLevels
"""What a model knows: tags of one level, or of several"""


def list_sets(labels: Labels) -> dict[str, LabelSet]:
    """Return level -> its labels; the name of a single one is empty."""
    return labels.sets if isinstance(labels, LabelLevels) else {"": labels}


def list_columns(labels: Labels) -> tuple[slice, ...]:
    """Return which outputs of a model are those of each level; all of them where there is one."""
    return labels.columns if isinstance(labels, LabelLevels) else (slice(None),)


def choose_labels(
    corpus: "Corpus",
    *,
    task: str,
    labels_file: str | None,
    model_labels: Sequence[str] | LabelLevels | None,
    is_training: bool,
    kept: Sequence[LabelSet] = (),
) -> Labels:
    """Decide on the labels of each level as `choose_label_set` does; `corpus` has those levels (`fit_levels`).

    Raises:
        UserError: see `choose_label_set`.
    """
    if not corpus.levels:
        names = None if isinstance(model_labels, LabelLevels) else model_labels
        return choose_label_set(
            corpus, task=task, labels_file=labels_file, model_labels=names, is_training=is_training, kept=kept
        )
    known = model_labels.sets if isinstance(model_labels, LabelLevels) else {}
    sets = {
        name: choose_label_set(
            level,
            task=task,
            labels_file=labels_file,
            model_labels=known[name].names if name in known else None,
            is_training=is_training,
        )
        for name, level in corpus.levels.items()
    }
    # A level may have too few entities to tell the scheme by.
    all_names = {tag for labels in sets.values() for tag in labels.names}
    splits = [sentences for level in corpus.levels.values() for sentences in level.splits.values()]
    scheme = recognise_scheme((tags for sentences in splits for tags in sentences.tags or ()), all_names, task)
    return LabelLevels({name: replace(labels, scheme=scheme) for name, labels in sets.items()})


def fit_levels(corpus: "Corpus", model_labels: Sequence[str] | LabelLevels | None, *, is_training: bool) -> "Corpus":
    """Return the corpus with the levels that the model has, for which data without tags need not name columns.

    Raises:
        UserError: the data have other levels than the model, whose outputs would be taken for what they are not.
    """
    names = [*model_labels.sets] if isinstance(model_labels, LabelLevels) else [""]
    there = len(names)
    here = len(corpus.levels) or 1
    if there == here or (is_training and there == 1):
        return corpus
    if here == 1 and all(sentences.tags is None for sentences in corpus.splits.values()):
        return replace(corpus, levels=dict.fromkeys(names, corpus))
    if there == 1:
        raise UserError(
            f"--label_column_name names {here} columns of tags, but the model knows the tags of one level; accepted: "
            "one column, or a model that was trained with as many; train one: --do_train --train_file FILE"
        )
    columns = ",".join(str(place + 2) for place in range(there))
    raise UserError(
        f"the model finds nested entities on {there} levels, and the data have tags of {here}; accepted: a column of "
        f"tags for each level, outermost first, or none to tag data without tags; type e.g. --label_column_name "
        f"{columns}"
    )
