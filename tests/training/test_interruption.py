"""A SIGTERM in training is answered after the step, with a checkpoint."""

import os
import signal

import pytest
from trainers import make_trainer
from transformers import TrainerCallback

from token_classification.errors import StoppedError
from token_classification.training.interruption import SaveAtSigterm


class SendSigterm(TrainerCallback):
    """Sends this process a SIGTERM at the beginning of a step."""

    def __init__(self, step: int):
        self.step = step

    def on_step_begin(self, args, state, control, **kwargs) -> None:
        """Send it."""
        if state.global_step + 1 == self.step:
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
    with pytest.raises(StoppedError, match=rf"checkpoint-{step} is saved\. To go on: .*--resume_from_checkpoint auto"):
        trainer.learn(None, 8)
    assert [path.name for path in tmp_path.iterdir()] == [f"checkpoint-{step}"]
    assert signal.getsignal(signal.SIGTERM) == before
    # An epoch that is whole is evaluated before it is saved, for a continued run would not do it; others are not.
    assert [entry["step"] for entry in trainer.state.log_history if "eval_f1" in entry] == ([4] if step == 4 else [])


def test_outside_of_training_nothing_listens(tmp_path):
    interruption = SaveAtSigterm()
    before = signal.getsignal(signal.SIGTERM)
    with interruption.listening():
        assert signal.getsignal(signal.SIGTERM) != before
        os.kill(os.getpid(), signal.SIGTERM)
    assert interruption.is_told_to_stop
    assert signal.getsignal(signal.SIGTERM) == before
