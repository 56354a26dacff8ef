"""A training that ends in time, on a clock that only steps move."""

import json

import pytest
from conftest import write_sentences
from trainers import make_trainer
from transformers import TrainerCallback

import run_ner
from token_classification.arguments.command_line import parse_command_line
from token_classification.arguments.time_budget import read_time
from token_classification.errors import UserError
from token_classification.recipe import Recipe
from token_classification.seeds.plan import check_seeds
from token_classification.training.time_budget import ENDING_SECONDS, SCORING, KeepTime, TimedSchedule

STEPS = 40
"""Of 10 epochs of eight sentences, two at a time"""


class Clock(TrainerCallback):
    """Moves as each step says, and notes the rates."""

    def __init__(self, seconds_of_step) -> None:
        self.now, self.rates, self.seconds_of_step = 0.0, [], seconds_of_step

    def __call__(self) -> float:
        return self.now

    def on_step_begin(self, args, state, control, **kwargs) -> None:
        self.now += self.seconds_of_step(state.global_step + 1)
        self.rates.append(kwargs["optimizer"].param_groups[0]["lr"])


@pytest.fixture
def train(bert_folder, tmp_path):
    def train(seconds, seconds_of_step, scored=0, warmup=0.0):
        clock = Clock(seconds_of_step)
        schedule = TimedSchedule(seconds, warmup, started=0.0)
        recipe = Recipe(schedule=schedule, callbacks=(clock,))
        settings = {"num_train_epochs": 10, "per_device_train_batch_size": 2, "save_strategy": "no", "use_cpu": True}
        trainer = make_trainer(bert_folder, tmp_path, recipe=recipe, learning_rate=1.0e-3, **settings)
        [keeper] = [one for one in trainer.callback_handler.callbacks if isinstance(one, KeepTime)]
        keeper.clock, keeper.scored = clock, scored
        trainer.train()
        return trainer.state.global_step, clock

    return train


def test_as_many_steps_as_fit(train, caplog):
    caplog.set_level("INFO")
    steps, clock = train(35.0, lambda step: 2.0)
    assert steps == (35 - ENDING_SECONDS) / 2
    assert clock.now == 35 - ENDING_SECONDS
    assert "3.75 of 10 epochs fit: 15 steps" in caplog.text


def test_the_rate_falls_to_nothing_over_the_steps_that_fit(train):
    steps, clock = train(35.0, lambda step: 2.0, warmup=3)
    assert clock.rates[:3] == pytest.approx([0, 1e-3 / 3, 2e-3 / 3])
    after = clock.rates[5:]
    assert after == pytest.approx([1e-3 * (steps - step) / (steps - 3) for step in range(5, steps)])
    assert after[-1] == pytest.approx(1e-3 / (steps - 3))


def test_all_that_is_asked_for_if_it_fits(train, caplog):
    caplog.set_level("INFO")
    steps, clock = train(10_000.0, lambda step: 1.0)
    assert steps == STEPS
    assert "All 10 epochs fit" in caplog.text
    assert clock.rates == pytest.approx([1e-3 * (1 - step / STEPS) for step in range(STEPS)])


def test_a_slow_first_step_tells_nothing(train):
    assert train(60.0, lambda step: 10.0 if step == 1 else 1.0)[0] == STEPS


def test_scoring_has_its_time(train):
    _, clock = train(60.0, lambda step: 2.0, scored=10)
    scoring = 10 * 2.0 / 2 * SCORING
    assert clock.now <= 60 - ENDING_SECONDS - scoring < clock.now + 2


def test_a_machine_that_becomes_slower_ends_in_time_all_the_same(train, caplog):
    steps, clock = train(45.0, lambda step: 1.0 if step < 12 else 3.0)
    assert clock.now <= 45 - ENDING_SECONDS + 3
    assert 12 < steps < 40
    assert "Fewer steps fit than it seemed: the training ends after" in caplog.text


def test_a_time_that_is_over_at_once_stops_after_one_step(train):
    assert train(6.0, lambda step: 30.0)[0] == 1


@pytest.mark.parametrize("text", ["20", "0s", "-5m", "m", "1h 30m", "1.2.3h", ""])
def test_what_is_no_time(text):
    with pytest.raises(UserError, match="90s, 20m or 1h30m"):
        read_time(text)


@pytest.mark.parametrize(
    "flags",
    [
        ["--max_steps", "5", "--do_train"],
        ["--lr_scheduler_type", "cosine", "--do_train"],
        ["--resume_from_checkpoint", "auto", "--do_train"],
        ["--do_eval"],
    ],
)
def test_what_does_not_go_together_is_refused(flags):
    with pytest.raises(UserError, match="--time_budget 20m"):
        parse_command_line(["--model_name_or_path", "m", "--train_file", "t", "--time_budget", "20m", *flags])


def test_a_time_is_that_of_one_training():
    argv = ["--model_name_or_path", "m", "--train_file", "t", "--do_train", "--time_budget", "20m", "--seeds", "2"]
    with pytest.raises(UserError, match="--seeds and --time_budget 20m"):
        check_seeds(parse_command_line([*argv, "--keep_model", "average"])[0])


def test_a_run_takes_the_measured_settings_but_those_that_are_typed(bert_folder, tmp_path, caplog):
    train, test = write_sentences(tmp_path / "train.conll"), write_sentences(tmp_path / "test.conll")
    argv = ["--model_name_or_path", bert_folder, "--train_file", train, "--test_file", test, "--do_train"]
    argv += ["--do_predict", "--use_cpu", "--output_dir", tmp_path / "out", "--time_budget", "2h", "--seed", 7]
    with caplog.at_level("INFO"):
        assert run_ner.main([*map(str, argv), "--head_learning_rate=5e-4"]) == 0
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    arguments = record["training_arguments"]
    assert arguments["learning_rate"] == 1e-4
    assert arguments["head_learning_rate"] == 5e-4
    assert arguments["per_device_train_batch_size"] == 16
    assert json.loads((tmp_path / "out" / "train_results.json").read_text())["epoch"] == 4
    assert "At most 4 epochs, batch size 16" in (tmp_path / "out" / "README.md").read_text()
    assert "Time budget of 7200 s" in caplog.text
    assert (tmp_path / "out" / "predict_results.json").is_file()
