"""Nested entities through the whole story: one head with outputs for each level, tags and reports of each level."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import write_sentences
from nested_sentences import LEVELS, NESTED, list_tags, write_nested
from test_run_ner import LEARN_BY_HEART, read_results, run

from token_classification import cli
from token_classification.data.formats import read_sentences
from token_classification.exit_codes import run_command
from token_classification.inference.engine import open_engine
from token_classification.inference.predictor import Predictor

COLUMNS = ["--label_column_name", "2,3"]


def command(*arguments: object) -> int:
    """Run a command in this process and return its exit code."""
    return run_command(cli.run, list(map(str, arguments)))


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """Sentences with both levels."""
    return write_nested(tmp_path_factory.mktemp("data") / "nested.tsv")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, bert_folder, file) -> Path:
    """The output folder of a run that learnt both levels by heart."""
    output = tmp_path_factory.mktemp("trained") / "model"
    files = ["--train_file", file, "--validation_file", file, "--test_file", file]
    steps = ["--do_train", "--do_eval", "--do_predict", "--eval_strategy", "epoch", *COLUMNS]
    assert run("--model_name_or_path", bert_folder, *files, "--output_dir", output, *steps, *LEARN_BY_HEART) == 0
    return output


def test_learns_both_levels_by_heart(trained):
    results = read_results(trained)
    for name in ("f1", "outer_f1", "inner_f1", "strict_f1", "inner_strict_f1", "accuracy", "outer_accuracy"):
        assert results[f"eval_{name}"] == results[f"predict_{name}"] == 1.0, name
    assert results["eval_words"] == sum(len(words.split()) for words, *_ in NESTED)
    assert results["eval_loss"] == pytest.approx(results["eval_outer_loss"] + results["eval_inner_loss"])


def test_each_level_has_tags_and_a_report_of_its_own(trained):
    for level in LEVELS:
        tags = [line.split() for line in (trained / level / "predictions.txt").read_text().splitlines()]
        assert tags == list_tags(level)
        record = json.loads((trained / level / "report" / "report.json").read_text())
        assert record["micro"]["gold"] == sum(tag.startswith("B-") for row in list_tags(level) for tag in row)
    assert not (trained / "predictions.conll").exists()


def test_a_level_with_its_own_course_of_f1(trained):
    """The curve of a level's report is that of the level, not of all together."""
    log = json.loads((trained / "trainer_state.json").read_text())["log_history"]
    inner = [[entry["step"], entry["eval_inner_f1"]] for entry in log if "eval_inner_f1" in entry]
    assert json.loads((trained / "inner" / "report" / "report.json").read_text())["training"]["f1"] == inner
    assert inner != [[entry["step"], entry["eval_f1"]] for entry in log if "eval_f1" in entry]


def test_all_levels_stand_side_by_side_in_the_layout_of_germeval(trained, file):
    rows = [line.split("\t") for line in (trained / "levels.tsv").read_text().splitlines() if line]
    gold = [line.split("\t") for line in file.read_text().splitlines() if line]
    assert rows == [[*row, *row[2:]] for row in gold]


def test_the_card_names_the_levels_and_no_other_program(trained):
    card = (trained / "README.md").read_text()
    assert "2 levels (outer, inner)" in card
    assert "Predictor.from_pretrained" in card
    assert "pipeline(" not in card
    assert "### Test, inner" in card


def test_other_programs_refuse_the_model(trained):
    code = "import sys; from transformers import AutoModelForTokenClassification as M; M.from_pretrained(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, str(trained)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "level_heads" in done.stderr


@pytest.mark.parametrize("decoder", ["argmax", "viterbi"])
def test_a_saved_model_tags_words_without_gold_on_both_levels(trained, tmp_path, decoder):
    words = write_nested(tmp_path / "words.txt", has_tags=False)
    steps = ["--do_predict", "--decoder", decoder]
    assert run("--model_name_or_path", trained, "--test_file", words, "--output_dir", tmp_path / "out", *steps) == 0
    for level in LEVELS:
        lines = (tmp_path / "out" / level / "predictions.txt").read_text().splitlines()
        assert [line.split() for line in lines] == list_tags(level)


def test_evaluate_scores_both_levels(trained, file, tmp_path, capsys):
    assert (
        command("evaluate", "-m", str(trained), "--test_file", str(file), *COLUMNS, "-r", str(tmp_path / "out")) == 0
    )
    assert read_results(tmp_path / "out", "predict")["predict_inner_f1"] == 1.0
    assert "test, inner: 6 sentences" in capsys.readouterr().out


def test_training_goes_on_from_a_model_of_both_levels(trained, file, tmp_path, caplog):
    steps = ["--do_train", "--do_eval", "--max_steps", "1", "--learning_rate", "1e-9", *COLUMNS]
    files = ["--train_file", file, "--validation_file", file]
    assert run("--model_name_or_path", trained, *files, "--output_dir", tmp_path / "out", *steps) == 0
    assert read_results(tmp_path / "out")["eval_f1"] == 1.0
    assert "new head" not in caplog.text


