"""Adapters (LoRA) on encoders: what peft reads of them, and that merged and unmerged they give the same logits."""

import json
import logging
import shutil
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForTokenClassification
from zoo.encoders import build_encoder

from token_classification.arguments.learning import LearningArguments
from token_classification.arguments.model import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError
from token_classification.modeling.adapters import attach_adapters, find_adapter_config, load_adapters, save_adapters
from token_classification.modeling.build import load_config, load_model
from token_classification.recipe import DEFAULT_RECIPE, HeadOptions, Recipe

peft = pytest.importorskip("peft", reason='needs the extra "lora"')

LABELS = LabelSet(("O", "B-PER", "I-PER", "B-LOC", "I-LOC"), Scheme.IOB2)
ENCODERS = (
    "bert",
    "roberta",
    "deberta",
    "deberta-v2",
    "mpnet",
    "modernbert",
    "distilbert",
    "albert",
    "xlm-roberta",
    "t5",
)
MERGED = 5e-5
"""Largest difference of logits between an adapter beside its encoder and the two merged, both in float32"""
IDS = torch.arange(5, 29).reshape(2, 12)


def load(folder, recipe=DEFAULT_RECIPE):
    """Load a model as every command does."""
    arguments = ModelArguments(str(folder))
    torch.manual_seed(0)
    return load_model(arguments, load_config(arguments), LABELS, recipe).eval()


def adapt(folder, recipe=DEFAULT_RECIPE, rank=4, alpha=None):
    """Load a model and put adapters of some weights beside its layers; new ones are zero."""
    model = load(folder, recipe)
    attach_adapters(model, rank, alpha, ModelArguments(str(folder)))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ".lora_B." in name:
                weight.normal_(std=0.05)
    return model


