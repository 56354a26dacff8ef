"""Model folders as they occur: what can be loaded is, and the rest is one line that says what to do."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import build_unigram, configure_tiny_bert, train_byte_level
from transformers import (
    AutoConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
    PreTrainedModel,
    RobertaConfig,
    XLMRobertaConfig,
)

from token_classification.alignment.words import split_into_sub_tokens
from token_classification.arguments.model import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError
from token_classification.modeling import folder_problems
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.label_names import read_model_labels
from token_classification.modeling.tokenizer import load_tokenizer

LABELS = LabelSet(("O", "B-PER", "I-PER", "B-LOC"), Scheme.IOB2)
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 90868376\n"


def load(folder: Path) -> PreTrainedModel:
    """Load a tokenizer and a model as a run does."""
    arguments = ModelArguments(str(folder))
    config = load_config(arguments)
    load_tokenizer(arguments)
    return load_model(arguments, config, LABELS)


@pytest.fixture
def folder(bert_folder: Path, tmp_path: Path) -> Path:
    """A copy of a whole model folder."""
    return shutil.copytree(bert_folder, tmp_path / "model")


def write_json(path: Path, content: object) -> None:
    """Write a file of the folder."""
    path.write_text(json.dumps(content), encoding="utf-8")


def change_config(folder: Path, **settings: object) -> None:
    """Set keys of the folder's config."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    write_json(folder / "config.json", config | settings)


def use_pickles(folder: Path, parts: int) -> None:
    """Replace the weights by one or several files of the kind before safetensors."""
    weights = BertModel.from_pretrained(folder).state_dict()
    (folder / "model.safetensors").unlink()
    if parts == 1:
        torch.save(weights, folder / "pytorch_model.bin")
        return
    places = {}
    for part in range(parts):
        file = f"pytorch_model-{part + 1:05}-of-{parts:05}.bin"
        torch.save({name: weights[name] for name in list(weights)[part::parts]}, folder / file)
        places |= dict.fromkeys(list(weights)[part::parts], file)
    write_json(folder / "pytorch_model.bin.index.json", {"metadata": {"total_size": 1}, "weight_map": places})


def use_shards(folder: Path) -> None:
    """Replace the weights by several safetensors files."""
    model = BertModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="20KB")
    assert len(list(folder.glob("*.safetensors"))) > 2


WEIGHTS = {
    "sharded safetensors": use_shards,
    "pytorch_model.bin": lambda folder: use_pickles(folder, parts=1),
    "sharded .bin": lambda folder: use_pickles(folder, parts=2),
}


@pytest.mark.parametrize("change", WEIGHTS.values(), ids=list(WEIGHTS))
def test_weights_are_read_from_files_of_any_kind(change: Callable, folder: Path, bert_folder: Path) -> None:
    change(folder)
    got, expected = load(folder).bert.state_dict(), BertModel.from_pretrained(bert_folder).state_dict()
    for name, weight in got.items():
        assert torch.equal(weight, expected[name])
        assert weight.dtype == expected[name].dtype


class Attack:
    """Code inside of a pickle."""

    def __reduce__(self) -> tuple:
        return os.mkdir, ("attacked",)


def pickle_code(folder: Path) -> None:
    """Put code where the weights should be."""
    (folder / "model.safetensors").unlink()
    torch.save({"weight": Attack()}, folder / "pytorch_model.bin")


def lose_shard(folder: Path) -> None:
    """Leave one file of several out."""
    use_shards(folder)
    next(folder.glob("model-00002*")).unlink()


def keep_only(folder: Path, file: str) -> None:
    """Put other weights in the place of torch's."""
    (folder / "model.safetensors").unlink()
    (folder / file).write_bytes(b"x")


def become_adapter(folder: Path, keeps_model: bool) -> None:
    """Add the file of an adapter, alone or beside a whole model."""
    if not keeps_model:
        for path in folder.iterdir():
            path.unlink()
    write_json(folder / "adapter_config.json", {"peft_type": "LORA", "base_model_name_or_path": "some/base"})


def move_below(folder: Path) -> None:
    """Move the model into a folder below, as sentence-transformers had it."""
    files = list(folder.iterdir())
    (folder / "0_Transformer").mkdir()
    for path in files:
        path.rename(folder / "0_Transformer" / path.name)


PROBLEMS = {
    "code in a pickle": (pickle_code, "a pickle that holds code.*accepted: model.safetensors"),
    "a missing shard": (lose_shard, "model-00002-of-.* is missing, which its index names"),
    "weights of TensorFlow": (lambda folder: keep_only(folder, "tf_model.h5"), "only weights are tf_model.h5"),
    "gguf": (lambda folder: keep_only(folder, "model.Q4.gguf"), r"only weights are model.Q4.gguf; accepted"),
    "pointer to weights": (
        lambda folder: (folder / "model.safetensors").write_text(POINTER),
        "model.safetensors is a Git LFS pointer.*git lfs pull",
    ),
    "pointer to a tokenizer": (
        lambda folder: (folder / "tokenizer.json").write_text(POINTER),
        "tokenizer.json is a Git LFS pointer",
    ),
    "a tokenizer.json without its keys": (
        lambda folder: (folder / "tokenizer.json").write_text("{}"),
        "can't be read",
    ),
    "an adapter": (lambda folder: become_adapter(folder, keeps_model=False), "adapter .* of some/base.*merge_and_un"),
    "an adapter beside a model": (lambda folder: become_adapter(folder, keeps_model=True), "adapter .* of some/base"),
    "a model below": (move_below, "in a folder below; accepted: .*0_Transformer"),
    "gptq": (
        lambda folder: change_config(folder, quantization_config={"quant_method": "gptq"}),
        r"quantised \(gptq\)",
    ),
    "an unknown method": (
        lambda folder: change_config(folder, quantization_config={"quant_method": "new"}),
        r"quantised \(new\); accepted: the model that it was made from",
    ),
}