def test_entities_come_with_their_level(trained):
    entities = Predictor.from_pretrained(trained)("The Berlin office of Acme Corporation .")
    found = [(entity["level"], entity["label"], entity["text"]) for entity in entities]
    assert found == [
        ("outer", "ORG", "The Berlin office of Acme Corporation"),
        ("inner", "LOC", "Berlin"),
        ("inner", "ORG", "Acme Corporation"),
    ]


def test_texts_on_the_screen_have_a_line_for_each_level(trained, capsys):
    assert command("infer", "-m", trained, "--text", "Acme Corporation joined .") == 0
    shown = capsys.readouterr().out
    assert "Result: outer: Acme[B-ORG] Corporation[I-ORG] joined ." in shown
    assert "Result: inner: Acme[B-PER] Corporation joined ." in shown


@pytest.mark.parametrize("output_format", ["jsonl", "conll", "parquet"])
def test_infer_writes_the_entities_of_both_levels(trained, tmp_path, output_format):
    rows = [{"tokens": words.split()} for words, *_ in NESTED]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ["infer", "-m", str(trained), "--input_file", str(source), "-r", str(tmp_path / "out")]
    assert command(*arguments, "--output_format", output_format) == 0
    target = tmp_path / "out" / f"predictions.{output_format}"
    if output_format == "conll":
        for level, column in zip(LEVELS, ("1", "2"), strict=True):
            assert read_sentences(target, label_column=column).tags == list_tags(level)
        return
    answers = pq.read_table(target).to_pylist() if output_format == "parquet" else read_lines(target)
    assert answers[0]["tags"] == {level: list_tags(level)[0] for level in LEVELS}
    assert [entity["level"] for entity in answers[0]["entities"]] == ["outer", "inner", "inner"]


def read_lines(path: Path) -> list[dict]:
    """Read JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_one_column_of_tags_is_not_taken_for_all_of_a_nested_models(trained, file, tmp_path, caplog, capsys):
    arguments = ["--model_name_or_path", trained, "--test_file", file, "--output_dir", tmp_path / "out"]
    assert run(*arguments, "--do_predict") == 2
    assert "2 levels, and the data have tags of 1" in capsys.readouterr().err + caplog.text
    assert not (tmp_path / "out").exists()


def test_a_model_of_one_level_refuses_several_columns(tagger_folder, file, tmp_path, caplog, capsys):
    arguments = ["--model_name_or_path", tagger_folder, "--test_file", file, "--output_dir", tmp_path / "out"]
    assert run(*arguments, "--do_predict", *COLUMNS) == 2
    assert "the model knows the tags of one level" in capsys.readouterr().err + caplog.text


def test_what_has_no_place_for_levels_refuses_the_model(trained, file, tmp_path, capsys):
    assert command("export", "-m", str(trained), "-r", str(tmp_path / "out"), "--test_file", str(file)) == 2
    assert "nested entities on 2 levels (outer, inner)" in capsys.readouterr().err
    with pytest.raises(Exception, match="no place here"):
        open_engine(trained).tag([["Anna"]])


def test_nothing_is_trained_for_an_export_that_can_not_be(bert_folder, file, tmp_path, caplog, capsys):
    files = ["--train_file", file, "--validation_file", file]
    steps = ["--do_train", "--do_export", *COLUMNS]
    assert run("--model_name_or_path", bert_folder, *files, "--output_dir", tmp_path / "out", *steps) == 2
    assert "can't be exported" in capsys.readouterr().err + caplog.text


def test_files_of_others_in_the_folder_of_a_level_stay(trained, tmp_path, caplog, capsys):
    words = write_nested(tmp_path / "words.txt", has_tags=False)
    mine = tmp_path / "out" / "inner" / "predictions.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    arguments = ["--model_name_or_path", trained, "--test_file", words, "--output_dir", tmp_path / "out"]
    assert run(*arguments, "--do_predict") == 2
    assert mine.read_text() == "mine"


def test_check_only_looks_at_each_column(bert_folder, tmp_path, capsys):
    wrong = [(words, outer, inner.replace("B-LOC", "I-LOC")) for words, outer, inner in NESTED]
    file = write_nested(tmp_path / "wrong.tsv", wrong)
    arguments = ["--model_name_or_path", bert_folder, "--train_file", file, "--output_dir", tmp_path / "out"]
    run(*arguments, "--do_train", "--check_only", *COLUMNS)
    out = capsys.readouterr().out
    outer, inner = out.split("Tags in column 3")
    assert "Tags in column 2" in outer
    assert "I-LOC" in inner
    assert "I-LOC" not in outer.replace("I-LOC (", "")


def test_check_takes_one_column_at_a_time(file, capsys):
    assert command("check", str(file), *COLUMNS) == 2
    assert "one column of tags at a time" in capsys.readouterr().err


def test_one_column_is_the_model_of_today(bert_folder, tmp_path):
    """A run with one column leaves the library's own class, as without this flag."""
    file = write_sentences(tmp_path / "flat.conll")
    arguments = ["--model_name_or_path", bert_folder, "--train_file", file, "--max_steps", "1", "--do_train"]
    assert run(*arguments, "--output_dir", tmp_path / "out", "--label_column_name", "1") == 0
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["architectures"] == ["BertForTokenClassification"]
    assert "tag_levels" not in config
