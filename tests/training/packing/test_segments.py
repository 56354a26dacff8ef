"""Windows that lie in one row as segments, told apart by their borders alone."""

import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from accelerate.utils import send_to_device
from conftest import configure_tiny_bert
from torch import nn
from torch.nn import functional
from trainers import make_trainer
from transformers import AutoModelForTokenClassification, RobertaConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from token_classification.modeling.deep_head import DeepHeadConfig, DeepHeadForTokenClassification
from token_classification.training import precision
from token_classification.training.packing import choose as choosing
from token_classification.training.packing import segments
from token_classification.training.packing.choose import compute_alone
from token_classification.training.packing.collator import PackingCollator, serving_masks
from token_classification.training.packing.masks import SEGMENTED, MaskForm
from training.packing.architectures import LOCAL, LOUD, PACKED, SIZES, build, choose

STEPS = {"max_steps": 6, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "report_to": "none"}
ROBERTA = RobertaConfig(**SIZES, **(LOUD | {"pad_token_id": 1}), max_position_embeddings=130)
IN_SEGMENTS = ["albert", "distilbert", "electra", "modernbert"]
"""Those of `PACKED` whose attention is the library's interface"""


@pytest.fixture
def offered(monkeypatch):
    """Segments are offered to every model, as on a GPU that computes them."""
    monkeypatch.setattr(choosing, "list_segmented", lambda *_: [SEGMENTED])


