"""A compiled training: the same losses, and one compilation for batches of all shapes."""

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters
from trainers import make_trainer
from transformers import TrainerCallback

STEPS = {
    "max_steps": 6,
    "per_device_train_batch_size": 3,
    "learning_rate": 1e-3,
    "report_to": "none",
    "logging_steps": 1,
    "mixed_precision": "no",
}


class Compilations(TrainerCallback):
    """Counts what has been compiled by the end of each step."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def on_step_end(self, args, state, control, **others):
        self.counts.append(counters["stats"]["unique_graphs"])


@pytest.fixture
def nothing_compiled():
    """Nothing that other tests compiled is found again."""
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


def train(bert_folder, folder, **settings):
    """Train without dropout; return the losses of the steps, the shapes of the batches and the compilations."""
    trainer = make_trainer(bert_folder, folder, **STEPS, **settings)
    for module in trainer.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    shapes, seen = [], Compilations()
    trainer.add_callback(seen)
    take_step = trainer.training_step

    def note_shape(model, inputs, *others):
        shapes.append(tuple(inputs["input_ids"].shape))
        return take_step(model, inputs, *others)

    trainer.training_step = note_shape
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return losses, shapes, seen.counts


@pytest.mark.usefixtures("nothing_compiled")
@pytest.mark.parametrize("packs", [True, False])
def test_a_model_is_compiled_once_for_all_shapes_and_learns_the_same(packs, bert_folder, tmp_path):
    plain, _, counts = train(bert_folder, tmp_path / "plain", pack_windows=packs)
    assert set(counts) == {0}
    losses, shapes, counts = train(
        bert_folder, tmp_path / "compiled", pack_windows=packs, torch_compile_backend="eager", torch_compile=True
    )
    assert losses == pytest.approx(plain, rel=1e-4)
    assert len(set(shapes)) > 1
    # A row alone is a shape of its own: a size of 1 is broadcast.
    kinds = len({shape[0] == 1 for shape in shapes})
    assert 0 < counts[0] <= counts[-1] <= counts[0] * kinds
