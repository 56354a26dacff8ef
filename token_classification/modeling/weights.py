"""Load the weights of a model, and say in a line which of them the checkpoint lacks or has in vain."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from transformers import PreTrainedModel
from transformers.utils.logging import set_tqdm_hook

from token_classification.arguments.model import ModelArguments
from token_classification.errors import UserError
from token_classification.modeling.source import hub_options
from token_classification.output_text import quote_path

logger = logging.getLogger(__name__)

LISTED_WEIGHTS = 3
"""How many names stand in a message; the rest is counted"""
NOT_NEEDED = {"pooler"}
"""Parts of an encoder whose output tagging does not use"""
CHECK_CONFIG = "Check that its config.json belongs to these weights."


class HeldReports(logging.Filter):
    """Holds back the library's tables of weights, which look alarming for every new head."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Let a record through unless it is such a table."""
        is_report = "LOAD REPORT" in record.getMessage()
        if is_report:
            self.records.append(record)
        return not is_report


def load_weights(
    kind: Any,  # noqa: ANN401 - the library's classes that load models share no base
    arguments: ModelArguments,
    is_tagger: bool,
    *,
    has_head_elsewhere: bool = False,
    **options: object,
) -> PreTrainedModel:
    """Load a model with the weights of a checkpoint.

    A head of another size than the labels need starts afresh, unless it is a tagger's, which should fit.

    Args:
        kind: What to call `from_pretrained` of.
        arguments: Which checkpoint.
        is_tagger: Whether the checkpoint knows labels, so that it should have a head for them.
        has_head_elsewhere: Whether a head from another file takes the place of this one, so that nobody asks for it.
        **options: Further options of `from_pretrained`.

    Raises:
        UserError: weights have other shapes than the config says (unless `ignore_mismatched_sizes` is set).
        OSError: no such model or file (also ValueError and RuntimeError: weights that can't be read).
    """
    with _hold_reports(), hide_weight_bars():
        model, found = kind.from_pretrained(
            arguments.model_name_or_path,
            output_loading_info=True,
            # What is accepted of them is decided below: a new head is no mistake, an encoder of other shapes is one.
            ignore_mismatched_sizes=True,
            **options,
            **hub_options(arguments),
        )
    if getattr(model, "_hf_peft_config_loaded", False):
        name = arguments.model_name_or_path
        raise UserError(
            f"model {name}: an adapter (PEFT) on the Hub; accepted: one in a folder; type: hf download "
            f"{quote_path(name)} --local-dir FOLDER, and take that"
        )
    shapes = {name: (tuple(there), tuple(here)) for name, there, here in sorted(found["mismatched_keys"])}
    lacking = {*found["missing_keys"], *shapes}
    if has_head_elsewhere:
        shapes = {weight: shape for weight, shape in shapes.items() if not _is_head(model, weight)}
        lacking = {weight for weight in lacking if not _is_head(model, weight)}
    if shapes and not arguments.ignore_mismatched_sizes:
        _check_shapes(model, shapes, is_tagger)
    _tell_differences(model, sorted(lacking), sorted(found["unexpected_keys"]), is_tagger)
    return model


@contextmanager
def hide_weight_bars() -> Iterator[None]:
    """Hide the library's progress bars of reading and writing weights; those of downloads stay."""
    before = set_tqdm_hook(lambda factory, args, kwargs: factory(*args, **{**kwargs, "disable": True}))
    try:
        yield
    finally:
        set_tqdm_hook(before)


@contextmanager
def _hold_reports() -> Iterator[None]:
    """Hold the library's tables back, unless loading fails: its error then refers to them."""
    library, held = logging.getLogger("transformers.modeling_utils"), HeldReports()
    library.addFilter(held)
    try:
        yield
    except Exception:
        library.removeFilter(held)
        for record in held.records:
            library.handle(record)
        raise
    finally:
        library.removeFilter(held)


def _check_shapes(
    model: PreTrainedModel, shapes: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]], is_tagger: bool
) -> None:
    """Look at the weights whose shapes in the checkpoint are not those of the model.

    Raises:
        UserError: they are the encoder's, or a trained tagger's.
    """
    folder = model.name_or_path
    outside = {weight: shape for weight, shape in shapes.items() if _is_head(model, weight)}
    inside = {weight: shape for weight, shape in shapes.items() if weight not in outside}
    flag = "run_ner.py --ignore_mismatched_sizes true, which starts these weights from random values"
    if inside:
        weight, (there, here) = next(iter(inside.items()))
        raise UserError(
            f"model {folder}: weights have other shapes than its config.json says, {weight} for instance {there} "
            f"instead of {here}; accepted: the config.json that belongs to these weights; or {flag}"
        )
    weight, (there, here) = next(iter(outside.items()))
    if is_tagger:
        raise UserError(
            f"model {folder}: config.json names {here[0]:,} labels (id2label), but the head has {there[0]:,} rows "
            f"({weight}); accepted: a name for each row; or {flag}"
        )
    logger.warning(
        "%s: its head has %s rows, for other labels or another task; a fresh one with %s takes its place.",
        *(folder, f"{there[0]:,}", f"{here[0]:,}"),
    )


def _is_head(model: PreTrainedModel, weight: str) -> bool:
    return model.base_model is not model and not weight.startswith(f"{model.base_model_prefix}.")


def _tell_differences(model: PreTrainedModel, lacking: Sequence[str], unused: Sequence[str], is_tagger: bool) -> None:
    """Warn of an encoder or a trained head that is not whole; a new head is no more than news."""
    name, encoder, prefix = model.name_or_path, model.base_model, f"{model.base_model_prefix}."
    parts = {parameter.partition(".")[0] for parameter, _ in encoder.named_parameters()} - NOT_NEEDED

    def find_part(weight: str) -> str:
        return weight.removeprefix(prefix).partition(".")[0]

    lacking = [weight for weight in lacking if find_part(weight) not in NOT_NEEDED]
    of_encoder = [weight for weight in lacking if not _is_head(model, weight)]
    if of_encoder:
        logger.warning(
            "%s lacks weights of the encoder, or has them in another shape; they start from random values: %s. %s",
            *(name, _list_names(of_encoder), CHECK_CONFIG),
        )
    if no_place := [weight for weight in unused if find_part(weight) in parts]:
        logger.warning(
            "%s has weights of an encoder that its config has no place for; they are not used: %s. %s",
            *(name, _list_names(no_place), CHECK_CONFIG),
        )
    if new := [weight for weight in lacking if weight not in of_encoder]:
        if is_tagger:
            logger.warning(
                "%s lacks the weights of its head, which start from random values: %s", name, _list_names(new)
            )
        else:
            logger.info("New classification head, which starts from random values: %s", _list_names(new))


def _list_names(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED_WEIGHTS:,} more" if len(names) > LISTED_WEIGHTS else ""
    return ", ".join(names[:LISTED_WEIGHTS]) + more
