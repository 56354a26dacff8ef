"""New heads on encoders: the library's own class where that is possible, drawn as asked, on unchanged weights."""

import json
from pathlib import Path

import pytest
import torch
from headed_models import IDS, LABELS, SIZES, build, compute_logits, load
from transformers import (
    AlbertConfig,
    AutoModel,
    AutoModelForTokenClassification,
    BertModel,
    DistilBertConfig,
    ElectraConfig,
    ModernBertConfig,
    RobertaConfig,
    XLNetConfig,
)

from token_classification.arguments.model import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.deep_head import DeepHeadForTokenClassification
from token_classification.recipe import HeadOptions, Recipe

POOLER = {"pooler.dense.weight", "pooler.dense.bias"}
PLAIN = {
    "albert": AlbertConfig(embedding_size=16, **SIZES),
    "distilbert": DistilBertConfig(dim=32, n_layers=1, n_heads=2, hidden_dim=64, vocab_size=60),
    "electra": ElectraConfig(embedding_size=16, **SIZES),
    "roberta": RobertaConfig(**SIZES, pad_token_id=1),
}
NOT_PLAIN = {
    "modernbert: dense layer and norm": ModernBertConfig(**SIZES, pad_token_id=0, bos_token_id=2, eos_token_id=3),
    "xlnet: no dropout": XLNetConfig(d_model=32, n_layer=1, n_head=2, d_inner=64, vocab_size=60),
}


@pytest.fixture
def encoder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The folder of a tiny encoder with the config that the test is given."""
    torch.manual_seed(1)
    folder = tmp_path / "encoder"
    AutoModel.from_config(request.param).save_pretrained(folder)
    return folder


def test_one_layer_is_the_class_of_the_library(models) -> None:
    config = json.loads((models[1] / "config.json").read_text())
    assert (config["model_type"], config["architectures"]) == ("bert", ["BertForTokenClassification"])
    assert "auto_map" not in config
    assert not list(models[1].glob("*.py"))


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_dropout_of_the_head_is_found_again(models, layers: int) -> None:
    assert load(models[layers]).dropout.p == 0.3


@pytest.mark.parametrize("encoder", PLAIN.values(), ids=list(PLAIN), indirect=True)
def test_one_layer_on_any_encoder_that_the_library_has_such_a_head_for(encoder: Path, tmp_path: Path) -> None:
    model = build(encoder, layers=1)
    model.save_pretrained(tmp_path / "model")
    again = AutoModelForTokenClassification.from_pretrained(tmp_path / "model").eval()
    assert type(model) is type(again)
    assert not isinstance(again, DeepHeadForTokenClassification)
    torch.testing.assert_close(compute_logits(again), compute_logits(model))
    assert load(tmp_path / "model").dropout.p == 0.3
    hidden = AutoModel.from_pretrained(encoder).eval()(input_ids=IDS)[0]
    torch.testing.assert_close(compute_logits(model), model.classifier(hidden))


@pytest.mark.parametrize("encoder", NOT_PLAIN.values(), ids=list(NOT_PLAIN), indirect=True)
def test_one_layer_stays_one_layer_where_the_library_has_another_head(encoder: Path, tmp_path: Path) -> None:
    model = build(encoder, layers=1)
    assert isinstance(model, DeepHeadForTokenClassification)
    model.save_pretrained(tmp_path / "model")
    torch.testing.assert_close(compute_logits(load(tmp_path / "model")), compute_logits(model))
    hidden = AutoModel.from_pretrained(encoder).eval()(input_ids=IDS)[0]
    torch.testing.assert_close(compute_logits(model), model.classifier(hidden))


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("transformer_init", "spread"), [(True, 0.02), (False, 32**-0.5 / 3**0.5)])
def test_new_layers_are_drawn_as_the_recipe_says(bert_folder: Path, layers, transformer_init, spread) -> None:
    names = LabelSet(("O", *(f"B-{number}" for number in range(200))), Scheme.IOB2)
    model = build(bert_folder, names, layers=layers, transformer_init=transformer_init)
    assert model.classifier.weight.std().item() == pytest.approx(spread, rel=0.1)
    assert bool(model.classifier.bias.any()) is not transformer_init


@pytest.mark.parametrize("layers", [1, 2])
def test_the_encoder_is_that_of_the_folder(bert_folder: Path, layers: int) -> None:
    model = build(bert_folder, layers=layers)
    expected = BertModel.from_pretrained(bert_folder).state_dict()
    weights = model.base_model.state_dict()
    # The pooler is not used, and not in the folder.
    assert {name for name in weights if not name.startswith("pooler")} == set(expected) - POOLER
    assert all(torch.equal(weights[name], expected[name]) for name in set(expected) - POOLER)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("old", [1, 2])
def test_a_trained_model_serves_as_encoder(models, old: int, layers: int, tmp_path: Path) -> None:
    """`train` from a model of this project: its encoder, and a new head."""
    model, trained = build(models[old], layers=layers, seed=1), load(models[old])
    weights, expected = model.base_model.state_dict(), trained.base_model.state_dict()
    assert all(torch.equal(weights[name], expected[name]) for name in set(expected) - POOLER)
    assert not torch.equal(model.classifier.weight, trained.classifier.weight)
    model.save_pretrained(tmp_path)
    assert str(models[old]) not in (tmp_path / "config.json").read_text()
    assert (tmp_path / "config.json").read_text().count("B-LOC") == 2


def test_weights_of_an_encoder_are_loaded_over_it(bert_folder: Path, tmp_path: Path) -> None:
    other = BertModel.from_pretrained(bert_folder)
    other.embeddings.word_embeddings.weight.data.fill_(0.5)
    torch.save(other.state_dict(), tmp_path / "weights.pt")
    torch.save({"embeddings.nothing": torch.zeros(1)}, tmp_path / "wrong.pt")
    arguments = ModelArguments(str(bert_folder))
    for layers in (1, 2):
        recipe = Recipe(head=HeadOptions(layers=layers), encoder_checkpoint=str(tmp_path / "weights.pt"))
        model = load_model(arguments, load_config(arguments), LABELS, recipe)
        assert (model.get_input_embeddings().weight == 0.5).all()
        recipe = Recipe(head=HeadOptions(layers=layers), encoder_checkpoint=str(tmp_path / "wrong.pt"))
        with pytest.raises(UserError, match="nothing"):
            load_model(arguments, load_config(arguments), LABELS, recipe)
