"""Learning-rate schedules by the names of a NeMo spec, `model.optim.sched`.

A schedule that is a closed formula is a function from the step to a share of the full learning rate; the others are
torch's own. Formulas: those of NeMo's nemo/core/optim/lr_scheduler.py.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from omegaconf import DictConfig, OmegaConf
from torch import optim
from torch.optim import lr_scheduler

from token_classification.errors import UserError
from token_classification.nearest_names import find_nearest


@dataclass(frozen=True)
class Course:
    """The turning points of a schedule, in optimizer steps counted from 0."""

    max_steps: int
    warmup: int
    hold_end: int
    """First step after the full rate was held; the end of the warm-up where nothing is held"""
    constant: int
    """How many steps at the end stay at the lowest rate"""
    floor: float
    """Lowest rate, as a share of the full one"""
    power: float
    cycle: bool
    d_model: int


Formula = Callable[[Course, int], float]
"""Step -> share of the full learning rate."""


def stay(course: Course, step: int) -> float:
    """Keep the full rate."""
    return 1.0


def anneal_linearly(course: Course, step: int) -> float:
    """Go down on a straight line, from the end of the warm-up to the last step."""
    return course.floor + (1 - course.floor) * (1 - _progress(step, course.warmup, course.max_steps))


def anneal_squared(course: Course, step: int) -> float:
    """Go down with the square of what is left, not below the floor."""
    return max((1 - _progress(step, course.warmup, course.max_steps)) ** 2, course.floor)


def anneal_by_root(course: Course, step: int) -> float:
    """Go down with the root of what is left, counted from step 0: as in NeMo the rate jumps after the warm-up."""
    return max(math.sqrt(1 - _progress(step, 0, course.max_steps)), course.floor)


def anneal_by_inverse_root(course: Course, step: int) -> float:
    """Go down with the root of the steps done, which has no last step."""
    return math.sqrt((course.warmup + 1) / (step + 1))


def decay_by_power(course: Course, step: int) -> float:
    """Go down with a power of what is left after warm-up and hold; `cycle` stretches the way each time it is done."""
    done, way = step - course.hold_end, course.max_steps - course.hold_end
    if course.cycle and way > 0:
        way *= max(math.ceil(done / way), 1)
    return course.floor + (1 - course.floor) * (1 - _progress(done, 0, way)) ** course.power


def anneal_by_cosine(course: Course, step: int) -> float:
    """Go down on half a cosine. With constant steps at the end, the warm-up starts from 0 (Megatron's variant)."""
    decay_end = course.max_steps - course.constant
    if course.warmup > 0 and step <= course.warmup:
        return step / course.warmup if course.constant else _warm_up(course, step)
    if step > decay_end:
        return course.floor
    half_cosine = 0.5 * (1 + math.cos(math.pi * _progress(step, course.warmup, decay_end)))
    return course.floor + (1 - course.floor) * half_cosine


def anneal_as_noam(course: Course, step: int) -> float:
    """Follow "Attention is all you need", which scales the rate by the width of the model; it has no end."""
    step = max(step, 1)
    rise = step * course.warmup**-1.5 if course.warmup else math.inf
    share = course.d_model**-0.5 * min(step**-0.5, rise)
    return max(share, course.floor) if step > course.warmup else share


def warm_up_then(anneal: Formula) -> Formula:
    """Warm up, hold, then anneal until the last step; the lowest rate behind it."""

    def follow(course: Course, step: int) -> float:
        """Return the share of the full rate at a step."""
        if course.warmup > 0 and step <= course.warmup:
            return _warm_up(course, step)
        if step < course.hold_end:
            return 1.0
        return course.floor if step > course.max_steps else anneal(course, step)

    return follow


def _warm_up(course: Course, step: int) -> float:
    return (step + 1) / (course.warmup + 1)


def _progress(step: int, start: int, end: int) -> float:
    """Return how much of the way from start to end is done, 0 to 1; a way of no length is done."""
    return min((step - start) / (end - start), 1.0) if end > start else 1.0


FORMULAS: dict[str, Formula] = {
    "WarmupPolicy": warm_up_then(stay),
    "WarmupHoldPolicy": warm_up_then(stay),
    "SquareAnnealing": warm_up_then(anneal_squared),
    "SquareRootAnnealing": warm_up_then(anneal_by_root),
    "CosineAnnealing": anneal_by_cosine,
    "NoamAnnealing": anneal_as_noam,
    "WarmupAnnealing": warm_up_then(anneal_linearly),
    "InverseSquareRootAnnealing": warm_up_then(anneal_by_inverse_root),
    "PolynomialDecayAnnealing": warm_up_then(decay_by_power),
    "PolynomialHoldDecayAnnealing": warm_up_then(decay_by_power),
}

TORCH_SCHEDULES: dict[str, type[lr_scheduler.LRScheduler]] = {
    "StepLR": lr_scheduler.StepLR,
    "ExponentialLR": lr_scheduler.ExponentialLR,
    "ReduceLROnPlateau": lr_scheduler.ReduceLROnPlateau,
    "CyclicLR": lr_scheduler.CyclicLR,
}
"""Counted in optimizer steps; ReduceLROnPlateau, in evaluations: the Trainer gives it `metric_for_best_model`."""

DEFAULT_RATIO = 0.1
"""`model.optim.sched.warmup_ratio` of the schema"""
WARMUP = ("warmup_steps", "warmup_ratio", "min_lr")
HOLD = (*WARMUP, "hold_steps", "hold_ratio")
OPTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(FORMULAS, WARMUP),
    "WarmupHoldPolicy": HOLD,
    "CosineAnnealing": (*WARMUP, "constant_steps", "constant_ratio"),
    "NoamAnnealing": (*WARMUP, "d_model"),
    "PolynomialDecayAnnealing": (*WARMUP, "power", "cycle"),
    "PolynomialHoldDecayAnnealing": (*HOLD, "power", "cycle"),
    "StepLR": ("step_size", "gamma"),
    "ExponentialLR": ("gamma",),
    "ReduceLROnPlateau": ("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"),
    "CyclicLR": (
        *("base_lr", "max_lr", "step_size_up", "step_size_down", "mode", "gamma"),
        *("scale_mode", "cycle_momentum", "base_momentum", "max_momentum"),
    ),
}
"""Settings that each schedule takes."""

