"""`infer` with keys and a spec; what both forms have in common: `tests/commands/test_infer.py`."""

import json
import shutil
from pathlib import Path
from pipes import pipe

import pytest
from conftest import SENTENCES

from token_classification import cli
from token_classification.exit_codes import run_command
from token_classification.inference.calibration_record import CALIBRATION_FILE, Calibration, OperatingPoint
from token_classification.inference.export_record import hash_answering_files
from token_classification.scoring.calibration import RAW, RAW_SCORES

TEXTS = [words for words, _ in SENTENCES]


def run(*arguments: object) -> int:
    """Run a command in this process; gives its exit code."""
    return run_command(cli.run, list(map(str, arguments)))


def write_as(folder: Path, suffix: str) -> Path:
    """The eight texts in a file of a format."""
    path = folder / f"texts{suffix}"
    path.write_text("".join(f"{text}\n" if suffix == ".txt" else json.dumps({"text": text}) + "\n" for text in TEXTS))
    return path


def read_answers(folder: Path) -> list[list[tuple]]:
    """Places and labels of the entities of each record."""
    records = map(json.loads, (folder / "predictions.jsonl").read_text().splitlines())
    return [[(entity["start"], entity["end"], entity["label"]) for entity in row["entities"]] for row in records]


def test_several_processes_answer_as_one(tagger_folder, tmp_path):
    path = write_as(tmp_path, ".jsonl")
    for folder, flags in (("one", ()), ("two", ("-g", 2))):
        assert run("infer", "-m", tagger_folder, "-r", tmp_path / folder, f"input_file={path}", *flags) == 0
    one, two = ((tmp_path / folder / "predictions.jsonl").read_bytes() for folder in ("one", "two"))
    assert one == two


def test_results_are_kept_unless_the_run_is_to_go_on(tagger_folder, tmp_path, capsys):
    command = ["infer", "-m", tagger_folder, "-r", tmp_path / "out", f"input_file={write_as(tmp_path, '.jsonl')}"]
    assert run(*command) == 0
    assert run(*command) == 2
    assert "--resume" in capsys.readouterr().err
    assert run(*command, "--resume") == run(*command, "resume=true") == 0
    assert run(*command, "--resume", "threshold=0.5") == 2
    assert "threshold: " in capsys.readouterr().err


def test_a_text_file_with_a_spec_is_answered_on_the_screen(tagger_folder, tmp_path, capsys):
    (tmp_path / "spec.yaml").write_text("threshold:\n  PER: 1.0\n")
    source = write_as(tmp_path, ".txt")
    command = ["infer", "-e", tmp_path / "spec.yaml", "-m", tagger_folder, f"input_file={source}"]
    assert run(*command, "-r", tmp_path / "screen") == 0
    assert f"Query : {TEXTS[0]}\nResult: " in capsys.readouterr().out
    assert len((tmp_path / "screen" / "predictions.txt").read_text().splitlines()) == 8
    assert run(*command, "-r", tmp_path / "file", "output_format=jsonl") == 0
    assert "Query" not in capsys.readouterr().out
    screen, file = read_answers(tmp_path / "screen"), read_answers(tmp_path / "file")
    assert screen == file
    assert {label for answers in file for _, _, label in answers} == {"LOC"}


