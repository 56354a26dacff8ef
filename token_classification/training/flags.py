"""From the flags of `run_ner.py` to the recipe that they ask for."""

import ast
import re

from token_classification.arguments.learning import LearningArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.time_budget import read_time
from token_classification.arguments.training import NerTrainingArguments
from token_classification.errors import UserError
from token_classification.recipe import DEFAULT_RECIPE, EarlyStopping, HeadOptions, Recipe
from token_classification.training.optimizer import OPTIMIZERS, NamedOptimizer
from token_classification.training.time_budget import TimedSchedule

DEFAULT_DROPOUT = 0.1
"""Of a new head; that of the library's own heads"""
SWITCHES = {"true": True, "false": False}


def build_recipe(arguments: RunArguments) -> Recipe:
    """Build the recipe that the flags ask for; without a training they decide nothing.

    Raises:
        UserError: a setting that the optimizer does not have, or a value that it does not take.
    """
    if not arguments.training.do_train:
        return DEFAULT_RECIPE
    return Recipe(
        head=_choose_head(arguments.learning),
        balances_classes=arguments.learning.class_weights == "balanced",
        optimizer=_choose_optimizer(arguments.training),
        early_stopping=_choose_early_stopping(arguments.training),
        schedule=_choose_schedule(arguments.training),
    )


def _choose_head(learning: LearningArguments) -> HeadOptions | None:
    if learning.head_layers is None and learning.head_dropout is None:
        return None
    return HeadOptions(
        layers=learning.head_layers or 1,
        dropout=DEFAULT_DROPOUT if learning.head_dropout is None else learning.head_dropout,
        activation=learning.head_activation or "relu",
    )


def _choose_optimizer(training: NerTrainingArguments) -> NamedOptimizer | None:
    """Return the optimizer of `--optim` if it is one of ours; None if the library builds it."""
    given = parse_optimizer_settings(training.optim_args)
    if training.optim not in OPTIMIZERS:
        return None
    adam = {"betas": (training.adam_beta1, training.adam_beta2), "eps": training.adam_epsilon}
    options = adam | given if "betas" in OPTIMIZERS[training.optim][1] else given
    return NamedOptimizer(training.optim, training.learning_rate, training.weight_decay, options)


def _choose_early_stopping(training: NerTrainingArguments) -> EarlyStopping | None:
    if training.early_stopping_patience is None:
        return None
    metric = str(training.metric_for_best_model).removeprefix("eval_")
    return EarlyStopping(
        f"eval_{metric}", training.early_stopping_patience, greater_is_better=bool(training.greater_is_better)
    )


def _choose_schedule(training: NerTrainingArguments) -> TimedSchedule | None:
    if training.time_budget is None:
        return None
    return TimedSchedule(read_time(training.time_budget), training.warmup_steps)


def parse_optimizer_settings(text: str | None) -> dict[str, object]:
    """Read `momentum=0.9,nesterov=true` or `etas=(0.5,1.2)`.

    Raises:
        UserError: a part that is no `name=value`.
    """
    settings: dict[str, object] = {}
    # A comma inside of brackets belongs to a value.
    for part in re.split(r",(?![^(]*\))", (text or "").replace(" ", "")):
        name, equals, value = part.partition("=")
        if part and not (name and equals and value):
            raise UserError(f"--optim_args: {part} has no value; write for example momentum=0.9,nesterov=true.")
        if part:
            settings[name] = SWITCHES.get(value.lower(), _read_number(value))
    return settings


def _read_number(value: str) -> object:
    """Read a number or a tuple of numbers; anything else stays text, which the optimizer may know."""
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