REQUIRED: dict[str, dict[str, str]] = {
    "NoamAnnealing": {"d_model": "768 (the hidden size of the model)"},
    "StepLR": {"step_size": "100"},
    "ExponentialLR": {"gamma": "0.99"},
    "CyclicLR": {"base_lr": "1e-6", "max_lr": "5e-5"},
}
"""Settings without a default -> what a value may look like."""

DEFAULT_MIN_LR = {"SquareAnnealing": 1e-5}

EXPECTED: dict[str, tuple[Callable[[float], bool], str]] = {
    **dict.fromkeys(
        ("warmup_steps", "hold_steps", "constant_steps", "patience", "cooldown"),
        (lambda value: isinstance(value, int) and value >= 0, "a whole number, 0 or more"),
    ),
    **dict.fromkeys(
        ("d_model", "step_size", "step_size_up", "step_size_down"),
        (lambda value: isinstance(value, int) and value > 0, "a whole number above 0"),
    ),
    **dict.fromkeys(("power", "gamma", "base_lr", "max_lr"), (lambda value: value > 0, "a number above 0")),
    **dict.fromkeys(
        ("warmup_ratio", "hold_ratio", "constant_ratio"), (lambda value: 0 <= value <= 1, "a share from 0 to 1")
    ),
    "min_lr": (lambda value: value >= 0, "a learning rate, 0 or more"),
}
"""Settings that are numbers -> whether a number will do, and what is expected. The rest torch checks."""


@dataclass(frozen=True)
class NamedSchedule:
    """A schedule that is still to be given its optimizer: a factory for the trainer, and what is recorded of it.

    Raises:
        UserError: a schedule or a setting that doesn't exist, is missing, or has a value that makes no sense.
    """

    name: str
    """`model.optim.sched.name`"""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The schedule's own keys of `model.optim.sched`; null is the default"""

    def __post_init__(self) -> None:
        _check_settings(self.name, self.given)

    @property
    def given(self) -> dict[str, Any]:
        """Return the options that are not null."""
        return {key: value for key, value in self.options.items() if value is not None}

    def __call__(self, optimizer: optim.Optimizer, max_steps: int) -> lr_scheduler.LRScheduler:
        """Build the schedule; the trainer steps it after each optimizer step.

        Args:
            optimizer: Its learning rate is the full one.
            max_steps: Optimizer steps of the whole training.
        """
        name, settings = self.name, self.given
        if name in FORMULAS:
            courses = [plan_course(name, group["lr"], max_steps, settings) for group in optimizer.param_groups]
            return lr_scheduler.LambdaLR(optimizer, [partial(FORMULAS[name], course) for course in courses])
        # Calls of different classes with what each of them takes.
        build: Any = TORCH_SCHEDULES[name]
        try:
            return build(optimizer, **settings)
        except (TypeError, ValueError) as error:
            given = ", ".join(f"model.optim.sched.{key}={value}" for key, value in settings.items())
            raise UserError(
                f"model.optim.sched.name={name} does not take these values ({error}). Given: {given}."
            ) from error


