"""A training that gets no better ends, and is over when it is continued."""

import logging

import pytest
from trainers import make_trainer
from transformers import TrainerControl, TrainerState

from token_classification.recipe import EarlyStopping, Recipe
from token_classification.training.early_stopping import StopEarly


def count_evaluations(rule: EarlyStopping, values: list[float], seen: int = 0) -> int:
    """How many evaluations a training sees that would have these scores, the first of them before it is continued."""
    callback, control, state = StopEarly(rule), TrainerControl(), TrainerState()
    state.log_history = [{"loss": 1.0}, *({rule.metric: value} for value in values[:seen])]
    callback.on_train_begin(None, state, control)
    for number, value in enumerate(values[seen:], start=seen):
        if control.should_training_stop:
            return number
        callback.on_evaluate(None, state, control, metrics={rule.metric: value})
    return len(values)


COURSES = {
    "better each time": (EarlyStopping("eval_f1", 1), [0.1, 0.2, 0.3], 3),
    "once not better": (EarlyStopping("eval_f1", 1), [0.1, 0.1, 0.3], 2),
    "two in a row": (EarlyStopping("eval_f1", 2), [0.3, 0.2, 0.4, 0.4, 0.1, 0.9], 5),
    "a loss": (EarlyStopping("eval_loss", 1, greater_is_better=False), [0.5, 0.4, 0.45, 0.1], 3),
    "too little each time": (EarlyStopping("eval_f1", 2, 0.05), [0.1, 0.12, 0.14, 0.5], 3),
    "little that adds up": (EarlyStopping("eval_f1", 2, 0.05), [0.1, 0.14, 0.18, 0.22, 0.26], 5),
    "no number": (EarlyStopping("eval_loss", 2, greater_is_better=False), [0.5, float("nan"), float("nan"), 0.1], 3),
    "no patience": (EarlyStopping("eval_f1", 0), [0.1, 0.2, 0.1, 0.3], 3),
}


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("seen", [0, 1, 2])
def test_when_it_ends(course, seen):
    rule, values, evaluations = COURSES[course]
    assert count_evaluations(rule, values, seen) == evaluations


def test_a_training_that_stopped_early_is_over_when_continued(bert_folder, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="token_classification")
    recipe = Recipe(early_stopping=EarlyStopping("eval_loss", patience=1, min_delta=10.0))
    common = {"num_train_epochs": 9, "eval_strategy": "epoch", "save_strategy": "epoch", "recipe": recipe}
    make_trainer(bert_folder, tmp_path, **common).learn(None, sentences=8)
    assert "eval_loss did not improve in the last 1 evaluations" in caplog.text
    continued = make_trainer(bert_folder, tmp_path, **common)
    continued.learn(str(tmp_path / "checkpoint-2"), sentences=8)
    assert (continued.state.global_step, continued.has_trained()) == (2, False)
    assert "nothing trained" in caplog.text
    assert "--early_stopping_patience" in caplog.text
    more = make_trainer(
        bert_folder, tmp_path, **common | {"recipe": Recipe(early_stopping=EarlyStopping("eval_loss", 2, 10.0))}
    )
    more.learn(str(tmp_path / "checkpoint-2"), sentences=8)
    assert more.state.global_step == 3