def test_tagged_words_with_a_spec_are_no_texts_for_the_screen(tagger_folder, tmp_path, capsys):
    (tmp_path / "spec.yaml").write_text("threshold: 0.0\n")
    (tmp_path / "in.txt").write_text("Anna\tB-PER\nleft\tO\n\nParis\tB-LOC\n")
    command = ["infer", "-e", tmp_path / "spec.yaml", "-m", tagger_folder, f"input_file={tmp_path / 'in.txt'}"]
    assert run(*command, "-r", tmp_path / "out") == 0
    assert "Query" not in capsys.readouterr().out
    records = list(map(json.loads, (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()))
    assert [(record["tokens"], record["gold"]) for record in records] == [
        (["Anna", "left"], ["B-PER", "O"]),
        (["Paris"], ["B-LOC"]),
    ]


def test_results_of_others_are_not_replaced_on_the_screen_either(tagger_folder, tmp_path, capsys):
    command = ["infer", "-m", tagger_folder, "-r", tmp_path / "out", "input_batch=[Anna]"]
    assert run(*command) == run(*command) == 0
    source = write_as(tmp_path, ".jsonl")
    assert run("infer", "-m", tagger_folder, "-r", tmp_path / "bulk", f"input_file={source}") == 0
    before = (tmp_path / "bulk" / "predictions.jsonl").read_bytes()
    capsys.readouterr()
    assert run("infer", "-m", tagger_folder, "-r", tmp_path / "bulk", "input_batch=[Anna]") == 2
    assert "give another -r" in capsys.readouterr().err
    assert (tmp_path / "bulk" / "predictions.jsonl").read_bytes() == before


def test_a_pipe_is_tagged_on_the_screen_and_in_a_file(tagger_folder, tmp_path, capsys):
    (tmp_path / "spec.yaml").write_text("threshold: 0.0\n")
    content = "\n".join(TEXTS).encode()
    for results, flags in (("screen", ["-e", tmp_path / "spec.yaml"]), ("file", [])):
        with pipe(content) as source:
            assert run("infer", *flags, "-m", tagger_folder, "-r", tmp_path / results, f"input_file={source}") == 0
    assert read_answers(tmp_path / "screen") == read_answers(tmp_path / "file")
    assert len(read_answers(tmp_path / "file")) == 8


MISTAKES = {
    "no texts": (["words=whitespace"], "infer needs input_batch=TEXT or input_file=FILE"),
    "both": (["input_file=a.txt", "input_batch=[Anna]"], "only one of them"),
    "no file": (["input_file=a.jsonl"], "no such file"),
    "format": (["input_file=a.txt", "output_format=xml"], "output_format=xml: accepted are jsonl, jsonl.gz, conll"),
    "input format": (["input_file=a.txt", "input_format=xml"], "input_format=xml: accepted are text, jsonl, csv"),
    "threshold": (["input_file=a.txt", "threshold={PERS: 0.5}"], "no label PERS"),
    "words": (["input_file=a.txt", "words=spacy"], "punctuation, whitespace"),
    "backend": (["input_file=a.txt", "backend=onnx"], "-r OUT export_format=onnx quantize=none, and"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_with_a_message_and_exit_code_2(mistake, tagger_folder, tmp_path, capsys):
    arguments, expected = MISTAKES[mistake]
    assert run("infer", "-m", tagger_folder, "-r", tmp_path / "out", *arguments) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert "Traceback" not in error


def test_what_the_engine_advises_can_be_typed_here(bert_folder, tmp_path, capsys):
    assert run("infer", "-m", bert_folder, "-r", tmp_path / "out", "input_batch=[Anna]") == 2
    error = capsys.readouterr().err
    assert "token_classification train" in error
    assert "run_ner" not in error


def test_flags_win_over_the_spec(tagger_folder, tmp_path, capsys):
    (tmp_path / "spec.yaml").write_text("threshold: 0.0\ninput_batch: [Anna]\n")
    source, common = write_as(tmp_path, ".jsonl"), ["infer", "-e", tmp_path / "spec.yaml", "-m", tagger_folder]
    assert run(*common, "-r", tmp_path / "file", "--input_file", source, "--threshold", "1.0") == 0
    assert "Query" not in capsys.readouterr().out
    answers = read_answers(tmp_path / "file")
    assert (len(answers), any(answers)) == (8, False)
    assert run(*common, "-r", tmp_path / "screen", "Paris", "threshold=0.5") == 0
    assert [line for line in capsys.readouterr().out.splitlines() if "Query" in line] == ["Query : Paris"]


def test_a_text_file_with_a_spec_goes_to_a_tool_if_the_flag_is_typed(tagger_folder, tmp_path, capsys):
    (tmp_path / "spec.yaml").write_text("threshold: 0.0\n")
    source = write_as(tmp_path, ".txt")
    command = ["infer", "-e", tmp_path / "spec.yaml", "-m", tagger_folder, f"input_file={source}", "--to", "doccano"]
    assert run(*command, "-r", tmp_path / "out") == 0
    assert len((tmp_path / "out" / "predictions.jsonl").read_text().splitlines()) == 8
    assert run(*command, "-r", tmp_path / "both", "output_format=conll") == 2
    assert "--to doccano output_format=conll: two formats" in capsys.readouterr().err
    assert not list((tmp_path / "both").glob("predictions*"))


@pytest.mark.parametrize(
    "settings",
    [
        ["operating_point=strict"],
        ["operating_point=strict", "threshold=0.0"],
        ["--operating_point", "strict", "words=whitespace"],
    ],
)
def test_an_operating_point_is_a_key_too(settings, tagger_folder, tmp_path):
    model = Path(shutil.copytree(tagger_folder, tmp_path / "model"))
    point = OperatingPoint({"PER": 1.0})
    version = hash_answering_files(model)
    calibration = Calibration("torch", "argmax", version, RAW_SCORES, RAW, operating_points={"strict": point})
    (model / CALIBRATION_FILE).write_text(calibration.dump())
    command = ["infer", "-m", model, f"input_file={write_as(tmp_path, '.jsonl')}"]
    assert run(*command, "-r", tmp_path / "strict", *settings) == 0
    labels = {label for answers in read_answers(tmp_path / "strict") for _, _, label in answers}
    assert labels == {"LOC"}


def test_an_operating_point_beside_a_threshold_or_without_a_calibration_is_refused(tagger_folder, tmp_path, capsys):
    command = ["infer", "-m", tagger_folder, "-r", tmp_path / "out", "input_batch=[Anna]", "operating_point=strict"]
    assert run(*command) == 2
    assert "operating_point strict: the model has no operating points" in capsys.readouterr().err
    assert run(*command, "threshold=0.5") == 2
    assert "threshold and operating_point strict: accepted is one of them" in capsys.readouterr().err
