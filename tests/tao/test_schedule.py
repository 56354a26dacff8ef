"""Learning-rate schedules by their NeMo names."""

import io
import math

import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from token_classification.errors import UserError
from token_classification.tao.schedule import FORMULAS, OPTIONS, REQUIRED, NamedSchedule, translate_schedule
from token_classification.tao.spec import load_spec
from token_classification.training.optimizer import NamedOptimizer

LR = 5e-5
NEEDED = {
    "NoamAnnealing": {"d_model": 64},
    "StepLR": {"step_size": 4},
    "ExponentialLR": {"gamma": 0.5},
    "CyclicLR": {"base_lr": 1e-6, "max_lr": LR, "step_size_up": 4},
}


def build(name: str, max_steps: int, lr: float = LR, optimizer: str = "adam", **options) -> LRScheduler:
    """A schedule for an optimizer of one parameter."""
    parameter = torch.nn.Parameter(torch.ones(1))
    return NamedSchedule(name, options)(NamedOptimizer(optimizer, lr)([{"params": [parameter]}]), max_steps)


def list_rates(schedule: LRScheduler, steps: int) -> list[float]:
    """The rates of steps 0 to `steps`."""
    rates = schedule.get_last_lr()
    for _ in range(steps):
        schedule.optimizer.step()
        schedule.step()
        rates += schedule.get_last_lr()
    return rates


def test_warmup_annealing_of_the_seed() -> None:
    rates = list_rates(build("WarmupAnnealing", 16, warmup_ratio=0.1, warmup_steps=None), 17)
    expected = [2.5, 5.0, 4.667, 4.333, 4.0, 3.667, 3.333, 3.0, 2.667, 2.333, 2.0, 1.667, 1.333, 1.0, 0.667, 0.333, 0]
    assert [round(rate * 1e5, 3) for rate in rates[:17]] == expected
    assert rates[17] == 0


def test_without_warmup_the_first_step_has_the_full_rate() -> None:
    assert list_rates(build("WarmupAnnealing", 4), 4) == pytest.approx([LR, 0.75 * LR, 0.5 * LR, 0.25 * LR, 0])


# Shares of the full rate at chosen steps of 20, warm-up 4 (steps 0 to 4 rise by fifths): worked out by hand.
SHARES = {
    "WarmupPolicy": ({}, {5: 1, 20: 1, 21: 0}),
    "WarmupHoldPolicy": ({"hold_steps": 6}, {5: 1, 9: 1, 20: 1, 21: 0}),
    "SquareAnnealing": ({"min_lr": 0}, {8: (12 / 16) ** 2, 12: 0.25, 20: 0}),
    "SquareRootAnnealing": ({}, {5: 0.75**0.5, 15: 0.5, 20: 0}),
    "CosineAnnealing": ({}, {8: 0.5 * (1 + math.cos(math.pi / 4)), 12: 0.5, 20: 0, 21: 0}),
    "WarmupAnnealing": ({"min_lr": LR / 10}, {12: 0.1 + 0.9 / 2, 20: 0.1, 21: 0.1}),
    "InverseSquareRootAnnealing": ({}, {9: 0.5**0.5, 19: 0.5, 20: (5 / 21) ** 0.5, 21: 0}),
    "PolynomialDecayAnnealing": ({"power": 3}, {8: 0.75**3, 12: 0.125, 20: 0}),
    "PolynomialHoldDecayAnnealing": ({"hold_ratio": 0.3, "power": 2}, {9: 1, 10: 1, 15: 0.25, 20: 0}),
}


@pytest.mark.parametrize("name", SHARES)
def test_shares_of_the_full_rate(name: str) -> None:
    options, expected = SHARES[name]
    rates = list_rates(build(name, 20, warmup_steps=4, **options), 21)
    assert rates[:5] == pytest.approx([0.2 * LR, 0.4 * LR, 0.6 * LR, 0.8 * LR, LR])
    assert {step: rates[step] / LR for step in expected} == pytest.approx(expected, abs=1e-12)


def test_square_annealing_stops_at_its_lowest_rate() -> None:
    assert list_rates(build("SquareAnnealing", 10), 10)[-1] == pytest.approx(1e-5)


def test_cosine_annealing_with_constant_steps_starts_from_0() -> None:
    rates = list_rates(build("CosineAnnealing", 20, warmup_steps=4, constant_ratio=0.4, min_lr=LR / 5), 20)
    assert rates[:5] == pytest.approx([0, 0.25 * LR, 0.5 * LR, 0.75 * LR, LR])
    assert rates[8] == pytest.approx(0.6 * LR)
    assert rates[12:] == pytest.approx([0.2 * LR] * 9)


def test_noam_annealing_scales_by_the_width_of_the_model() -> None:
    rates = list_rates(build("NoamAnnealing", 20, warmup_steps=4, d_model=64), 16)
    assert rates[0] == rates[1] == pytest.approx(LR / 8 / 8)
    assert rates[4] == pytest.approx(LR / 8 / 2)
    assert rates[16] == pytest.approx(LR / 8 / 4)


def test_a_hold_of_no_steps_ends_with_the_warmup() -> None:
    held = list_rates(build("PolynomialHoldDecayAnnealing", 20, warmup_steps=4), 20)
    assert held == list_rates(build("PolynomialDecayAnnealing", 20, warmup_steps=4), 20)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("options", [{"warmup_ratio": 1.0}, {"warmup_steps": 9}, {"warmup_ratio": 0.0}])
