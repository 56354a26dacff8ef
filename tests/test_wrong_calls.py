"""Every command with each wrong kind of path and value: exit code 2, the place named, a next step, nothing harmed."""

import re
from pathlib import Path

import pytest
from conftest import SENTENCES, write_sentences

from token_classification import cli, story
from token_classification.exit_codes import run_command

NEXT_STEP = re.compile(
    r"accepted|give|type|check|did you mean|Help:|All flags|make room|must|only|needs", re.IGNORECASE
)

TRAIN = "run_ner --model_name_or_path {bert} --train_file {conll} --output_dir {new} --do_train --max_steps 1"
PREDICT = "run_ner --model_name_or_path {tagger} --test_file {conll} --output_dir {new} --do_predict"
INFER = "infer -m {tagger} -r {new} input_file={conll}"
SPEC_TRAIN = "train -r {new} data_dir={data} model.language_model.pretrained_model_name={bert}"

WRONG_PATHS = {
    "run_ner --train_file": (TRAIN.replace("{conll}", "{X}"), "missing folder empty binary dangling long"),
    "run_ner --output_dir": (TRAIN.replace("{new}", "{X}"), "file below_file dangling long proc"),
    "run_ner --model_name_or_path": (TRAIN.replace("{bert}", "{X}"), "folder file binary"),
    "run_ner --labels": (TRAIN + " --labels {X}", "missing folder empty binary"),
    "run_ner --data_dir": (TRAIN.replace("--train_file {conll}", "--data_dir {X}"), "missing file folder"),
    "run_ner --resume": (TRAIN + " --resume_from_checkpoint {X}", "missing folder file"),
    "run_ner --test_file": (PREDICT.replace("{conll}", "{X}"), "missing folder empty binary"),
    "run_ner predict --output_dir": (PREDICT.replace("{new}", "{X}"), "file below_file proc"),
    "run_ner config": ("run_ner {X}.yaml", "missing folder"),
    "download_specs -o": ("download_specs -o {X}", "file below_file proc long"),
    "IOB source": ("dataset_convert source_data_dir={X} target_data_dir={new}", "missing folder file"),
    "IOB target": (
        "dataset_convert source_data_dir={iob} target_data_dir={X}",
        "file below_file proc long",
    ),
    "IOB --data_file": ("dataset_convert --data_file {X}", "missing folder empty binary"),
    "convert": ("convert {X} {new} --to jsonl", "missing folder empty binary dangling long"),
    "convert OUT": ("convert {conll} {X} --to jsonl", "file folder below_file proc long"),
    "train -e": ("train -e {X} -r {new}", "missing folder binary"),
    "train -r": (SPEC_TRAIN.replace("{new}", "{X}"), "file below_file proc long"),
    "train data_dir": (SPEC_TRAIN.replace("{data}", "{X}"), "missing folder file"),
    "train label_ids": (SPEC_TRAIN + " model.label_ids={X}", "missing folder empty binary"),
    "finetune -m": ("finetune -m {X} -r {new} data_dir={data}", "missing folder empty binary"),
    "evaluate -m": ("evaluate -m {X} -r {new} data_dir={data}", "missing folder file"),
    "infer -m": ("infer -m {X} -r {new} input_file={conll}", "missing folder file empty"),
    "infer -r": ("infer -m {tagger} -r {X} input_file={conll}", "file below_file proc long"),
    "infer input_file": ("infer -m {tagger} -r {new} input_file={X}", "missing folder dangling"),
    "export -m": ("export -m {X} -r {new} test_file={conll}", "missing folder file"),
    "export -r": ("export -m {tagger} -r {X} test_file={conll}", "file below_file proc"),
    "export test_file": ("export -m {tagger} -r {new} test_file={X}", "missing folder empty"),
    "infer -m by flags": ("infer -m {X} -r {new} --input_file {conll}", "missing folder file"),
    "infer --input_file": ("infer -m {tagger} -r {new} --input_file {X}", "missing folder"),
    "evaluate --test_file": ("evaluate -m {tagger} -r {new} --test_file {X}", "missing folder empty binary"),
    "evaluate -r by flags": ("evaluate -m {tagger} -r {X} --test_file {conll}", "file below_file"),
    "export --calibration_file": ("export -m {tagger} -r {new} --calibration_file {X}", "missing binary"),
    "check --json": ("check {conll} --json {X}", "folder below_file proc"),
    "check --repair": ("check {conll} --repair {X}", "file below_file proc"),
    "audit": ("audit {X} -m {bert} -r {new}", "missing folder empty binary"),
    "audit -m": ("audit {conll} -m {X} -r {new}", "folder file binary"),
    "audit -r": ("audit {conll} -m {bert} -r {X}", "file below_file proc"),
    "audit --apply": ("audit {conll} --apply {X} -r {new}", "missing folder empty binary"),
    "report": ("report {X} -r {new}", "missing folder empty binary"),
    "report -r": ("report {predictions} -r {X}", "file below_file proc"),
    "compare": ("compare {predictions} {X}", "missing folder empty binary"),
    "average": ("average {tagger} {X} -r {new}", "missing folder file"),
    "average -r": ("average {tagger} {tagger} -r {X}", "file below_file proc"),
    "merge -m": ("merge -m {X} -r {new}", "missing folder file"),
}
"""What is wrong -> the command, and the kinds of places that are wrong there"""

