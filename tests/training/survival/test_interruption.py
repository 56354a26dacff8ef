"""A SIGTERM in training is answered after the step, with a checkpoint."""

import os
import signal

import pytest
from trainers import make_trainer
from transformers import TrainerCallback

from token_classification.errors import StoppedError
from token_classification.training.survival.interruption import SaveAtSigterm


class SendSigterm(TrainerCallback):
    """Sends this process a SIGTERM at the beginning of a step, or when something else happens."""

    def __init__(self, step: int, event: str = "on_step_begin"):
        self.step = step - (event == "on_step_begin")
        setattr(self, event, self.send)

    def send(self, args, state, control, **kwargs) -> None:
        """Send it."""
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("step", [1, 3, 4])
def test_the_step_is_finished_and_saved(bert_folder, tmp_path, step):
    trainer = make_trainer(
        bert_folder,
        tmp_path,
        num_train_epochs=2,
        per_device_train_batch_size=2,
        eval_strategy="epoch",
        save_strategy="no",
    )
    trainer.add_callback(SendSigterm(step))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(StoppedError, match=rf"checkpoint-{step} is saved\. To continue: .*--resume_from_.* auto"):
        trainer.learn(None, 8)
    assert [path.name for path in tmp_path.iterdir()] == [f"checkpoint-{step}"]
    assert signal.getsignal(signal.SIGTERM) == before
    # An epoch that is whole is evaluated before it is saved, for a continued run would not do it; others are not.
    assert [entry["step"] for entry in trainer.state.log_history if "eval_f1" in entry] == ([4] if step == 4 else [])


def test_while_a_checkpoint_is_saved_the_next_step_is_the_last(bert_folder, tmp_path):
    # Other processes may be past their look at the signal: all leave after the next one.
    trainer = make_trainer(bert_folder, tmp_path, per_device_train_batch_size=2, save_strategy="steps", save_steps=1)
    trainer.callback_handler.callbacks.insert(0, SendSigterm(2, "on_save"))
    with pytest.raises(StoppedError, match="checkpoint-3 is saved"):
        trainer.learn(None, 8)


def test_behind_the_last_step_the_model_is_saved_first(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, max_steps=2, per_device_train_batch_size=2, save_strategy="no")
    trainer.add_callback(SendSigterm(2, "on_train_end"))
    going_on = rf"finished.*saved in {tmp_path}\. To continue: .*--model_name_or_path {tmp_path} .*without --do_train"
    with pytest.raises(StoppedError, match=going_on):
        trainer.learn(None, 8)
    assert {"model.safetensors", "train_results.json", "trainer_state.json"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_outside_of_training_nothing_listens(tmp_path):
    interruption = SaveAtSigterm()
    before = signal.getsignal(signal.SIGTERM)
    with interruption.listening():
        assert signal.getsignal(signal.SIGTERM) != before
        os.kill(os.getpid(), signal.SIGTERM)
    assert interruption.is_told
    assert signal.getsignal(signal.SIGTERM) == before
