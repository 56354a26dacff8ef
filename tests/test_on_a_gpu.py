"""What only an NVIDIA GPU can show; everywhere else these tests are skipped."""

import numpy as np
import pytest
import torch
from conftest import SENTENCES
from trainers import make_trainer
from transformers import TrainerCallback

from token_classification.inference import engine
from token_classification.inference.engine import open_engine
from token_classification.training.packing import choose as choosing
from token_classification.training.packing.collator import serving_masks
from token_classification.training.packing.masks import SEGMENTED
from token_classification.training.packing.segments import attend_at_once, attend_one_by_one, find_kernel_problem

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU")]

STEPS = {"max_steps": 12, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "report_to": "none"}
GPU = torch.device("cuda")


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("size", [8, 32, 64, 128])
def test_the_kernel_computes_segments(half, size):
    assert find_kernel_problem(GPU, half, size) is None


def test_a_size_that_the_kernel_does_not_take_is_a_reason_not_an_error():
    assert find_kernel_problem(GPU, torch.bfloat16, 36)


def test_the_kernel_drops_weights_and_keeps_their_mean():
    torch.manual_seed(0)
    query = torch.zeros(512, 4, 32, dtype=torch.bfloat16, device=GPU)
    borders = torch.tensor([0, 200, 512], dtype=torch.int32, device=GPU)
    mixed = attend_at_once(query, query, torch.ones_like(query), borders, 512, 0.5, None).float()
    # All weights of a segment are alike, half of them are dropped, and the others count twice.
    assert abs(mixed.mean().item() - 1) < 0.02
    assert mixed.std().item() > 0.03


def test_long_segments_beside_short_ones():
    torch.manual_seed(0)
    lengths = [1, 512, 2, 300, 1]
    borders = torch.tensor([0, 1, 513, 515, 815, 816], dtype=torch.int32, device=GPU)
    query, key, value = torch.randn(3, sum(lengths), 12, 64, device=GPU)
    expected = attend_one_by_one(query, key, value, borders, 0.0, None)
    found = attend_at_once(*(values.bfloat16() for values in (query, key, value)), borders, 512, 0.0, None)
    assert (found.float() - expected).abs().max() < 0.03 * expected.abs().max()


def test_a_training_lays_windows_into_one_row_and_learns(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, logging_steps=1, **STEPS)
    assert trainer.args.bf16
    assert trainer.args.accelerator_config.non_blocking
    assert trainer.data_collator.form == SEGMENTED
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert sum(losses[-3:]) < sum(losses[:3])


def test_segments_get_the_logits_of_padded_windows_in_bf16(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, **STEPS)
    model = trainer.model.eval()
    windows = [trainer.train_dataset[row] for row in range(8)]
    labels, logits = [], []
    for collator in (trainer.data_collator, trainer.tagger.collator):
        batch = {
            name: values.to(GPU) if hasattr(values, "to") else values for name, values in collator(windows).items()
        }
        gold = batch.pop("labels")
        with torch.inference_mode(), serving_masks(model, collator), torch.autocast("cuda", torch.bfloat16):
            found = model(**batch).logits.float()
        labels.append(gold[gold != -100])
        logits.append(found[gold != -100])
    assert torch.equal(*labels)
    assert (logits[0] - logits[1]).abs().max() < 0.05 * logits[1].abs().max()


class NoWaiting(TrainerCallback):
    """From the third step on, whatever waits for the GPU is an error; the last step, which is logged, may."""

    def on_step_begin(self, args, state, control, **others):
        torch.cuda.set_sync_debug_mode("error" if 3 <= state.global_step < state.max_steps - 2 else "default")


@pytest.mark.parametrize("in_segments", [True, False])
def test_no_step_waits_for_the_gpu(in_segments, bert_folder, tmp_path, monkeypatch):
    """Padded windows would: the library looks whether their mask hides anything at all."""
    if not in_segments:
        monkeypatch.setattr(choosing, "list_segmented", lambda *_: [])
    trainer = make_trainer(bert_folder, tmp_path, **STEPS)
    assert (trainer.data_collator.form == SEGMENTED) == in_segments
    trainer.add_callback(NoWaiting())
    try:
        trainer.train()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert trainer.state.global_step == STEPS["max_steps"]


def test_float32_trains_with_masks(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, mixed_precision="no", **STEPS)
    assert trainer.data_collator.form != SEGMENTED
    trainer.train()


@pytest.mark.parametrize(("backend", "rounding"), [("torch", 1e-4), ("torch-bf16", 0.05)])
def test_a_gpu_finds_labels_as_probable_as_the_cpu(backend, rounding, tagger_folder, monkeypatch):
    words = [words.split() for words, _ in SENTENCES]
    on_gpu = open_engine(tagger_folder, backend)
    assert on_gpu.loop.device.type == "cuda"
    monkeypatch.setattr(engine, "has_accelerator", lambda: False)
    expected = open_engine(tagger_folder, "torch").weigh_labels(words)
    found = on_gpu.weigh_labels(words)
    for ours, theirs in zip(found.log_probabilities, expected.log_probabilities, strict=True):
        assert np.abs(np.exp(ours) - np.exp(theirs)).max() < rounding


@pytest.mark.slow
def test_a_compiled_training_learns(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, torch_compile=True, logging_steps=1, **STEPS)
    before = torch.backends.fp32_precision
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert sum(losses[-3:]) < sum(losses[:3])
    assert torch.backends.fp32_precision == before
