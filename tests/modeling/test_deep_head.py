"""Models with a head of their own: what is saved is loaded elsewhere with the same logits, or refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import (
    AlbertConfig,
    AutoModel,
    AutoModelForTokenClassification,
    BertModel,
    DistilBertConfig,
    ElectraConfig,
    ModernBertConfig,
    PreTrainedModel,
    RobertaConfig,
    XLNetConfig,
)

from token_classification.arguments.model import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError
from token_classification.modeling.average import average_models
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.deep_head import DeepHeadConfig, DeepHeadForTokenClassification
from token_classification.recipe import HeadOptions, Recipe

LABELS = LabelSet(("O", "B-PER", "I-PER", "B-LOC"), Scheme.IOB2)
POOLER = {"pooler.dense.weight", "pooler.dense.bias"}
IDS = torch.tensor([[2, 7, 9, 8, 3]])

ELSEWHERE = """
import json, sys
sys.modules["token_classification"] = None
import torch
from transformers import AutoModelForTokenClassification
answers = {}
for folder in sys.argv[1:]:
    for trust in (False, True):
        try:
            model = AutoModelForTokenClassification.from_pretrained(folder, trust_remote_code=trust).eval()
            answers[f"{folder} {trust}"] = model(input_ids=torch.tensor([[2, 7, 9, 8, 3]])).logits.tolist()
        except ValueError as error:
            answers[f"{folder} {trust}"] = str(error)
print(json.dumps(answers))
"""
"""A program that has the library and nothing of this project"""

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "vocab_size": 60,
}
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


def build(folder: Path, names: LabelSet = LABELS, seed: int = 0, **head) -> PreTrainedModel:
    """Put a new head on the encoder of a folder, as `train` does."""
    torch.manual_seed(seed)
    arguments = ModelArguments(str(folder))
    recipe = Recipe(head=HeadOptions(**{"layers": 2, "dropout": 0.3, **head}))
    return load_model(arguments, load_config(arguments), names, recipe).eval()


def load(folder: Path, names: LabelSet = LABELS) -> PreTrainedModel:
    """Load a trained model, as `finetune`, `evaluate` and `infer` do."""
    arguments = ModelArguments(str(folder))
    return load_model(arguments, load_config(arguments), names).eval()


def compute_logits(model: PreTrainedModel) -> torch.Tensor:
    with torch.inference_mode():
        return model(input_ids=IDS).logits


@pytest.fixture
def encoder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The folder of a tiny encoder with the config that the test is given."""
    torch.manual_seed(1)
    folder = tmp_path / "encoder"
    AutoModel.from_config(request.param).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, bert_folder: Path) -> dict[int, Path]:
    """Saved models with heads of one, two and three layers."""
    folders = {}
    for layers in (1, 2, 3):
        folders[layers] = tmp_path_factory.mktemp(f"layers-{layers}")
        build(bert_folder, layers=layers, activation="tanh").save_pretrained(folders[layers])
    return folders


@pytest.fixture(scope="module")
def elsewhere(models: dict[int, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list | str]:
    """What `from_pretrained` makes of them in a process without this project: logits, or the message."""
    cache = str(tmp_path_factory.mktemp("modules"))
    done = subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, *map(str, models.values())],
        env=os.environ | {"HF_MODULES_CACHE": cache},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("layers", "trust"), [(1, False), (1, True), (2, True), (3, True)])
def test_another_program_computes_the_same(models, elsewhere, layers: int, trust: bool) -> None:
    logits = elsewhere[f"{models[layers]} {trust}"]
    torch.testing.assert_close(torch.tensor(logits), compute_logits(load(models[layers])))


@pytest.mark.parametrize("layers", [2, 3])
def test_another_program_refuses_what_it_has_no_code_for(models, elsewhere, layers: int) -> None:
    message = elsewhere[f"{models[layers]} False"]
    assert "trust_remote_code=True" in message
    assert str(models[layers]) in message


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


@pytest.mark.parametrize("layers", [1, 2])
def test_rows_go_with_their_names(models, layers: int) -> None:
    head = load(models[layers]).classifier
    other = load(models[layers], LabelSet(("B-LOC", "O", "B-NEW"), Scheme.IOB2)).classifier
    assert torch.equal(other.weight[:2], head.weight[[3, 0]])


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


@pytest.fixture
def old_folder(models, tmp_path: Path) -> Path:
    """A model as earlier versions saved it: the encoder's model_type, and the head's settings beside the encoder's."""
    load(models[2]).save_pretrained(tmp_path / "old")
    path = tmp_path / "old" / "config.json"
    config = json.loads(path.read_text())
    del config["auto_map"]["AutoConfig"]
    encoder = config.pop("text_config")
    path.write_text(json.dumps({**encoder, **config, "model_type": encoder["model_type"]}))
    return tmp_path / "old"


def test_folders_of_earlier_versions_are_loaded(models, old_folder: Path, tmp_path: Path) -> None:
    model = load(old_folder)
    torch.testing.assert_close(compute_logits(model), compute_logits(load(models[2])))
    assert model.config.id2label[3] == "B-LOC"
    assert model.config.tag_scheme == "iob2"
    model.save_pretrained(tmp_path / "new")
    new, expected = (json.loads((folder / "config.json").read_text()) for folder in (tmp_path / "new", models[2]))
    assert new == expected


def test_the_mean_of_folders_of_earlier_versions_is_one_of_today(models, old_folder: Path, tmp_path: Path) -> None:
    average_models([old_folder, old_folder], tmp_path / "mean")
    mean, expected = (json.loads((folder / "config.json").read_text()) for folder in (tmp_path / "mean", models[2]))
    assert mean == expected
    torch.testing.assert_close(compute_logits(load(tmp_path / "mean")), compute_logits(load(models[2])))


@pytest.mark.parametrize("kind", ["models", "old"])
def test_a_config_names_no_other_functions(kind: str, models, old_folder: Path, tmp_path: Path) -> None:
    folder = old_folder if kind == "old" else tmp_path / "new"
    if kind == "models":
        load(models[2]).save_pretrained(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    assert config["head_activation"] == "tanh"
    path.write_text(json.dumps({**config, "head_activation": "load"}))
    with pytest.raises(UserError, match="head_activation 'load': accepted are relu, tanh, sigmoid"):
        load(folder)


def test_a_config_without_an_encoder_is_refused() -> None:
    with pytest.raises(ValueError, match="text_config"):
        DeepHeadConfig()


def test_the_encoder_gets_the_attention_that_is_asked_for(models) -> None:
    for kind in ("eager", "sdpa"):
        model = AutoModelForTokenClassification.from_pretrained(models[2], attn_implementation=kind)
        assert model.encoder.config._attn_implementation == kind
    model.set_attn_implementation("eager")
    assert model.encoder.config._attn_implementation == "eager"
    assert load(models[2]).encoder.config._attn_implementation == "sdpa"