def translate_schedule(sched: DictConfig | None) -> NamedSchedule | None:
    """Choose the schedule of a spec; None where it has none.

    Raises:
        UserError: a schedule or a setting that doesn't exist, is missing, or has a value that makes no sense.
    """
    options = {} if sched is None else dict(OmegaConf.to_container(sched))
    name = options.pop("name", None)
    if name is None:
        return None
    # The ratio is the default of the schema: steps that are given, or a schedule without warm-up, take its place.
    takes_ratio = options.get("warmup_steps") is None and "warmup_ratio" in OPTIONS.get(str(name), ("warmup_ratio",))
    if options.get("warmup_ratio") == DEFAULT_RATIO and not takes_ratio:
        options["warmup_ratio"] = None
    return NamedSchedule(str(name), options)


def plan_course(name: str, lr: float, max_steps: int, settings: Mapping[str, Any]) -> Course:
    """Work out the turning points of a schedule that is a formula.

    A hold of no steps ends with the warm-up, also for PolynomialHoldDecayAnnealing, which in NeMo then jumps.

    Raises:
        UserError: steps and ratio of the same stretch are both given, or the lowest rate is above the full one.
    """
    warmup = _count_steps("warmup", settings, max_steps)
    min_lr = settings.get("min_lr", DEFAULT_MIN_LR.get(name, 0.0))
    if min_lr > lr:
        raise UserError(
            f"model.optim.sched.min_lr={min_lr}: the lowest learning rate of {name} is above model.optim.lr={lr}; "
            "give model.optim.sched.min_lr=0 or a higher model.optim.lr."
        )
    return Course(
        max_steps=max_steps,
        warmup=warmup,
        hold_end=warmup + _count_steps("hold", settings, max_steps),
        constant=_count_steps("constant", settings, max_steps),
        floor=min_lr / lr,
        power=settings.get("power", 1.0),
        cycle=settings.get("cycle", False),
        d_model=settings.get("d_model", 1),
    )


def _count_steps(stretch: str, settings: Mapping[str, Any], max_steps: int) -> int:
    """Count the steps of a stretch, from `{stretch}_steps` or, rounded down, from `{stretch}_ratio`."""
    steps, ratio = settings.get(f"{stretch}_steps"), settings.get(f"{stretch}_ratio")
    if steps is not None and ratio is not None:
        raise UserError(
            f"model.optim.sched.{stretch}_steps={steps} and model.optim.sched.{stretch}_ratio={ratio} are both given; "
            f"give one of them and set the other to null, e.g. model.optim.sched.{stretch}_ratio=null."
        )
    return steps if steps is not None else int((ratio or 0) * max_steps)


def _check_settings(name: str, settings: Mapping[str, Any]) -> None:
    if name not in OPTIONS:
        near, *_ = [*find_nearest(name, OPTIONS), "WarmupAnnealing"]
        hint = f"model.optim.sched.name={near}"
        raise UserError(
            f"model.optim.sched.name={name}: no such schedule; those that work: {', '.join(OPTIONS)}. "
            f"Give for example {hint}."
        )
    for key in settings:
        if key not in OPTIONS[name]:
            accepted = ", ".join(OPTIONS[name])
            raise UserError(f"model.optim.sched.{key}: {name} has no such setting; it takes {accepted}. Leave it out.")
    for key, example in REQUIRED.get(name, {}).items():
        if key not in settings:
            raise UserError(
                f"model.optim.sched.{key}: {name} needs it; give for example model.optim.sched.{key}={example}."
            )
    for key, value in settings.items():
        _check_value(key, value)


def _check_value(key: str, value: object) -> None:
    if key in ("cycle", "cycle_momentum"):
        is_fine, expected = isinstance(value, bool), "true or false"
    elif key in EXPECTED:
        will_do, expected = EXPECTED[key]
        is_fine = isinstance(value, (int, float)) and not isinstance(value, bool) and will_do(value)
    else:
        return
    if not is_fine:
        raise UserError(f"model.optim.sched.{key}={value}: expected {expected}.")
