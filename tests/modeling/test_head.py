"""The head when the labels change: each row goes where its name goes."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModelForTokenClassification, PreTrainedModel

from token_classification.arguments.model import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.head import replace_head

OLD = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def load(folder: Path, names: tuple[str, ...]) -> PreTrainedModel:
    """Load a model for these names, as a run does."""
    arguments = ModelArguments(str(folder))
    return load_model(arguments, load_config(arguments), LabelSet(names, Scheme.IOB2))


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory: pytest.TempPathFactory, bert_folder: Path) -> Path:
    """A model that knows the old labels, with a bias like that of a trained one."""
    model = load(bert_folder, OLD)
    with torch.no_grad():
        model.classifier.bias.uniform_(1.0, 2.0)
    folder = tmp_path_factory.mktemp("trained")
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def old_head(trained_folder: Path) -> nn.Linear:
    """The head as it was saved."""
    return AutoModelForTokenClassification.from_pretrained(trained_folder).classifier


@pytest.mark.parametrize(
    "names",
    [
        pytest.param((*OLD, "B-ORG", "I-ORG"), id="grown at the end"),
        pytest.param(("O", "B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER"), id="grown in between"),
        pytest.param(("O", "B-PER", "I-PER"), id="shrunk"),
        pytest.param(("I-LOC", "B-LOC", "I-PER", "B-PER", "O"), id="reordered"),
        pytest.param(("O", "B-PER", "I-PER", "B-ORG", "I-ORG"), id="same size, some new"),
        pytest.param(("O", "B-A", "B-B", "B-C", "B-D"), id="only O stays"),
    ],
)
def test_rows_go_with_their_names(trained_folder: Path, old_head: nn.Linear, names: tuple[str, ...]) -> None:
    model = load(trained_folder, names)
    head = model.classifier
    assert head.weight.shape == (len(names), old_head.in_features)
    for place, name in enumerate(names):
        if name in OLD:
            assert torch.equal(head.weight[place], old_head.weight[OLD.index(name)])
            assert torch.equal(head.bias[place], old_head.bias[OLD.index(name)])
        else:
            assert not (head.weight[place] == old_head.weight).all(dim=1).any()
            assert head.bias[place] == 0
            assert head.weight[place].std() > 0
    assert model.num_labels == model.config.num_labels == len(names)
    assert model.config.id2label == dict(enumerate(names))
    logits = model(input_ids=torch.tensor([[2, 5, 3]])).logits
    assert logits.shape == (1, 3, len(names))


def test_other_names_of_the_same_number_share_nothing(trained_folder: Path, old_head: nn.Linear) -> None:
    head = load(trained_folder, ("a", "b", "c", "d", "e")).classifier
    assert not torch.isin(head.weight, old_head.weight).any()
    assert head.bias.tolist() == [0.0] * 5


def test_the_same_names_leave_the_head_alone(
    trained_folder: Path, old_head: nn.Linear, caplog: pytest.LogCaptureFixture
) -> None:
    head = load(trained_folder, OLD).classifier
    assert torch.equal(head.weight, old_head.weight)
    assert torch.equal(head.bias, old_head.bias)
    assert "rows of its head" not in caplog.text


def test_the_encoder_is_untouched(trained_folder: Path) -> None:
    before = AutoModelForTokenClassification.from_pretrained(trained_folder).bert.state_dict()
    after = load(trained_folder, ("O", "B-NEW")).bert.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_kept_new_and_dropped_labels_are_printed(trained_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    load(trained_folder, ("O", "B-ORG", "B-PER", "I-PER"))
    (message,) = [message for message in caplog.messages if "rows of its head" in message]
    assert [line.split() for line in message.splitlines()[1:]] == [
        ["kept", "3", "O", "B-PER", "I-PER"],
        ["new", "1", "B-ORG"],
        ["dropped", "2", "B-LOC", "I-LOC"],
    ]


def test_nothing_dropped_is_a_dash(trained_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    load(trained_folder, (*OLD, "B-X"))
    assert re.search(r"dropped +0 +-$", caplog.text, re.MULTILINE)


def test_the_new_head_is_trained_and_saved(tmp_path: Path, trained_folder: Path) -> None:
    model = load(trained_folder, ("O", "B-NEW"))
    assert all(parameter.requires_grad for parameter in model.classifier.parameters())
    model.save_pretrained(tmp_path)
    again = AutoModelForTokenClassification.from_pretrained(tmp_path)
    assert torch.equal(again.classifier.weight, model.classifier.weight)
    assert again.config.id2label == {0: "O", 1: "B-NEW"}


def test_a_roberta_head_is_found_too(tmp_path: Path, roberta_folder: Path) -> None:
    model = load(roberta_folder, OLD)
    row = model.classifier.weight[1].clone()
    model.save_pretrained(tmp_path)
    assert torch.equal(load(tmp_path, ("B-PER", "O")).classifier.weight[0], row)


def test_a_model_without_such_a_head_is_refused(bert_folder: Path) -> None:
    model = load(bert_folder, OLD)
    model.classifier = nn.Identity()
    with pytest.raises(UserError, match=r"no linear head with 5 rows.*start from the encoder"):
        replace_head(model, OLD, ["O"])


def test_an_encoder_layer_with_as_many_rows_is_not_the_head(bert_folder: Path) -> None:
    model = load(bert_folder, OLD)
    model.classifier = nn.Identity()
    names = [f"L{number}" for number in range(model.config.hidden_size)]
    with pytest.raises(UserError, match="no linear head with 32 rows"):
        replace_head(model, names, ["O"])
