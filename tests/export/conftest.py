"""A tiny tagger, sentences that it tags without a mistake, and its conversions, each made once."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import TAGGER_NAMES, TEXT, WINDOW_OF_TINY_MODELS
from transformers import BertConfig, BertForTokenClassification

from token_classification.arguments.model import ModelArguments
from token_classification.data.sentences import Sentences
from token_classification.export import gate, variants
from token_classification.export.export_model import ExportData
from token_classification.inference.engine import Engine, open_engine
from token_classification.modeling.build import load_config, load_model

SHAPE = {
    "vocab_size": 229,
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": WINDOW_OF_TINY_MODELS,
    "initializer_range": 0.1,
    "id2label": dict(enumerate(TAGGER_NAMES)),
    "tag_scheme": "iob2",
}


@pytest.fixture(autouse=True)
def measure_shortly(monkeypatch) -> None:
    """What the speed is does not matter here."""
    monkeypatch.setattr(gate, "SPEED_ROUNDS", 1)
    monkeypatch.setattr(gate, "LATENCY_SENTENCES", 2)


def draw_sentences(count: int) -> list[list[str]]:
    """Sentences of random words."""
    generator, words = random.Random(0), TEXT.split()
    return [generator.choices(words, k=generator.randint(1, 20)) for _ in range(count)]


@pytest.fixture(scope="session")
def model(tmp_path_factory, wordpiece) -> str:
    """The folder of a tagger of one layer, whose tags hang on the word more than on what is around it."""
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    network = BertForTokenClassification(BertConfig(**SHAPE))
    network.bert.embeddings.word_embeddings.weight.data.mul_(10)
    network.classifier.weight.data.mul_(10)
    network.save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def torch_engine(model) -> Engine:
    """The tagger, opened."""
    return open_engine(model)


@pytest.fixture(scope="session")
def data(torch_engine) -> ExportData:
    """Sentences whose gold tags are those of the tagger: its own F1 is 1."""
    tokens = draw_sentences(60)
    lines = list(range(1, 61))
    tagged = Sentences(tokens, torch_engine.tag(tokens).tags, lines)
    return ExportData(tagged, "test.conll", Sentences(tokens[:20], None, lines[:20]), "train.conll")


@pytest.fixture(scope="session")
def convert_once(tmp_path_factory, model, torch_engine) -> Callable[[str], Path]:
    """Gives the folder of the tagger's conversion to a format."""
    made: dict[str, Path] = {}

    def convert(export_format: str) -> Path:
        if export_format not in made:
            arguments = ModelArguments(model)
            network = load_model(arguments, load_config(arguments), torch_engine.label_set)
            made[export_format] = tmp_path_factory.mktemp("converted") / export_format
            variants.convert_model(network, torch_engine, export_format, made[export_format])
        return made[export_format]

    return convert


@pytest.fixture
def converted(convert_once, monkeypatch) -> None:
    """Exports take the conversion that is there instead of making one each."""

    def convert_model(_network, engine, backend, folder) -> None:
        shutil.copytree(convert_once(backend), folder)
        variants.write_record(folder, backend, engine)

    monkeypatch.setattr("token_classification.export.export_model.convert_model", convert_model)