def test_no_warmup_breaks_a_formula(name: str, options: dict) -> None:
    rates = list_rates(build(name, 3, **options, **NEEDED.get(name, {})), 5)
    assert all(0 <= rate <= LR for rate in rates)


def test_step_and_exponential_are_those_of_torch() -> None:
    assert list_rates(build("StepLR", 20, step_size=2, gamma=0.5), 4) == [LR, LR, LR / 2, LR / 2, LR / 4]
    assert list_rates(build("ExponentialLR", 20, gamma=0.5), 2) == [LR, LR / 2, LR / 4]


def test_cyclic_goes_up_and_down() -> None:
    rates = list_rates(build("CyclicLR", 20, base_lr=1e-5, max_lr=5e-5, step_size_up=2), 4)
    assert rates == pytest.approx([1e-5, 3e-5, 5e-5, 3e-5, 1e-5])


def test_a_plateau_lowers_the_rate() -> None:
    schedule = build("ReduceLROnPlateau", 20, patience=0, factor=0.5, mode="min")
    assert isinstance(schedule, ReduceLROnPlateau)
    schedule.step(1.0)
    schedule.step(1.0)
    assert schedule.get_last_lr() == [LR / 2]


@pytest.mark.parametrize("name", OPTIONS)
def test_the_state_goes_through_a_checkpoint(name: str) -> None:
    options = NEEDED.get(name, {})
    schedule = build(name, 20, **options)
    for _ in range(3):
        schedule.optimizer.step()
        schedule.step(*([1.0] if name == "ReduceLROnPlateau" else []))
    file = io.BytesIO()
    torch.save({"schedule": schedule.state_dict(), "optimizer": schedule.optimizer.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    resumed = build(name, 20, **options)
    resumed.optimizer.load_state_dict(saved["optimizer"])
    resumed.load_state_dict(saved["schedule"])
    for each in (schedule, resumed):
        each.optimizer.step()
        each.step(*([1.0] if name == "ReduceLROnPlateau" else []))
    assert resumed.get_last_lr() == schedule.get_last_lr()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "WarmupAnnealing",
            {"warmup_steps": 2, "warmup_ratio": 0.1},
            r"both given; .*optim.sched.warmup_ratio=null",
        ),
        (
            "WarmupHoldPolicy",
            {"hold_steps": 2, "hold_ratio": 0.1},
            r"hold_steps=2 and model.optim.sched.hold_ratio=0.1",
        ),
        (
            "WarmupAnealing",
            {},
            r"no such schedule; those that work: .*CyclicLR.*optim.sched.name=WarmupAnnealing",
        ),
        (
            "StepLR",
            {"step_size": 2, "warmup_ratio": 0.1},
            r"warmup_ratio: StepLR has no such .*takes step_size, gamma",
        ),
        ("StepLR", {"step_size": 0.1}, r"optim.sched.step_size=0.1: expected a whole number above 0"),
        (
            "NoamAnnealing",
            {},
            r"optim.sched.d_model: NoamAnnealing needs it; give for example .*d_model=",
        ),
        ("WarmupAnnealing", {"warmup_ratio": 1.5}, r"warmup_ratio=1.5: expected a share from 0 to 1"),
        ("WarmupAnnealing", {"warmup_steps": 1.5}, r"warmup_steps=1.5: expected a whole number"),
        ("WarmupAnnealing", {"warmup_ratio": "a lot"}, r"warmup_ratio=a lot: expected a share"),
        ("PolynomialDecayAnnealing", {"cycle": 1}, r"cycle=1: expected true or false"),
        (
            "WarmupAnnealing",
            {"min_lr": 1e-3},
            r"min_lr=0.001: .*above model.optim.lr=5e-05; .*optim.sched.min_lr=0",
        ),
        ("ReduceLROnPlateau", {"factor": 2.0}, r"does not take these values .*optim.sched.factor=2.0"),
    ],
)
def test_errors_say_what_to_type(name: str, options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build(name, 16, **options)


def test_a_cyclic_momentum_needs_an_optimizer_that_has_one() -> None:
    with pytest.raises(UserError, match="cycle_momentum"):
        build("CyclicLR", 16, optimizer="adagrad", **NEEDED["CyclicLR"])


def test_every_required_setting_is_one_that_the_schedule_takes() -> None:
    assert all(key in OPTIONS[name] for name, needed in REQUIRED.items() for key in needed)


DEFAULT_RATIOS = {
    "its own ratio": (["sched.name=CosineAnnealing", "sched.warmup_ratio=0.2"], {"warmup_ratio": 0.2}),
    "steps instead of the default": (["sched.warmup_steps=5"], {"warmup_steps": 5, "warmup_ratio": None}),
    "no warm-up": (["sched.name=StepLR", "sched.step_size=3"], {"step_size": 3, "warmup_ratio": None}),
}


@pytest.mark.parametrize("kind", DEFAULT_RATIOS)
def test_the_default_ratio_gives_way(kind):
    overrides, options = DEFAULT_RATIOS[kind]
    spec = load_spec("train", None, [f"model.optim.{override}" for override in overrides], [])
    assert translate_schedule(spec.model.optim.sched).options == options


def test_null_is_no_schedule():
    assert translate_schedule(load_spec("train", None, ["model.optim.sched=null"], []).model.optim.sched) is None
