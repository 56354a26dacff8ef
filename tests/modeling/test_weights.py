"""What is said of weights that a checkpoint lacks or has in vain; the library's own table only where loading fails."""

import logging
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForTokenClassification, BertModel, PreTrainedModel

from token_classification.arguments.model import ModelArguments
from token_classification.errors import UserError
from token_classification.modeling.weights import load_weights

HEAD, DEEPEST = "classifier", "encoder.layer.1."


def load(folder: Path, is_tagger: bool = False, **settings) -> PreTrainedModel:
    """Load a tagger with the weights of a folder."""
    config = AutoConfig.from_pretrained(folder, **settings)
    return load_weights(AutoModelForTokenClassification, ModelArguments(str(folder)), is_tagger, config=config)


def save_without(folder: Path, left_out: str, target: Path) -> Path:
    """Copy a model folder without some of its weights."""
    AutoConfig.from_pretrained(folder).save_pretrained(target)
    weights = load_file(folder / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if left_out not in name}
    assert len(kept) < len(weights)
    save_file(kept, target / "model.safetensors", metadata={"format": "pt"})
    return target


def list_said(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Our messages of one level."""
    ours = [record for record in caplog.records if record.name.startswith("token_classification")]
    return [record.getMessage() for record in ours if record.levelno == level]


@pytest.fixture(autouse=True)
def listening(caplog: pytest.LogCaptureFixture) -> None:
    """Hear our own lines and what the library lets through."""
    caplog.set_level(logging.INFO, logger="token_classification")
    logging.getLogger("transformers").addHandler(caplog.handler)
    yield
    logging.getLogger("transformers").removeHandler(caplog.handler)


def test_a_new_head_is_one_line_and_no_warning(
    bert_folder: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture
) -> None:
    load(bert_folder, num_labels=3)
    (line,) = list_said(caplog, logging.INFO)
    assert HEAD in line
    assert list_said(caplog, logging.WARNING) == []
    assert "Loading weights" not in capsys.readouterr().err


def test_a_whole_tagger_is_no_news(tagger_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    load(tagger_folder, is_tagger=True)
    assert caplog.messages == []


def test_a_tagger_without_its_head_is_a_warning(
    tagger_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load(save_without(tagger_folder, HEAD, tmp_path), is_tagger=True)
    (warning,) = list_said(caplog, logging.WARNING)
    assert "lacks" in warning
    assert HEAD in warning


def test_missing_weights_of_the_encoder_are_a_warning(
    bert_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load(save_without(bert_folder, DEEPEST, tmp_path), num_labels=3)
    (warning,) = list_said(caplog, logging.WARNING)
    assert "lacks" in warning
    assert DEEPEST in warning
    assert " more" in warning


def test_weights_of_the_encoder_without_a_place_are_a_warning(
    bert_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load(bert_folder, num_labels=3, num_hidden_layers=1)
    (warning,) = list_said(caplog, logging.WARNING)
    assert "not used" in warning
    assert DEEPEST in warning


def test_a_missing_pooler_is_no_news(bert_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = load_weights(BertModel, ModelArguments(str(bert_folder)), is_tagger=False)
    assert model.pooler is not None
    assert caplog.messages == []


def test_a_tagger_whose_config_has_other_labels_than_its_head_is_refused(tagger_folder: Path) -> None:
    with pytest.raises(UserError, match=r"names 50 labels \(id2label\), but the head has 5 rows"):
        load(tagger_folder, is_tagger=True, num_labels=50)


def test_an_encoder_of_other_shapes_is_refused(bert_folder: Path) -> None:
    with pytest.raises(UserError, match=r"intermediate\.dense\.\S+ for instance \(64,.* instead of \(48,"):
        load(bert_folder, intermediate_size=48)


def test_a_head_without_label_names_and_of_another_size_is_replaced_aloud(
    tagger_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = load(tagger_folder, num_labels=3)
    assert model.classifier.out_features == 3
    (warning,) = list_said(caplog, logging.WARNING)
    assert "its head has 5 rows" in warning
    assert "a fresh one with 3" in warning


def test_weights_of_other_shapes_that_are_accepted_are_named(
    tagger_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = AutoConfig.from_pretrained(tagger_folder, num_labels=50)
    arguments = ModelArguments(str(tagger_folder), ignore_mismatched_sizes=True)
    load_weights(AutoModelForTokenClassification, arguments, True, config=config)
    (warning,) = list_said(caplog, logging.WARNING)
    assert HEAD in warning


def test_where_loading_fails_the_table_of_the_library_is_shown(
    tagger_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As it does for weights that it can't convert."""

    class Broken:
        @staticmethod
        def from_pretrained(*_: object, **__: object) -> None:
            logging.getLogger("transformers.modeling_utils").warning("LOAD REPORT: CONVERSION")
            raise RuntimeError("see the report")

    with pytest.raises(RuntimeError):
        load_weights(Broken, ModelArguments(str(tagger_folder)), is_tagger=True)
    assert "LOAD REPORT: CONVERSION" in caplog.messages


def test_the_librarys_other_lines_are_not_held_back(bert_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    load(bert_folder, num_labels=3)
    logging.getLogger("transformers.modeling_utils").warning("a table: LOAD REPORT")
    assert "a table: LOAD REPORT" in caplog.messages
