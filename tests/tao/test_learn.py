"""What `train` and `finetune` decide before they train: data, label map, where to start, what is logged."""

import json
import logging
from pathlib import Path

import pytest
from omegaconf import DictConfig

from token_classification.arguments.training import NerTrainingArguments
from token_classification.errors import DataError, UserError
from token_classification.tao.learn import _shorten, choose_start, find_labels, load_splits, log_labels
from token_classification.tao.spec import load_spec

FILES = {
    "text_train.txt": "Ann ran\nno\nYork\n",
    "labels_train.txt": "B-PER O\nO\nB-LOC\n",
    "text_dev.txt": "Ann\n",
    "labels_dev.txt": "B-PER\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder without a label map."""
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def read_spec(folder: Path, *overrides: str) -> DictConfig:
    """The spec of a training on that folder."""
    return load_spec("train", None, [f"data_dir={folder}", *overrides], ["data_dir"])


def test_a_part_of_the_data_is_used_and_the_whole_file_is_counted(folder):
    corpus = load_splits(read_spec(folder, "training_ds.num_samples=1"))
    assert corpus.splits["train"].tokens == [["Ann", "ran"]]
    assert corpus.count_tags("train") == {"B-PER": 1, "O": 2, "B-LOC": 1}
    assert corpus.sources == {
        split: str(folder / f"text_{name}.txt") for split, name in (("train", "train"), ("validation", "dev"))
    }


def test_problems_of_both_files_are_reported_together(folder):
    (folder / "labels_train.txt").write_text("B-PER\nO\nB-LOC\n")
    (folder / "labels_dev.txt").unlink()
    with pytest.raises(DataError) as error:
        load_splits(read_spec(folder))
    assert "text_train.txt:1" in str(error.value)
    assert "labels_dev.txt" in str(error.value)


def test_without_a_map_one_is_made_and_the_next_training_takes_it(folder, caplog):
    spec = read_spec(folder)
    with caplog.at_level(logging.INFO, "token_classification"):
        assert find_labels(spec, load_splits(spec)) == ["O", "B-LOC", "B-PER"]
        assert (folder / "label_ids.csv").read_text() == "O\nB-LOC\nB-PER"
        (folder / "label_ids.csv").write_text("O\nB-PER\nB-LOC")
        assert find_labels(spec, load_splits(spec)) == ["O", "B-PER", "B-LOC"]
    assert [record.getMessage().split()[0] for record in caplog.records] == ["Labels", "Reusing"]


def test_a_map_that_lacks_a_label_is_an_error_with_its_count(folder):
    (folder / "my.csv").write_text("O\nB-PER\n")
    spec = read_spec(folder, f"model.label_ids={folder / 'my.csv'}")
    with pytest.raises(DataError, match=r"text_train\.txt: label 'B-LOC' \(1 words\) is not in .*my\.csv"):
        find_labels(spec, load_splits(spec))


def test_the_pad_label_must_be_in_the_map(folder):
    (folder / "label_ids.csv").write_text("O\nB-PER\nB-LOC\n")
    spec = read_spec(folder, "model.dataset.pad_label=PAD")
    with pytest.raises(UserError, match="pad_label=PAD is not in"):
        find_labels(spec, load_splits(spec))


@pytest.mark.parametrize(
    ("overrides", "start"),
    [
        ([], "auto"),
        (["exp_manager.resume_ignore_no_checkpoint=false"], "true"),
        (["exp_manager.resume_if_exists=false"], None),
    ],
)
def test_a_training_goes_on_unless_the_spec_says_otherwise(folder, overrides, start):
    training = NerTrainingArguments(output_dir=str(folder / "out"))
    choose_start(read_spec(folder, *overrides), training)
    assert (training.resume_from_checkpoint, training.overwrite_output_dir) == (start, True)


def test_statistics_lie_beside_the_labels(folder, caplog):
    corpus = load_splits(read_spec(folder))
    names = ["O", "B-LOC", "B-PER", "I-PER"]
    with caplog.at_level(logging.INFO, "token_classification"):
        for split, name in (("train", "train"), ("validation", "dev")):
            log_labels(corpus, split, names, folder / f"labels_{name}.txt")
    assert json.loads((folder / "labels_train_weights.json").read_text()) == [2 / 3, 4 / 3, 4 / 3, 1.0]
    assert (folder / "labels_train_label_stats.tsv").read_text().splitlines()[0] == "0\t\t0.5\t\t2"
    assert not (folder / "labels_dev_weights.json").exists()
    assert "Total labels: 4." in caplog.text


def test_a_folder_that_can_not_be_written_to_is_no_reason_not_to_train(folder, caplog, monkeypatch):
    def refuse(*_: object) -> None:
        raise UserError("can't be written")

    monkeypatch.setattr("token_classification.tao.statistics.write_whole", refuse)
    log_labels(load_splits(read_spec(folder)), "train", ["O", "B-LOC", "B-PER"], folder / "labels_train.txt")
    assert "Label statistics are not saved: can't be written" in caplog.text


@pytest.mark.parametrize(
    ("count", "text"),
    [(12, "12"), (1500, "1.5 K"), (110_082_829, "110 M"), (22_713_216, "22.7 M"), (7 * 10**9, "7 B")],
)
def test_parameters_are_counted_as_lightning_does(count, text):
    assert _shorten(count) == text
