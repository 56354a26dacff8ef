"""From arguments and a recipe to a trainer: who is told what, and what could only fail after an epoch."""

import pytest
from trainers import make_trainer
from transformers import TrainerCallback

from token_classification.errors import UserError
from token_classification.recipe import EarlyStopping, Recipe
from token_classification.training.early_stopping import StopEarly
from token_classification.training.survival.interruption import SaveAtSigterm
from token_classification.training.survival.watchdog import Watchdog


def test_a_score_that_there_will_not_be_is_named_before_the_training(bert_folder, tmp_path):
    with pytest.raises(UserError, match=r"--metric_for_best_model beauty: .*f1.*--return_entity_level_metrics"):
        make_trainer(bert_folder, tmp_path, metric_for_best_model="beauty")


@pytest.mark.parametrize("name", ["f1", "eval_f1", "loss", "strict_f1"])
def test_a_score_that_there_will_be_is_accepted(name, bert_folder, tmp_path):
    assert make_trainer(bert_folder, tmp_path, metric_for_best_model=name).args.metric_for_best_model == name


def test_the_callbacks_of_the_recipe_are_called_and_sigterm_is_looked_at_last(bert_folder, tmp_path):
    own, seen = TrainerCallback(), []
    recipe = Recipe(
        callbacks=[own],
        early_stopping=EarlyStopping("eval_f1", 1),
        on_results=lambda split, results: seen.append(split),
    )
    trainer = make_trainer(bert_folder, tmp_path, recipe=recipe)
    callbacks = trainer.callback_handler.callbacks
    assert own in callbacks
    assert {Watchdog, StopEarly} <= {type(callback) for callback in callbacks}
    ours = [callback for callback in callbacks if type(callback).__module__.startswith("token_classification")]
    assert isinstance(ours[-1], SaveAtSigterm)
    trainer.evaluate()
    assert seen == [trainer.eval_dataset]
