"""Windows that share a row learn as they do in rows of their own."""

import pytest
import torch
from accelerate.utils import send_to_device
from torch import nn
from trainers import LABELS, make_trainer
from transformers import (
    DebertaV2Config,
    ModernBertConfig,
)

from token_classification.arguments.model import ModelArguments
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.recipe import HeadOptions, Recipe
from token_classification.training.cpu.tuning import tuned_for_cpu
from token_classification.training.packing.collator import PackingCollator, serving_masks
from training.packing.architectures import LOUD, RELATIVE, SIZES, build

STEPS = {"max_steps": 6, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "report_to": "none"}


@pytest.fixture
def deep_folder(bert_folder, tmp_path):
    """A model with a deep head on the tiny encoder."""
    arguments = ModelArguments(str(bert_folder))
    model = load_model(arguments, load_config(arguments), LABELS, Recipe(head=HeadOptions(dropout=0.0)))
    model.save_pretrained(tmp_path / "deep")
    load_tokenizer(arguments).save_pretrained(tmp_path / "deep")
    return tmp_path / "deep"


@pytest.fixture
def deberta_folder(wordpiece, tmp_path):
    """A model whose encoder gets the mask."""
    return save(DebertaV2Config(**SIZES, **LOUD, **RELATIVE), wordpiece, tmp_path / "deberta")


@pytest.fixture
def modernbert_folder(wordpiece, tmp_path):
    """A model with a mask for each type of layer, local and whole."""
    return save(
        ModernBertConfig(local_attention=8, **SIZES, **LOUD, initializer_cutoff_factor=9.0),
        wordpiece,
        tmp_path / "modern",
    )


def save(config, wordpiece, folder):
    build(config, wordpiece).base_model.save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("is_tuned", [True, False])
@pytest.mark.parametrize(
    "folder", ["bert_folder", "roberta_folder", "deep_folder", "deberta_folder", "modernbert_folder"]
)
def test_loss_and_gradients_are_those_of_padded_windows(folder, is_tuned, tmp_path, request):
    trainer = make_trainer(
        request.getfixturevalue(folder), tmp_path, tune_for_cpu=is_tuned, mixed_precision="no", **STEPS
    )
    for module in trainer.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    windows = [trainer.train_dataset[row] for row in range(8)]
    trainer.model.train()
    seen = []
    with tuned_for_cpu(trainer.model, trainer.train_dataset.split, trainer.data_collator.pad_id, trainer.args):
        for collator in (trainer.data_collator, trainer.tagger.collator):
            batch = send_to_device(collator(windows), trainer.args.device)
            labels = batch.pop("labels")
            trainer.model.zero_grad()
            with serving_masks(trainer.model, collator):
                loss = trainer.compute_loss_func(trainer.model(**batch), labels)
            loss.backward()
            gradients = {name: values.grad for name, values in trainer.model.named_parameters()}
            seen.append((len(batch["input_ids"]), loss.detach(), gradients))
    (rows, loss, gradients), (padded_rows, padded_loss, padded_gradients) = seen
    assert rows < padded_rows == 8
    torch.testing.assert_close(loss, padded_loss)
    for name, values in gradients.items():
        if values is not None:
            size = float(padded_gradients[name].abs().max())
            torch.testing.assert_close(values, padded_gradients[name], rtol=1e-4, atol=1e-6 * max(1, size))


@pytest.mark.parametrize(
    ("folder", "steps"),
    [
        ("bert_folder", STEPS),
        # Adam makes steps of the rounding errors that are the gradient of DeBERTa's keys' biases.
        ("deberta_folder", {**STEPS, "optim": "sgd", "learning_rate": 0.01}),
        ("modernbert_folder", STEPS),
    ],
)
def test_a_training_ends_in_the_same_weights(folder, steps, tmp_path, request):
    folder = request.getfixturevalue(folder)
    weights = []
    for is_packed in (True, False):
        settings = {"pack_windows": is_packed, "train_sampling_strategy": "sequential", "mixed_precision": "no"}
        settings |= {"eval_strategy": "steps", "eval_steps": 3}
        trainer = make_trainer(folder, tmp_path / str(is_packed), max_grad_norm=0.0, **settings, **steps)
        assert isinstance(trainer.data_collator, PackingCollator) == is_packed
        for module in trainer.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        trainer.train()
        weights.append(trainer.model.state_dict())
    for name, values in weights[0].items():
        torch.testing.assert_close(values, weights[1][name], rtol=1e-3, atol=1e-5)


def test_rows_are_read_as_the_windows_they_hold(plain, split):
    windows = [split[number] for number in range(8)]
    packing = PackingCollator(plain, 0, 64)
    read = sorted(part.tolist() for part in packing.split_rows(packing(windows)))
    padding = {plain.pad_id}
    assert [[token for token in part if token not in padding] for part in read] == sorted(
        window["input_ids"].tolist() for window in windows
    )


@pytest.mark.parametrize(
    ("settings", "is_grouped"),
    [({}, False), ({"pack_windows": False}, True), ({"train_sampling_strategy": "group_by_length"}, True)],
)
def test_batches_are_grouped_where_they_are_padded_or_asked_to(bert_folder, tmp_path, settings, is_grouped):
    trainer = make_trainer(bert_folder, tmp_path, **STEPS, **settings)
    assert trainer._get_train_sampler().is_grouped == is_grouped