@pytest.mark.parametrize(("change", "message"), PROBLEMS.values(), ids=list(PROBLEMS))
def test_what_cannot_be_loaded_is_said_in_a_line(change: Callable, message: str, folder: Path, monkeypatch) -> None:
    monkeypatch.chdir(folder.parent)
    change(folder)
    with pytest.raises(UserError, match=message) as caught:
        load(folder)
    assert str(folder) in str(caught.value)
    assert not Path("attacked").exists()


CODE = """
import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import TokenClassifierOutput

class OwnConfig(PreTrainedConfig):
    model_type = "own_architecture"

class OwnModel(PreTrainedModel):
    config_class = OwnConfig

    def __init__(self, config):
        super().__init__(config)
        self.table = nn.Embedding(1000, 8)
        self.classifier = nn.Linear(8, config.num_labels)
        self.post_init()

    def forward(self, input_ids, attention_mask=None, labels=None):
        return TokenClassifierOutput(logits=self.classifier(self.table(input_ids)))
"""


@pytest.fixture
def own_code(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model with code of its own in its folder."""
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    (folder / "own.py").write_text(CODE)
    classes = {"AutoConfig": "own.OwnConfig", "AutoModelForTokenClassification": "own.OwnModel"}
    write_json(folder / "config.json", {"model_type": "own_architecture", "auto_map": classes})
    return folder


def test_code_of_a_folder_is_run_only_if_asked_for(own_code: Path) -> None:
    with pytest.raises(UserError, match=r"with run_ner.py --trust_remote_code only: .* read it first") as caught:
        load(own_code)
    assert len(str(caught.value).splitlines()) == 1
    arguments = ModelArguments(str(own_code), trust_remote_code=True)
    model = load_model(arguments, load_config(arguments), LABELS)
    assert type(model).__name__ == "OwnModel"
    assert model.classifier.out_features == len(LABELS)


def test_a_model_without_a_token_classifier_is_told_how_to_get_a_head(tmp_path: Path) -> None:
    write_json(tmp_path / "config.json", {"model_type": "bart"})
    with pytest.raises(UserError, match=r"no token classifier for Bart; .* --do_train --head_layers 1"):
        load_model(ModelArguments(str(tmp_path)), load_config(ModelArguments(str(tmp_path))), LABELS)


@pytest.mark.parametrize("names", [("negative", "positive"), ("a", "b", "c", "d")], ids=["other size", "same size"])
def test_a_classifier_of_texts_gets_a_fresh_head(names, folder: Path, wordpiece, caplog) -> None:
    texts = BertForSequenceClassification(configure_tiny_bert(wordpiece, id2label=dict(enumerate(names))))
    torch.nn.init.constant_(texts.classifier.weight, 7.0)
    texts.save_pretrained(folder)
    assert read_model_labels(AutoConfig.from_pretrained(folder)) is None
    model = load(folder)
    assert "a fresh " in caplog.text
    assert model.classifier.weight.shape[0] == len(LABELS)
    assert model.classifier.weight.std() < 1
    assert not (model.classifier.weight == 7.0).any()
    assert torch.equal(model.get_input_embeddings().weight, texts.get_input_embeddings().weight)


def test_tied_embeddings_of_a_masked_language_model_are_no_obstacle(folder: Path, wordpiece, caplog) -> None:
    language = BertForMaskedLM(configure_tiny_bert(wordpiece, tie_word_embeddings=True))
    language.save_pretrained(folder)
    model = load(folder)
    assert caplog.messages == []
    assert torch.equal(model.get_input_embeddings().weight, language.get_input_embeddings().weight)


def test_files_of_older_tokenizers_become_a_tokenizer_json(tmp_path: Path) -> None:
    layout = json.loads(train_byte_level().to_str())["model"]
    write_json(tmp_path / "vocab.json", layout["vocab"])
    merges = ["#version: 0.2", *(" ".join(pair) for pair in layout["merges"])]
    (tmp_path / "merges.txt").write_text("\n".join(merges), encoding="utf-8")
    RobertaConfig(vocab_size=len(layout["vocab"])).save_pretrained(tmp_path)
    tokenizer = load_tokenizer(ModelArguments(str(tmp_path)))
    sub_tokens = split_into_sub_tokens(tokenizer, [["Anna", "went"]])
    assert tokenizer.convert_ids_to_tokens(sub_tokens.ids.tolist()) == ["ĠAnna", "Ġwent"]
    tokenizer.save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / "tokenizer.json").is_file()


def test_a_tokenizer_in_python_is_loaded_as_it_is(tmp_path: Path) -> None:
    write_json(tmp_path / "config.json", {"model_type": "canine"})
    tokenizer = load_tokenizer(ModelArguments(str(tmp_path)))
    assert not tokenizer.is_fast
    assert split_into_sub_tokens(tokenizer, [["Anna"]]).ids.tolist() == [ord(letter) for letter in "Anna"]


def test_the_package_that_reads_sentencepiece_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_problems, "is_installed", lambda package: False)
    XLMRobertaConfig(vocab_size=len(build_unigram())).save_pretrained(tmp_path)
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"\x0a\x0e\x0a\x05<unk>")
    with pytest.raises(UserError, match="pip install sentencepiece protobuf"):
        load_tokenizer(ModelArguments(str(tmp_path)))