def pack_in_segments(model, plain, split, folder):
    packing = choose(model, plain, split, folder)
    assert isinstance(packing, PackingCollator)
    assert packing.form == SEGMENTED
    return packing


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("name", ["bert", "roberta", "deep", *IN_SEGMENTS])
def test_windows_in_segments_get_the_logits_that_they_get_alone(name, wordpiece, plain, split, tmp_path):
    config = {"bert": configure_tiny_bert(wordpiece), "roberta": ROBERTA}.get(name) or PACKED.get(name, [LOCAL])[0]
    if name == "roberta":
        plain = replace(plain, pad_id=1)
    if name == "deep":
        encoder = configure_tiny_bert(wordpiece)
        model = DeepHeadForTokenClassification(DeepHeadConfig(encoder, num_labels=7))
    else:
        model = build(config, wordpiece)
    packing = pack_in_segments(model, plain, split, tmp_path)
    assert packing.first_position == (2 if name == "roberta" else 0)
    model.eval()
    # More than the tables of positions of most models have.
    windows = [split[number % len(split)] for number in range(40)]
    batch = packing(windows)
    assert batch["input_ids"].shape[0] == 1
    assert batch["input_ids"].shape[1] > 512
    del batch["labels"]
    with torch.inference_mode(), serving_masks(model, packing):
        found = model(**batch).logits[0]
        alone = compute_alone(model, packing.plain, windows)
    torch.testing.assert_close(found[: len(alone)], alone, rtol=1e-3, atol=1e-4 * float(alone.abs().max()))


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("name", sorted({*PACKED} - {*IN_SEGMENTS}))
def test_other_models_get_masks(name, wordpiece, plain, split, tmp_path):
    config, form = PACKED[name]
    assert choose(build(config, wordpiece), plain, split, tmp_path).form == form


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("folder", ["bert_folder", "roberta_folder"])
def test_a_step_in_segments_has_the_loss_and_gradients_of_padded_windows(folder, tmp_path, request):
    trainer = make_trainer(request.getfixturevalue(folder), tmp_path, mixed_precision="no", **STEPS)
    assert trainer.data_collator.form == SEGMENTED
    for module in trainer.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    windows = [trainer.train_dataset[row] for row in range(8)]
    trainer.model.train()
    seen = []
    for collator in (trainer.data_collator, trainer.tagger.collator):
        batch = send_to_device(collator(windows), trainer.args.device)
        labels = batch.pop("labels")
        trainer.model.zero_grad()
        with serving_masks(trainer.model, collator):
            loss = trainer.compute_loss_func(trainer.model(**batch), labels)
        loss.backward()
        seen.append({name: weight.grad for name, weight in trainer.model.named_parameters()} | {"loss": loss.detach()})
    for name, expected in seen[1].items():
        torch.testing.assert_close(seen[0][name], expected, rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.usefixtures("offered")
def test_a_training_in_segments_ends_and_leaves_the_model_as_others_find_it(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, eval_strategy="steps", eval_steps=3, **STEPS)
    trainer.learn(None, sentences=8)
    losses = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    assert losses[1] < losses[0]
    assert trainer.model.config._attn_implementation == "sdpa"
    AutoModelForTokenClassification.from_pretrained(tmp_path)


def test_a_model_that_can_only_be_trained_in_float32_gets_masks(bert_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(choosing, "list_segmented", lambda *given: [SEGMENTED] if given[-1].bf16 else [])
    monkeypatch.setattr(precision, "_try_step", lambda *_: "its loss is NaN or infinite")
    trainer = make_trainer(bert_folder, tmp_path, mixed_precision="bf16", **STEPS)
    assert not trainer.args.bf16
    assert trainer.data_collator.form == MaskForm()


def test_a_row_has_one_segment_more_than_windows():
    described = segments.describe_segments([3, 5], 128)
    assert described["cu_seq_lens_q"].tolist() == described["cu_seq_lens_k"].tolist() == [0, 3, 8, 128]
    assert described["max_length_q"] == described["max_length_k"] == 128
    assert described["cu_seq_lens_q"].dtype == torch.int32


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("spare", [0, 1])
def test_rows_have_few_lengths_and_always_padding(spare, wordpiece, plain, split, tmp_path):
    packing = pack_in_segments(build(configure_tiny_bert(wordpiece), wordpiece), plain, split, tmp_path)
    window = {name: values[:4] for name, values in split[0].items()}
    batch = packing([window] * (32 - spare))
    assert batch["input_ids"].shape == (1, 256 if spare == 0 else 128)
    assert len(packing.split_rows(batch)) == 32 - spare
    assert (batch["labels"][0, 4 * (32 - spare) :] == -100).all()


def test_without_a_gpu_masks_are_taken(wordpiece, plain, split, tmp_path):
    packing = choose(build(configure_tiny_bert(wordpiece), wordpiece), plain, split, tmp_path, use_cpu=True)
    assert packing.form == MaskForm()


def test_layers_of_a_limited_range_keep_their_masks(wordpiece, split, tmp_path, monkeypatch):
    """A window is longer than the range, on a machine that would compute segments."""
    training = make_gpu_arguments(monkeypatch)
    assert choosing.list_segmented(build(LOCAL, wordpiece), split, training) == []
    assert choosing.list_segmented(build(configure_tiny_bert(wordpiece), wordpiece), split, training) == [SEGMENTED]


@pytest.mark.parametrize("change", [{"n_gpu": 2}, {"bf16": False}, {"device": torch.device("cpu")}])
def test_settings_that_do_not_go_with_segments(change, wordpiece, split, monkeypatch):
    training = make_gpu_arguments(monkeypatch, **change)
    assert choosing.list_segmented(build(configure_tiny_bert(wordpiece), wordpiece), split, training) == []


def test_a_gpu_that_cannot_compute_segments_gets_masks_aloud(wordpiece, split, monkeypatch, caplog):
    training = make_gpu_arguments(monkeypatch)
    monkeypatch.setattr(choosing, "find_kernel_problem", lambda *_: "FlashAttention only supports Ampere")
    with caplog.at_level(logging.WARNING):
        assert choosing.list_segmented(build(configure_tiny_bert(wordpiece), wordpiece), split, training) == []
    assert "by masks" in caplog.text
    assert "only supports Ampere" in caplog.text


def make_gpu_arguments(monkeypatch, **change):
    """What is asked of the arguments of a training on a GPU, whose kernel works."""
    monkeypatch.setattr(choosing, "find_kernel_problem", lambda *_: None)
    settings = {"device": torch.device("cuda"), "bf16": True, "fp16": False, "n_gpu": 1, "should_log": True}
    return SimpleNamespace(**settings | change)


def test_the_kernel_is_tried_before_it_is_relied_on(monkeypatch):
    cpu = torch.device("cpu")
    assert segments.find_kernel_problem(cpu, torch.bfloat16, 32)
    monkeypatch.setattr(
        segments,
        "attend_at_once",
        lambda query, key, value, borders, longest, dropout, scaling: segments.attend_one_by_one(
            query, key, value, borders, dropout, scaling
        ),
    )
    assert segments.find_kernel_problem(cpu, torch.bfloat16, 32) is None
    monkeypatch.setattr(
        segments,
        "attend_at_once",
        lambda query, key, value, borders, *_: segments.attend_one_by_one(
            query, key, value, borders[[0, -1]], 0.0, None
        ),
    )
    assert "off" in segments.find_kernel_problem(cpu, torch.bfloat16, 32)


def test_torch_still_takes_what_the_kernel_is_given():
    """Shapes, borders and dropout; the numbers need a GPU (`test_on_a_gpu`)."""
    values = torch.empty(3, 64, 2, 32, dtype=torch.bfloat16, device="meta", requires_grad=True)
    borders = torch.empty(4, dtype=torch.int32, device="meta")
    mixed = segments.attend_at_once(*values, borders, 128, 0.1, 0.2)
    assert mixed.shape == (64, 2, 32)
    mixed.sum().backward()
    assert values.grad.shape == values.shape


@pytest.mark.parametrize("scaling", [None, 0.3])
def test_segments_one_by_one_are_what_a_mask_leaves(scaling):
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 20, 2, 8)
    borders = torch.tensor([0, 3, 11, 20], dtype=torch.int32)
    owner = torch.bucketize(torch.arange(20), borders, right=True)
    mask = owner[:, None] == owner[None, :]
    turned = [values.transpose(0, 1) for values in (query, key, value)]
    expected = functional.scaled_dot_product_attention(*turned, attn_mask=mask, scale=scaling).transpose(0, 1)
    torch.testing.assert_close(segments.attend_one_by_one(query, key, value, borders, 0.0, scaling), expected)


def test_other_kinds_of_attention_are_refused():
    values = torch.randn(1, 2, 8, 4)
    borders = torch.tensor([0, 8], dtype=torch.int32)
    causal, plain = nn.Identity(), nn.Identity()
    plain.is_causal = False
    for module, mask, options in [
        (causal, None, {}),
        (plain, torch.ones(1, 1, 8, 8, dtype=torch.bool), {}),
        (plain, None, {"position_bias": torch.zeros(1, 2, 8, 8)}),
    ]:
        with pytest.raises(ValueError, match="not computed in segments"):
            segments.attend(module, values, values, values, mask, cu_seq_lens_q=borders, max_length_q=8, **options)


def test_a_padded_batch_is_computed_as_by_the_library():
    torch.manual_seed(0)
    values, module = torch.randn(3, 2, 2, 8, 4), nn.Identity()
    mask = torch.ones(2, 1, 8, 8, dtype=torch.bool).tril()
    assert torch.equal(
        segments.attend(module, *values, mask, scaling=0.5)[0],
        sdpa_attention_forward(module, *values, mask, scaling=0.5)[0],
    )
