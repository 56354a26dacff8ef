"""What a training has evaluated is not evaluated again with the same weights, and only then."""

import numpy as np
import pytest
from trainers import make_trainer

COMMON = {"per_device_train_batch_size": 4, "eval_strategy": "epoch", "num_train_epochs": 3, "learning_rate": 1e-3}


@pytest.fixture
def count_evaluations(monkeypatch):
    """Have a trainer list the splits that it really tags."""

    def count(trainer) -> list[object]:
        tagged, tag = [], trainer._predict_words
        monkeypatch.setattr(trainer, "_predict_words", lambda split: [tag(split), tagged.append(split)][0])
        return tagged

    return count


@pytest.mark.parametrize("loads_best", [False, True])
def test_the_end_takes_what_the_training_found_out(loads_best, bert_folder, tmp_path, count_evaluations):
    # The loss falls, so that the highest one is that of the first epoch.
    best = {"load_best_model_at_end": True, "metric_for_best_model": "loss", "greater_is_better": True}
    settings = COMMON | (best | {"save_strategy": "epoch"} if loads_best else {"save_strategy": "no"})
    trainer = make_trainer(bert_folder, tmp_path, **settings)
    tagged = count_evaluations(trainer)
    trainer.train()
    assert len(tagged) == 3
    assert trainer.state.best_global_step == (2 if loads_best else None)
    found = trainer.report_split(trainer.eval_dataset, "eval")
    assert len(tagged) == 3
    again, metrics = trainer.predict_split(trainer.eval_dataset, "eval")
    assert len(tagged) == 4
    assert (found.tags, found.metrics) == (again.tags, again.metrics)
    assert np.array_equal(found.scores, again.scores)
    assert metrics["eval_loss"] == found.metrics["loss"]


def test_what_was_evaluated_with_other_weights_is_evaluated_again(bert_folder, tmp_path, count_evaluations):
    trainer = make_trainer(bert_folder, tmp_path, **COMMON | {"eval_strategy": "no"})
    tagged = count_evaluations(trainer)
    untrained = trainer.evaluate()
    trainer.train()
    trained = trainer.report_split(trainer.eval_dataset, "eval")
    assert len(tagged) == 2
    assert trained.metrics["loss"] != untrained["eval_loss"]


def test_another_split_is_evaluated(bert_folder, tmp_path, count_evaluations):
    trainer = make_trainer(bert_folder, tmp_path, **COMMON | {"num_train_epochs": 1})
    trainer.train()
    tagged = count_evaluations(trainer)
    trainer.report_split(trainer.eval_dataset, "predict")
    assert len(tagged) == 1
