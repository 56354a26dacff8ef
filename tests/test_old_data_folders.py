"""Data folders and prediction files of the old script: --data_dir, --task_type, --legacy_predictions."""

from pathlib import Path

import pytest
from conftest import SENTENCES

import run_ner
from token_classification.data.formats import read_sentences
from token_classification.exit_codes import run_command

LONG = " ".join(["Anna went to London"] * 30)
TEST = [("a \xad asked Anna", "O O O B-PER"), (LONG, " ".join(["B-PER O O B-LOC"] * 30)), ("\x96", "O")]
"""A word without sub-tokens inside a sentence and as a whole one, and a sentence longer than the window."""


def write_rows(path: Path, sentences: list[tuple[str, ...]], documents: bool = False) -> Path:
    """Blank between the columns, each given as one text per sentence; with `documents` each sentence is one."""
    blocks = []
    for columns in sentences:
        rows = zip(*(column.split(" ") for column in columns), strict=True)
        start = "-DOCSTART- O\n\n" if documents else ""
        blocks.append(start + "".join(" ".join(row) + "\n" for row in rows) + "\n")
    path.write_text("".join(blocks), encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    """Run run_ner.py for one step in this process; gives its exit code."""
    return run_command(run_ner.main, [*map(str, arguments), "--max_steps", "1", "--use_cpu", "--disable_tqdm", "true"])


@pytest.fixture
def folder(tmp_path) -> Path:
    """An old-style data folder."""
    write_rows(tmp_path / "train.txt", SENTENCES)
    write_rows(tmp_path / "dev.txt", SENTENCES[:3])
    write_rows(tmp_path / "test.txt", TEST)
    (tmp_path / "labels.txt").write_text("B-LOC\nB-ORG\nB-PER\nI-LOC\nI-ORG\nI-PER\nO\n")
    return tmp_path


def read_predicted(output: Path) -> list[list[str]]:
    """The predicted tags in the project's own prediction file."""
    return read_sentences(output / "predictions.conll", "0", "2").tags


@pytest.mark.parametrize("documents", [False, True])
def test_ner_predictions_hold_every_word_and_document_start(documents, folder, bert_folder):
    write_rows(folder / "test.txt", TEST, documents)
    model = ["--model_name_or_path", bert_folder, "--data_dir", folder, "--labels", folder / "labels.txt"]
    options = ["--task_type", "NER", "--legacy_predictions", "--do_train", "--do_eval", "--do_predict"]
    assert run(*model, *options, "--output_dir", folder / "model") == 0
    expected = []
    for (words, _), tags in zip(TEST, read_predicted(folder / "model"), strict=True):
        expected += ["-DOCSTART-", ""] * documents
        expected += [f"{word} {tag}" for word, tag in zip(words.split(" "), tags, strict=True)] + [""]
    written = (folder / "model" / "test_predictions.txt").read_text(encoding="utf-8")
    assert written == "\n".join(expected) + "\n"
    assert (folder / "model" / "eval_results.json").exists()


def test_chunk_tags_stand_in_the_last_column_but_one(folder, bert_folder):
    rows = [("He went to New York .", "PRP VBD TO NNP NNP .", "B-NP B-VP B-PP B-NP I-NP O", "O O O B-LOC I-LOC O")]
    for name in ("train", "dev", "test"):
        write_rows(folder / f"{name}.txt", rows)
    model = ["--model_name_or_path", bert_folder, "--data_dir", folder, "--output_dir", folder / "model"]
    options = ["--task_type", "Chunk", "--legacy_predictions", "--do_train", "--do_predict"]
    assert run(*model, *options) == 0
    gold = read_sentences(folder / "model" / "predictions.conll", "0", "1").tags
    assert gold == [rows[0][2].split(" ")]
    predicted = read_predicted(folder / "model")[0]
    lines = [f"{word} {tag}" for word, tag in zip(rows[0][0].split(" "), predicted, strict=True)]
    assert (folder / "model" / "test_predictions.txt").read_text() == "\n".join([*lines, "", ""])


def test_pos_predictions_are_a_sentence_a_line(folder, bert_folder):
    words = [("He", "PRON"), ("went", "VERB"), ("\x96", "PUNCT"), ("home", "NOUN")]
    rows = [f"{place}\t{word}\t_\t{tag}" + "\t_" * 6 for place, (word, tag) in enumerate(words, start=1)]
    for name in ("train", "dev", "test"):
        (folder / f"{name}.txt").write_text("# text = He went home\n" + "\n".join(rows) + "\n\n" + rows[0] + "\n\n")
    model = ["--model_name_or_path", bert_folder, "--data_dir", folder, "--output_dir", folder / "model"]
    options = ["--task_type", "POS", "--legacy_predictions", "--do_train", "--do_predict"]
    assert run(*model, *options) == 0
    lines = [
        "".join(f"{word} ({gold}|{tag}) " for (word, gold), tag in zip(words, tags, strict=False))
        for tags in read_predicted(folder / "model")
    ]
    assert [line.count("(") for line in lines] == [4, 1]
    assert (folder / "model" / "test_predictions.txt").read_text() == "\n".join(lines) + "\n"


def test_a_file_that_is_named_wins_over_the_folder(folder, bert_folder):
    other = write_rows(folder / "other.txt", SENTENCES[3:4])
    model = ["--model_name_or_path", bert_folder, "--data_dir", folder, "--output_dir", folder / "model"]
    assert run(*model, "--do_train", "--do_predict", "--test_file", other) == 0
    assert read_sentences(folder / "model" / "predictions.conll", "0", "1").tokens == [SENTENCES[3][0].split(" ")]
    assert not (folder / "model" / "test_predictions.txt").exists()


MISTAKES = {
    "an empty folder": (["--data_dir", "{folder}/empty"], "a folder with train.txt, dev.txt and test.txt"),
    "no folder": (["--data_dir", "{folder}/absent"], "a folder with train.txt, dev.txt and test.txt"),
    "no training file": (["--data_dir", "{folder}/only-test"], "--train_file"),
    "no such task": (["--data_dir", "{folder}", "--task_type", "NED"], "--task_type"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_with_a_message_and_exit_code_2(mistake, folder, bert_folder, capsys):
    (folder / "empty").mkdir()
    (folder / "only-test").mkdir()
    write_rows(folder / "only-test" / "test.txt", TEST)
    arguments, expected = MISTAKES[mistake]
    model = ["--model_name_or_path", bert_folder, "--output_dir", folder / "model", "--do_train"]
    assert run(*model, *(argument.format(folder=folder) for argument in arguments)) == 2
    assert expected in capsys.readouterr().err