def compute(model):
    return model(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """A tiny BERT."""
    return build_encoder("bert", tmp_path_factory.mktemp("encoder") / "bert")


@pytest.fixture
def adapter(encoder, tmp_path):
    """The folder of an adapter of it."""
    save_adapters(adapt(encoder), tmp_path / "adapter")
    return tmp_path / "adapter"


@pytest.mark.parametrize("name", ENCODERS)
def test_every_layer_learns_and_merged_weights_give_the_same_logits(name, tmp_path):
    folder = build_encoder(name, tmp_path / "encoder")
    model = adapt(folder)
    logits = compute(model)
    logits.square().sum().backward()
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    assert [name for name, weight in trained.items() if weight.grad is None or not weight.grad.any()] == []
    assert all(".lora_" in name or not name.startswith(f"{model.base_model_prefix}.") for name in trained)
    save_adapters(model, tmp_path / "adapter")

    merged = load(tmp_path / "adapter")
    assert type(merged) is type(model)
    assert find_adapter_config(merged) is None
    torch.testing.assert_close(compute(merged), logits, rtol=0, atol=MERGED)
    assert not torch.allclose(compute(load(folder)), logits, rtol=0, atol=100 * MERGED)

    # The same with nothing but the libraries.
    base = AutoModelForTokenClassification.from_pretrained(
        folder, config=AutoConfig.from_pretrained(tmp_path / "adapter")
    )
    theirs = peft.PeftModel.from_pretrained(base, tmp_path / "adapter").eval()
    torch.testing.assert_close(compute(theirs), logits, rtol=0, atol=MERGED)


def test_peft_finds_the_encoder_by_itself(adapter):
    labels = AutoConfig.from_pretrained(adapter).id2label
    model = peft.AutoPeftModelForTokenClassification.from_pretrained(adapter, id2label=labels).eval()
    assert model.config.id2label == dict(enumerate(LABELS.names))
    torch.testing.assert_close(compute(model), compute(load(adapter)), rtol=0, atol=MERGED)


def test_only_adapters_and_head_are_in_the_file(adapter, encoder):
    names = load_file(adapter / "adapter_model.safetensors").keys()
    assert {name.split(".")[-2] for name in names} == {"lora_A", "lora_B", "classifier"}
    settings = json.loads((adapter / "adapter_config.json").read_text())
    assert settings["modules_to_save"] == ["classifier"]
    assert (settings["r"], settings["lora_alpha"], settings["task_type"]) == (4, 8, "TOKEN_CLS")
    assert settings["base_model_name_or_path"] == str(encoder)


def test_alpha_is_the_weight_of_the_adapters(encoder):
    torch.manual_seed(1)
    model = adapt(encoder, alpha=1)
    assert find_adapter_config(model).lora_alpha == 1
    assert model.bert.encoder.layer[0].attention.self.query.scaling == {"default": 0.25}


@pytest.mark.parametrize("layers", [1, 2])
def test_a_new_head_is_part_of_the_adapter(encoder, tmp_path, layers):
    model = adapt(encoder, Recipe(head=HeadOptions(layers=layers)))
    save_adapters(model, tmp_path / "adapter")
    merged = load(tmp_path / "adapter")
    assert type(merged) is type(model)
    torch.testing.assert_close(compute(merged), compute(model), rtol=0, atol=MERGED)


def test_a_merged_model_needs_nothing_else(adapter, encoder, tmp_path):
    model = load(adapter)
    model.save_pretrained(tmp_path / "whole")
    assert "adapter_base_sha256" not in (tmp_path / "whole" / "config.json").read_text()
    whole = AutoModelForTokenClassification.from_pretrained(tmp_path / "whole").eval()
    assert torch.equal(compute(whole), compute(model))


def test_a_head_of_the_encoders_own_is_not_spoken_of(tmp_path, adapter, caplog, encoder):
    with caplog.at_level(logging.INFO, "token_classification"):
        load(adapter)
    assert "head" not in caplog.text


def test_weights_of_a_checkpoint_come_back(encoder, adapter):
    model = adapt(encoder)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.zero_()
    load_adapters(model, adapter)
    torch.testing.assert_close(compute(model), compute(load(adapter)), rtol=0, atol=MERGED)
    with pytest.raises(UserError, match=r"not the adapters of this training.*same --lora_rank"):
        load_adapters(model, encoder)


def test_the_encoder_may_lie_beside_the_adapter(tmp_path, encoder):
    first = shutil.copytree(encoder, tmp_path / "here" / "bert")
    save_adapters(adapt(first), tmp_path / "here" / "adapter")
    expected = compute(load(tmp_path / "here" / "adapter"))
    (tmp_path / "here").rename(tmp_path / "there")
    assert torch.equal(compute(load(tmp_path / "there" / "adapter")), expected)


def test_an_encoder_that_is_gone_is_one_message(tmp_path, encoder):
    first = shutil.copytree(encoder, tmp_path / "bert")
    save_adapters(adapt(first), tmp_path / "runs" / "adapter")
    shutil.rmtree(first)
    with pytest.raises(UserError) as refusal:
        load(tmp_path / "runs" / "adapter")
    assert str(refusal.value) == (
        f"model {tmp_path}/runs/adapter: an adapter of {first}, which can't be had (no such folder); accepted: that "
        f"encoder, where it was or beside the adapter; type: cp -r FOLDER_OF_THE_ENCODER {tmp_path}/runs/bert"
    )


def test_an_encoder_with_other_weights_is_refused(tmp_path, encoder):
    first = shutil.copytree(encoder, tmp_path / "bert")
    save_adapters(adapt(first), tmp_path / "adapter")
    weights = load_file(first / "model.safetensors")
    weights["embeddings.LayerNorm.weight"] += 1
    save_file(weights, first / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"has other weights now.*train the adapter again"):
        load(tmp_path / "adapter")


def test_an_adapter_with_missing_weights_is_refused(adapter):
    path = adapter / "adapter_model.safetensors"
    weights = load_file(path)
    weights.popitem()
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"not those that adapter_config\.json asks for"):
        load(adapter)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_broken_record_is_one_message(adapter, content):
    (adapter / "adapter_config.json").write_text(content)
    with pytest.raises(UserError, match=r"adapter_config.json: broken"):
        load(adapter)


def test_a_new_head_on_an_adapter_is_refused(adapter):
    with pytest.raises(UserError, match=r"token_classification merge -m .*adapter -r OTHER_FOLDER"):
        load(adapter, Recipe(head=HeadOptions()))


def test_a_model_without_linear_layers_is_refused(encoder):
    model = load(encoder)
    model.bert = torch.nn.Identity()
    with pytest.raises(UserError, match="--lora_rank 4: BertForTokenClassification has no encoder with linear layers"):
        attach_adapters(model, 4, None, ModelArguments(str(encoder)))


def test_without_peft_the_extra_is_named(adapter, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'--lora_rank 8: peft is not installed.*pip install "\.\[lora\]"'):
        LearningArguments(lora_rank=8)
    with pytest.raises(UserError, match=r'an adapter: peft is not installed.*pip install "\.\[lora\]"'):
        load(adapter)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lora_rank": 0}, "1 or more"),
        ({"lora_rank": 8, "lora_alpha": 0}, "above 0"),
        ({"lora_alpha": 2}, "--lora_rank 8"),
    ],
)
def test_wrong_values_are_named(values, message):
    with pytest.raises(UserError, match=message):
        LearningArguments(**values)


def test_a_merged_model_can_be_trained(adapter):
    assert all(weight.requires_grad for weight in load(adapter).parameters())
