"""The levels of nested entities in a model's config."""

from typing import TYPE_CHECKING

from token_classification.data.labels import LabelSet
from token_classification.data.levels import LabelLevels
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from token_classification.modeling.plain_files import PlainConfig


def record_levels(config: "PreTrainedConfig", labels: LabelLevels) -> None:
    """Write down that a model's outputs are those of several levels; their names say of which each one is."""
    config.tag_levels = [*labels.sets]


def read_columns(config: "PreTrainedConfig", name: str) -> tuple[slice, ...]:
    """Return which outputs of a model are those of each level; all of them where there is one.

    Raises:
        UserError: see `read_levels`.
    """
    levels = read_levels(config, name)
    return (slice(None),) if levels is None else levels.columns


def read_levels(config: "PreTrainedConfig | PlainConfig", name: str) -> LabelLevels | None:
    """Return the labels of each level that a model knows; None: it knows tags of one level, or none.

    Raises:
        UserError: the names of the outputs are not those of the levels, one after the other.
    """
    levels = getattr(config, "tag_levels", None)
    if levels is None:
        return None
    names = tuple(str(label) for _, label in sorted((config.id2label or {}).items()))
    sets = {
        level: LabelSet(
            tuple(label.removeprefix(f"{level}:") for label in names if label.startswith(f"{level}:")),
            Scheme(config.tag_scheme),
        )
        for level in levels
    }
    if LabelLevels(sets).names != names:
        raise UserError(
            f"model {name}: the labels in its config.json (id2label) are not those of its levels (tag_levels: "
            f"{', '.join(levels)}); accepted: the files as they were written"
        )
    return LabelLevels(sets)
