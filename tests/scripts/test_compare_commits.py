"""Commits are compared by every file that the same commands leave; a difference that nobody expects is found."""

import json
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from conftest import ROOT
from walkthrough_stand_ins import RAW_FILES

import run_ner
from token_classification import cli
from token_classification.exit_codes import run_command

RUN_NER = """
import sys
from pathlib import Path
folder = Path(sys.argv[sys.argv.index("--output_dir") + 1])
folder.mkdir()
(folder / "all_results.json").write_text('{"eval_f1": 0.5, "train_runtime": %s}' % SECONDS)
(folder / "predictions.conll").write_text("Anna PREDICTED")
"""


@pytest.fixture
def script(monkeypatch) -> ModuleType:
    """The script as a module."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import compare_commits

    return compare_commits


@pytest.fixture
def data(tmp_path) -> Path:
    """Small corpora in the folders where the script looks for them; one without a training file."""
    for name, content in RAW_FILES.items():
        path = tmp_path / "data" / {".tsv": "germeval2014", ".conll": "wnut17"}[Path(name).suffix] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name != "train.tsv":
            path.write_bytes(content)
    return tmp_path / "data"


def git(folder: Path, *arguments: str) -> str:
    """Run git in a repository."""
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(script, tmp_path, monkeypatch) -> Path:
    """A repository whose commands write two small files; its tags: v1, v2 (only slower), v3 (other predictions)."""
    folder = tmp_path / "repository"
    (folder / "token_classification").mkdir(parents=True)
    (folder / "scripts").mkdir()
    (folder / "token_classification" / "__main__.py").write_text("")
    (folder / "scripts" / "germeval.sh").write_text('python -c "import token_classification" && echo O >labels.txt')
    git(folder, "init", "--quiet")
    for tag, seconds, predicted in (("v1", "1.0", "B-PER"), ("v2", "2.0", "B-PER"), ("v3", "1.0", "O")):
        (folder / "run_ner.py").write_text(RUN_NER.replace("SECONDS", seconds).replace("PREDICTED", predicted))
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", tag)
        git(folder, "tag", tag)
    monkeypatch.setattr(script, "ROOT", folder)
    return folder


def test_commits_that_differ_in_times_only_are_the_same(script, repository, data, capsys):
    assert script.main(["v1", "v2", "--data", str(data), "--model", "encoder", "--quick"]) == 0
    printed = capsys.readouterr().out
    assert "train.tsv: not there; training on test.tsv" in printed
    assert "wnut17-no/all_results.json     expected   timings" in printed
    assert "labels.txt                     identical" in printed
    assert "wnut17-no: eval_f1 0.5," in printed
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_other_predictions_are_found_and_results_that_are_there_are_used(script, repository, data, tmp_path, capsys):
    arguments = ["--data", str(data), "--model", "encoder", "--work", str(tmp_path / "work")]
    assert script.main(["v1", "v2", *arguments]) == 0
    capsys.readouterr()
    assert script.main(["v1", "v3", *arguments]) == 1
    printed = capsys.readouterr().out
    assert "v1: results of an earlier run" in printed
    assert "wnut17-auto/predictions.conll  DIFFERS    byte 5, line 1" in printed


def test_a_command_that_fails_is_named_and_leaves_no_worktree(script, repository, data, monkeypatch):
    monkeypatch.setattr(script, "COMMANDS", {"a step": "{python} {code}/absent.py"})
    with pytest.raises(RuntimeError, match=r"absent\.py\nended with exit code 2"):
        script.main(["v1", "v2", "--data", str(data), "--model", "encoder"])
    assert len(git(repository, "worktree", "list").splitlines()) == 1


@pytest.mark.parametrize("commits", [("v1", "v1"), ("v1", "unknown")])
def test_two_commits_are_needed(script, repository, data, commits):
    with pytest.raises((SystemExit, RuntimeError)):
        script.main([*commits, "--data", str(data), "--model", "encoder"])


PAGE = '<html>{words}<script type="application/json" id="data">{data}</script></html>'
JUDGED = [
    ("predictions.conll", "Anna B-PER", "Anna B-PER", "identical"),
    ("predictions.txt", "Anna B-PER", "Anna B-LOC", "DIFFERS"),
    ("model.safetensors", "weights", "weight", "DIFFERS"),
    ("training_args.bin", "old.module", "new.module", "expected"),
    ("eval_results.json", '{"f1": 1, "eval_runtime": 3}', '{"f1": 1, "eval_runtime": 4}', "expected"),
    ("eval_results.json", '{"f1": 0.5, "eval_runtime": 3}', '{"f1": 0.6, "eval_runtime": 4}', "DIFFERS"),
    ("run.json", '{"data_arguments": {}}', '{"data_arguments": {"new_flag": 1}}', "expected"),
    ("run.json", '{"data_arguments": {"flag": 1}}', '{"data_arguments": {}}', "DIFFERS"),
    ("run.json", '{"training_arguments": {"seed": 1}}', '{"training_arguments": {"seed": 2}}', "DIFFERS"),
    ("report.txt", "Scored in 3 s: F1 0.5", "F1 0.5, after 4 s", "expected"),
    ("report.txt", "F1 0.5", "F1 0.6", "DIFFERS"),
    ("report.txt", "F1 0.5", "F1 0.5 of 10", "DIFFERS"),
    ("nemo_log.txt", "[I 2026-11-26 06:39:20 walk:104] 5 in 3.1 s", "anything", "expected"),
    ("spec.yaml", "model: {dataset: {seed: 1}}", "model: {dataset: {seed: 1}, decoder: null}", "expected"),
    ("spec.yaml", "model: {dataset: {seed: 1}}", "model: {dataset: {seed: 2}}", "DIFFERS"),
    ("config.json", '{"layers": 2}', '{"layers": 2, "tag_window": 128}', "expected"),
    ("config.json", '{"layers": 2}', '{"layers": 3}', "DIFFERS"),
    ("report.html", PAGE.format(words="2 words", data="[1]"), PAGE.format(words="3", data="[1]"), "expected"),
    ("report.html", PAGE.format(words="", data="[1]"), PAGE.format(words="", data="[2]"), "DIFFERS"),
]


@pytest.mark.parametrize(("name", "old", "new", "status"), JUDGED)
def test_files_are_judged_by_what_they_hold(script, name, old, new, status, tmp_path):
    for side, text in (("old", old), ("new", new)):
        (tmp_path / side).mkdir()
        (tmp_path / side / name).write_text(text)
    [(found, judged, _)] = script.compare_folders(tmp_path / "old", tmp_path / "new")
    assert (found, judged) == (name, status)


def test_files_of_one_side_are_found_and_times_in_names_are_not_looked_at(script, tmp_path):
    for side, names in (("old", ["a_20261126-063920.png", "gone"]), ("new", ["a_20261126-070000.png"])):
        (tmp_path / side).mkdir()
        for name in names:
            (tmp_path / side / name).write_text("")
    rows = list(script.compare_folders(tmp_path / "old", tmp_path / "new"))
    assert rows == [("a_TIME.png", "identical", ""), ("gone", "DIFFERS", "not in NEW")]


def test_the_commands_run(script, data, bert_folder, tmp_path, monkeypatch):
    """Those of the walk-through run in their own tests; here it must know the settings that it is given."""
    script.write_inputs(data, tmp_path, None)
    monkeypatch.chdir(tmp_path)
    steps = script.list_steps(ROOT, tmp_path, bert_folder)
    walkthrough = steps.pop("germeval")
    for name, command in steps.items():
        main, arguments = (run_ner.main, command[2:]) if command[1].endswith(".py") else (cli.run, command[3:])
        assert run_command(main, arguments) == 0, name
    scored = {"wnut17-no", "wnut17-auto", "tao/evaluate"}
    assert scored == {path.parent.as_posix() for path in Path().rglob("predict_results.json")}
    assert json.loads(Path("tao/jsonl/predictions.jsonl").read_text().splitlines()[0])["text"]
    lines = next(Path(part) for part in walkthrough if part.endswith(".sh")).read_text(encoding="utf-8")
    settings = {part.partition("=")[0] for part in walkthrough if "=" in part} - {"PATH", "VIRTUAL_ENV"}
    assert settings
    assert all(name in lines for name in settings)
