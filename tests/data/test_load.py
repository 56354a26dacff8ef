"""All splits of a run: from files or a dataset folder, complete for what the run does, held out and cut as asked."""

import hashlib
import json
from pathlib import Path

import pytest
from conftest import SENTENCES, write_sentences
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from opened_files import count_opened

from token_classification.arguments.data import DataArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data import formats
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.load import Corpus, describe_files, load_corpus
from token_classification.errors import DataError, UserError

NAMES = ["O", "B-PER", "I-PER", "B-LOC"]


@pytest.fixture
def load(tmp_path: Path):
    """Give a function that loads a corpus; training arguments as `run=`."""

    def load_with(run: dict | None = None, **data) -> Corpus:
        training = NerTrainingArguments(output_dir=str(tmp_path / "out"), use_cpu=True, **(run or {}))
        files = {name: str(value) if isinstance(value, Path) else value for name, value in data.items()}
        return load_corpus(RunArguments(ModelArguments("some-model"), DataArguments(**files), training))

    return load_with


@pytest.fixture
def untagged_file(tmp_path: Path) -> Path:
    """The eight sentences without tags."""
    return write_sentences(tmp_path / "untagged.conll", with_tags=False)


def save_dataset(folder: Path, rows: list[dict] | None = None, **features) -> Path:
    """Save a dataset with ClassLabel tags, its validation split called `dev`."""
    rows = rows or [{"tokens": ["Anna", "went"], "ner_tags": [1, 0]}, {"tokens": ["Oslo"], "ner_tags": [3]}]
    features = features or {"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=NAMES))}
    dataset = Dataset.from_list(rows, features=Features(features))
    DatasetDict({"train": dataset, "dev": dataset.select([1]), "extra": dataset}).save_to_disk(folder / "saved")
    return folder / "saved"


def test_a_run_reads_each_file_once(load, conll_file: Path, untagged_file: Path) -> None:
    with count_opened() as opened:
        corpus = load(train_file=conll_file, validation_file=conll_file, test_file=untagged_file)
        described = describe_files(corpus)
    assert opened[str(conll_file)] == opened[str(untagged_file)] == 1
    for split, path in (("train", conll_file), ("validation", conll_file), ("test", untagged_file)):
        assert described[split]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_splits_go_by_all_their_names(load, tmp_path: Path, caplog) -> None:
    rows = Dataset.from_list([{"tokens": ["Anna"], "ner_tags": ["B-PER"]}])
    DatasetDict({"training": rows, "devel": rows, "testing": rows}).save_to_disk(tmp_path / "a")
    assert list(load(dataset_name=tmp_path / "a").splits) == ["train", "validation", "test"]
    DatasetDict({"dev": rows, "val": rows, "validation": rows}).save_to_disk(tmp_path / "b")
    assert load(dataset_name=tmp_path / "b").sources == {"validation": f"{tmp_path / 'b'}/validation"}
    assert "'dev' of" in caplog.text
    assert "'val' of" in caplog.text


def test_every_given_file_is_a_split(load, conll_file: Path, untagged_file: Path) -> None:
    run = {"do_train": True, "do_eval": True, "do_predict": True}
    corpus = load(run, train_file=conll_file, validation_file=conll_file, test_file=untagged_file)
    assert list(corpus.splits) == ["train", "validation", "test"]
    assert corpus.splits["train"].tokens == [words.split() for words, _ in SENTENCES]
    assert corpus.splits["train"].tags == [tags.split() for _, tags in SENTENCES]
    assert corpus.splits["test"].tags is None
    assert corpus.place("train", 1) == f"{conll_file}:{len(SENTENCES[0][0].split()) + 2}"
    assert corpus.count_tags("train")["B-PER"] == 4
    assert corpus.count_tags("test") == {}


@pytest.mark.parametrize(
    ("run", "given", "message"),
    [
        ({"do_train": True}, "validation_file", r"--do_train needs .*found: validation.*--train_file FILE"),
        ({"do_eval": True}, "train_file", r"evaluation needs .*found: train.*--validation_split 0\.1"),
        ({"do_train": True, "eval_strategy": "epoch"}, "train_file", r"evaluation needs .*--validation_file"),
        ({"do_predict": True}, "train_file", r"--do_predict needs .*found: train.*--test_file FILE"),
    ],
)
def test_a_missing_split_is_named(load, conll_file: Path, run: dict, given: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load(run, **{given: conll_file})


def test_all_missing_splits_are_named_at_once(load, conll_file: Path) -> None:
    with pytest.raises(UserError) as caught:
        load({"do_train": True, "do_predict": True, "do_eval": True}, validation_file=conll_file)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("run", "given"),
    [({"do_train": True}, "train_file"), ({"do_eval": True}, "validation_file")],
)
def test_a_split_without_tags_is_named(load, untagged_file: Path, run: dict, given: str) -> None:
    with pytest.raises(UserError, match=r"untagged\.conll: no tags, but the .*--label_column_name"):
        load(run, **{given: untagged_file})


def test_prediction_needs_no_tags_and_no_other_split(load, untagged_file: Path) -> None:
    assert list(load({"do_predict": True}, test_file=untagged_file).splits) == ["test"]


def test_the_problems_of_all_files_are_named_at_once(load, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.conll").write_text("Anna\tB-PER\nwent\n")
    with pytest.raises(DataError) as caught:
        load(train_file=tmp_path / "a.conll", test_file=tmp_path / "b.conll", validation_file=tmp_path / "no.conll")
    assert [line.partition(": ")[0] for line in str(caught.value).splitlines()] == [
        f"{tmp_path}/a.conll:2",
        f"{tmp_path}/no.conll",
        f"{tmp_path}/b.conll:2",
    ]


def test_validation_sentences_are_held_out(load, conll_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = {"do_train": True, "do_eval": True, "seed": 3}
    corpus = load(run, train_file=conll_file, validation_split=0.25)
    everything = load(train_file=conll_file).splits["train"]
    train, validation = corpus.splits["train"], corpus.splits["validation"]
    assert (len(train), len(validation)) == (6, 2)
    for split in (train, validation):
        assert split.lines == sorted(split.lines)
        rows = [everything.lines.index(line) for line in split.lines]
        assert split.tokens == [everything.tokens[row] for row in rows]
        assert split.tags == [everything.tags[row] for row in rows]
    assert sorted(train.lines + validation.lines) == everything.lines
    assert "2 of 8 training sentences are held out" in caplog.text
    assert corpus.place("validation", 0).startswith(f"{conll_file}:")
    again = load(run, train_file=conll_file, validation_split=0.25)
    assert again.splits["validation"].lines == validation.lines
    other_seeds = {
        tuple(load(run | {"seed": seed}, train_file=conll_file, validation_split=0.25).splits["validation"].lines)
        for seed in range(5)
    }
    assert len(other_seeds) > 1


def test_given_validation_data_is_not_replaced(load, conll_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    corpus = load(train_file=conll_file, validation_file=conll_file, validation_split=0.25)
    assert (len(corpus.splits["train"]), len(corpus.splits["validation"])) == (8, 8)
    assert "held out" not in caplog.text


def test_a_split_has_the_labels_of_the_annotator_who_is_asked_for(load, tmp_path: Path) -> None:
    answers = [{"text": "Anna left", "_annotator_id": name, "answer": "accept"} for name in ("ann", "bob")]
    answers[0]["spans"] = [{"start": 0, "end": 4, "label": "PER"}]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(answer) + "\n" for answer in answers))
    for annotator, tags in (("ann", ["B-PER", "O"]), ("bob", ["O", "O"]), ("majority", ["O", "O"])):
        assert load(train_file=tmp_path / "train.jsonl", annotator=annotator).splits["train"].tags == [tags]


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_share_that_leaves_nothing_is_refused(load, conll_file: Path, share: float) -> None:
    with pytest.raises(UserError, match=rf"--validation_split {share} of 8 training sentences leaves"):
        load(train_file=conll_file, validation_split=share)


def test_only_the_first_sentences_are_used(load, conll_file: Path) -> None:
    limits = {"max_train_samples": 3, "max_eval_samples": 1, "max_predict_samples": 99}
    corpus = load(train_file=conll_file, validation_file=conll_file, test_file=conll_file, **limits)
    assert {split: len(sentences) for split, sentences in corpus.splits.items()} == {
        "train": 3,
        "validation": 1,
        "test": 8,
    }
    assert corpus.splits["train"].tokens == [words.split() for words, _ in SENTENCES[:3]]
    assert corpus.splits["train"].tags == [tags.split() for _, tags in SENTENCES[:3]]


def test_documents_stay_with_their_sentences(load, tmp_path: Path) -> None:
    path = tmp_path / "documents.conll"
    path.write_text("-DOCSTART-\tO\n\na\tO\n\nb\tO\n\n-DOCSTART-\tO\n\nc\tO\n\nd\tO\n")
    everything = load(train_file=path).splits["train"]
    corpus = load(train_file=path, validation_split=0.5)
    document_of = dict(zip(everything.lines, everything.doc_ids, strict=True))
    assert len(set(document_of.values())) == 2
    for split in corpus.splits.values():
        assert split.doc_ids == [document_of[line] for line in split.lines]


def test_a_saved_dataset_gives_names_for_its_numbers(load, tmp_path: Path) -> None:
    folder = save_dataset(tmp_path)
    corpus = load({"do_train": True, "do_eval": True}, dataset_name=folder)
    assert list(corpus.splits) == ["train", "validation"]
    assert corpus.splits["train"].tokens == [["Anna", "went"], ["Oslo"]]
    assert corpus.splits["train"].tags == [["B-PER", "O"], ["B-LOC"]]
    assert corpus.splits["validation"].tokens == [["Oslo"]]
    assert corpus.label_names == NAMES
    assert corpus.place("train", 1) == f"{folder}/train:2"
    assert corpus.place("validation", 0) == f"{folder}/dev:1"


def test_the_task_names_the_column(load, tmp_path: Path) -> None:
    rows = [{"tokens": ["Anna"], "ner_tags": ["B-PER"], "pos_tags": ["PROPN"]}] * 2
    texts = List(Value("string"))
    folder = save_dataset(tmp_path, rows, tokens=texts, ner_tags=texts, pos_tags=texts)
    assert load(dataset_name=folder, task_name="pos").splits["train"].tags == [["PROPN"]] * 2
    assert load(dataset_name=folder, task_name="ner").label_names is None


def test_a_wrong_column_of_a_dataset_lists_the_columns(load, tmp_path: Path) -> None:
    folder = save_dataset(tmp_path)
    for asked in ({"text_column_name": "token"}, {"label_column_name": "ner_tag"}):
        with pytest.raises(DataError, match=r"columns found: .*'tokens', 'ner_tags'"):
            load(dataset_name=folder, **asked)


def test_a_dataset_without_tags_lists_its_columns(load, tmp_path: Path) -> None:
    rows = [{"tokens": ["Anna"], "number": 1}] * 2
    folder = save_dataset(tmp_path, rows, tokens=List(Value("string")), number=Value("int64"))
    with pytest.raises(UserError, match=r"saved/train: no tags \(columns found: 'tokens', 'number'\)"):
        load({"do_train": True}, dataset_name=folder)


@pytest.mark.parametrize(
    ("tags", "message"),
    [([1, -1], r"saved/train:2: tag 2 of 'ner_tags' is null"), (None, r"saved/train:2: 'ner_tags' is null")],
)
def test_a_missing_label_number_is_no_other_label(load, tmp_path: Path, tags: list | None, message: str) -> None:
    rows = [{"tokens": ["a", "b"], "ner_tags": [0, 1]}, {"tokens": ["a", "b"], "ner_tags": tags}]
    with pytest.raises(DataError, match=message):
        load(dataset_name=save_dataset(tmp_path, rows))


def test_a_split_whose_labels_are_all_hidden_has_no_tags(load, tmp_path: Path, caplog) -> None:
    hidden = {"tokens": ["Anna", "went"], "ner_tags": [-1, -1]}
    folder = save_dataset(tmp_path / "set", [hidden, hidden])
    corpus = load(dataset_name=folder)
    assert corpus.splits["train"].tags is None
    assert "all tags are -1" in caplog.text


def test_files_are_described_by_size_and_checksum(load, conll_file: Path) -> None:
    described = describe_files(load(train_file=conll_file, max_train_samples=2))
    content = conll_file.read_bytes()
    assert described == {
        "train": {
            "source": str(conll_file),
            "sentences": 2,
            "words": sum(len(words.split()) for words, _ in SENTENCES[:2]),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    }


def test_the_checksum_is_of_what_was_read(load, conll_file: Path) -> None:
    content = conll_file.read_bytes()
    corpus = load(train_file=conll_file)
    conll_file.write_text("Other O\n")
    assert describe_files(corpus)["train"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_file_that_is_replaced_while_it_is_read_is_one_of_both(load, conll_file: Path, monkeypatch) -> None:
    content = conll_file.read_bytes()

    def replace_behind(path: Path) -> str:
        found = recognise_format(path)
        Path(path).write_text('{"tokens": ["Other"], "tags": ["O"]}\n')
        return found

    monkeypatch.setattr(formats, "recognise_format", replace_behind)
    corpus = load(train_file=conll_file)
    assert len(corpus.splits["train"]) == len(SENTENCES)
    assert describe_files(corpus)["train"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_what_is_held_out_has_the_checksum_of_its_file(load, conll_file: Path) -> None:
    described = describe_files(load(train_file=conll_file, validation_split=0.25))
    assert described["validation"]["sha256"] == described["train"]["sha256"]


def test_a_dataset_is_described_without_a_checksum(load, tmp_path: Path) -> None:
    folder = save_dataset(tmp_path)
    assert describe_files(load(dataset_name=folder))["train"] == {
        "source": f"{folder}/train",
        "sentences": 2,
        "words": 3,
    }