WRONG_VALUES = {
    "--per_device_train_batch_size 0": TRAIN,
    "--per_device_train_batch_size -1": TRAIN,
    "--seed -1": TRAIN,
    "--learning_rate nan": TRAIN,
    "--learning_rate inf": TRAIN,
    "--num_train_epochs -1": TRAIN,
    "--report_to nowhere": TRAIN,
    "--metric_for_best_model beauty": TRAIN + " --validation_file {conll} --early_stopping_patience 2",
    "--max_seq_length 2": TRAIN,
    "--max_seq_length 0": TRAIN,
    "--doc_stride 100000": TRAIN,
    "--validation_split 2": TRAIN,
    "--optim unheard": TRAIN,
    "--lr_scheduler_type zigzag": TRAIN,
    "--text_column_name 7": TRAIN,
    "--label_column_name 7": TRAIN,
    "--decoder beam": PREDICT,
    "--trian_file x": TRAIN,
    "trainer.max_epochs=many": SPEC_TRAIN,
    "trainer.max_epochs=-1": SPEC_TRAIN,
    "training_ds.batch_size=0": SPEC_TRAIN,
    "model.optim.name=unheard": SPEC_TRAIN,
    "model.optim.lr=nan": SPEC_TRAIN,
    "model.head.activation=load": SPEC_TRAIN,
    "trainer.max_epoch=1": SPEC_TRAIN,
    "exp_manager.name=..": SPEC_TRAIN,
    "threshold=2": INFER,
    "output_format=docx": INFER,
    "backend=quantum": INFER,
    "words=none": INFER,
    "export_format=paper": "export -m {tagger} -r {new} test_file={conll}",
    "quantize=int3": "export -m {tagger} -r {new} test_file={conll}",
    "scheme=iob7": "dataset_convert source_data_dir={iob} target_data_dir={new}",
    "--align wide": "convert {conll} {new} --to jsonl",
    "--max_length 0": "dataset_convert --data_file {conll}",
    "-k k": SPEC_TRAIN,
}
"""The wrong value -> the command that it is added to"""


@pytest.fixture
def places(tmp_path: Path, bert_folder: Path, tagger_folder: Path) -> dict[str, Path]:
    """Right and wrong places by name."""
    inputs, wrong = tmp_path / "inputs", tmp_path / "wrong"
    for folder in (inputs / "iob", inputs / "data", wrong / "folder"):
        folder.mkdir(parents=True)
    for split in ("train", "dev"):
        write_sentences(inputs / "iob" / f"{split}.txt")
        words, tags = ("\n".join(rows) + "\n" for rows in zip(*SENTENCES, strict=True))
        (inputs / "data" / f"text_{split}.txt").write_text(words)
        (inputs / "data" / f"labels_{split}.txt").write_text(tags)
    (inputs / "predictions.conll").write_text("Anna\tB-PER\tO\n\n")
    (wrong / "file").write_text("precious\n")
    (wrong / "empty").write_text("")
    (wrong / "binary").write_bytes(bytes(range(256)) * 20)
    (wrong / "dangling").symlink_to(tmp_path / "nowhere" / "at" / "all")
    return {
        "conll": write_sentences(inputs / "eight.conll"),
        "iob": inputs / "iob",
        "data": inputs / "data",
        "predictions": inputs / "predictions.conll",
        "bert": bert_folder,
        "tagger": tagger_folder,
        "new": tmp_path / "new",
        **{name: wrong / name for name in ("missing", "folder", "file", "empty", "binary", "dangling")},
        "below_file": wrong / "file" / "below",
        "long": wrong / ("x" * 300),
        "proc": Path("/proc/token_classification"),
    }


def read_files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(line: str, places: dict[str, Path]) -> int:
    """Run a command line in this process; gives its exit code."""
    program, *argv = [word.format(**places) for word in line.split()]
    if program == "run_ner":
        return run_command(story.main, [*argv, "--use_cpu", "--disable_tqdm", "true"])
    return run_command(cli.run, [program, *argv])


def check_ending(code: int, error: str, named: str) -> None:
    """The call was refused in words that help."""
    assert code == 2, error
    assert "Traceback" not in error
    message = error[error.index("error: ") :]
    assert named in message
    assert NEXT_STEP.search(message), message


@pytest.mark.parametrize(
    ("line", "kind"), [(line, kind) for line, kinds in WRONG_PATHS.values() for kind in kinds.split()]
)
def test_a_wrong_path_is_named(line: str, kind: str, places: dict[str, Path], tmp_path: Path, capsys) -> None:
    before = read_files(tmp_path)
    code = run(line.replace("{X}", f"{{{kind}}}"), places)
    check_ending(code, capsys.readouterr().err, str(places[kind])[:200])
    after = read_files(tmp_path)
    assert {path: after.get(path) for path in before} == before


@pytest.mark.parametrize(("value", "line"), WRONG_VALUES.items())
def test_a_wrong_value_is_named(value: str, line: str, places: dict[str, Path], tmp_path: Path, capsys) -> None:
    before = read_files(tmp_path)
    code = run(f"{line} {value}", places)
    check_ending(code, capsys.readouterr().err, re.split(r"[ =]", value)[0].removeprefix("model."))
    after = read_files(tmp_path)
    assert {path: after.get(path) for path in before} == before
