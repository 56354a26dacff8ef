"""Models with a head of their own: what is saved is loaded elsewhere with the same logits, or refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from headed_models import build, compute_logits, load
from transformers import AutoModel, AutoModelForTokenClassification, FunnelConfig, T5Config

from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError
from token_classification.modeling import deep_head
from token_classification.modeling.average import average_models
from token_classification.modeling.deep_head import DeepHeadConfig

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


def test_the_code_in_the_folder_is_that_of_this_project(models) -> None:
    assert (models[2] / "deep_head.py").read_bytes() == Path(deep_head.__file__).read_bytes()


ODD_ENCODERS = {
    "t5: beside a decoder": T5Config(d_model=32, num_layers=1, num_heads=2, d_kv=16, d_ff=64, vocab_size=60),
    "funnel: one of two classes": FunnelConfig(
        block_sizes=[1, 1], d_model=32, n_head=2, d_head=16, d_inner=64, vocab_size=60, architectures=["FunnelModel"]
    ),
}


@pytest.mark.parametrize("config", ODD_ENCODERS.values(), ids=list(ODD_ENCODERS))
def test_an_encoder_that_is_a_part_or_one_of_several_classes(config, tmp_path: Path) -> None:
    torch.manual_seed(1)
    AutoModel.from_config(config).save_pretrained(tmp_path / "whole")
    model = build(tmp_path / "whole", layers=2)
    logits = compute_logits(model)
    assert logits.shape == (1, 5, 4)
    model.save_pretrained(tmp_path / "model")
    torch.testing.assert_close(compute_logits(load(tmp_path / "model")), logits)
    table = AutoModel.from_pretrained(tmp_path / "whole").get_input_embeddings().weight
    assert torch.equal(model.get_input_embeddings().weight, table)


@pytest.mark.parametrize("layers", [1, 2])
def test_rows_go_with_their_names(models, layers: int) -> None:
    head = load(models[layers]).classifier
    other = load(models[layers], LabelSet(("B-LOC", "O", "B-NEW"), Scheme.IOB2)).classifier
    assert torch.equal(other.weight[:2], head.weight[[3, 0]])


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
