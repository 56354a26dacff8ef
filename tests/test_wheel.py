"""The wheel, installed beside only those libraries that it asks for, in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from conftest import ROOT, write_sentences

pytestmark = pytest.mark.slow

SITE = Path(sysconfig.get_path("purelib"))
"""Where the pinned libraries are installed that these tests run with"""
FINE_TUNE = """
import sys
from token_classification import fine_tune
run = fine_tune(sys.argv[1], train="train.conll", test="test.conll", output_dir="model", max_steps=1, use_cpu=True)
assert run.scores["test"]["words"] > 0
assert run.predictor.tag("Anna")
"""
NEEDS_TAO = {
    "dataset_convert": ["source_data_dir=iob", "target_data_dir=data"],
    "train": ["-e", "specs/train.yaml", "-r", "results"],
    "finetune": ["-e", "specs/finetune.yaml", "-r", "results", "-m", "model"],
    "evaluate": ["-e", "specs/evaluate.yaml", "-r", "results", "-m", "model"],
}


def find_requirements(requirements: list[str], found: set[str]) -> set[str]:
    """Find the distributions that requirements name, and what those need in turn, without extras."""
    for requirement in requirements:
        specifier, _, condition = requirement.partition(";")
        name = re.match(r"[\w.-]+", specifier)[0]
        if name in found or "extra" in condition:
            continue
        try:
            needed = distribution(name).requires
        except PackageNotFoundError:
            continue  # for another system, or for another version of Python
        found.add(name)
        find_requirements(needed or [], found)
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy so that nothing is left in the checkout."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE", "run_ner.py"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "token_classification", source / "token_classification")
    command = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", source / "dist", source]
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *map(str, command)], check=True)
    [built] = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def make_environment(wheel, tmp_path_factory):
    """Function: make an environment with the wheel and what it and some extras require, and return its programs."""

    def make(*extras: str) -> Path:
        folder = tmp_path_factory.mktemp("environment")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        python = folder / "bin" / "python"
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        optional = project["optional-dependencies"]
        wanted = [*project["dependencies"], *(name for extra in extras for name in optional[extra])]
        site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
        for package in find_requirements(wanted, set()):
            for name in {file.parts[0] for file in distribution(package).files or []} - {"..", "__pycache__"}:
                if not (site / name).exists():
                    (site / name).symlink_to(SITE / name)
        install = ["--python", python, "install", "--quiet", "--no-deps", wheel]
        subprocess.run([sys.executable, "-m", "pip", *map(str, install)], check=True)
        return folder / "bin"

    return make


@pytest.fixture(scope="module")
def without_extras(make_environment) -> Path:
    """The programs of an environment that has no extra."""
    return make_environment()


def run(programs: Path, folder: Path, *words: str | Path, code: int = 0) -> str:
    """Run a program of an environment in a folder; return what it printed."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ}
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"} | kept
    command = [str(programs / words[0]), *map(str, words[1:])]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_the_wheel_holds_what_is_no_python(wheel):
    files = [path for path in (ROOT / "token_classification").rglob("*") if path.is_file()]
    others = {path.relative_to(ROOT).as_posix() for path in files if path.suffix not in (".py", ".pyc")}
    assert "token_classification/serving/page/serve.html" in others
    with zipfile.ZipFile(wheel) as archive:
        assert others - set(archive.namelist()) == set()


def test_without_extras_a_model_is_trained_and_applied(without_extras, bert_folder, tmp_path):
    for name in ("train.conll", "test.conll"):
        write_sentences(tmp_path / name)
    run(without_extras, tmp_path, "python", "-c", FINE_TUNE, bert_folder)
    assert "Anna" in run(without_extras, tmp_path, "token_classification", "infer", "-m", "model", "Anna left.")
    run(without_extras, tmp_path, "token_classification", "report", "model/predictions.conll", "-r", "again")
    assert (tmp_path / "again" / "report.html").exists()


def test_without_extras_help_specs_and_checks_work(without_extras, tmp_path):
    assert "--model_name_or_path" in run(without_extras, tmp_path, "run_ner", "--help")
    run(without_extras, tmp_path, "token_classification", "download_specs", "-o", "specs")
    assert (tmp_path / "specs" / "train.yaml").exists()
    write_sentences(tmp_path / "train.conll")
    assert "0 errors" in run(without_extras, tmp_path, "token_classification", "check", "train.conll")


@pytest.mark.parametrize("command", NEEDS_TAO)
def test_a_command_says_which_extra_it_needs(command, without_extras, tmp_path):
    output = run(without_extras, tmp_path, "token_classification", command, *NEEDS_TAO[command], code=2)
    assert output.startswith("error: omegaconf is not installed")
    assert 'pip install ".[tao]"' in output
    assert output.count("\n") == 1


def test_with_its_extra_the_tao_dialect_trains_and_tags(make_environment, bert_folder, tmp_path):
    programs = make_environment("tao")
    (tmp_path / "iob").mkdir()
    for name in ("train.txt", "dev.txt"):
        write_sentences(tmp_path / "iob" / name)
    start = (programs, tmp_path, "token_classification")
    run(*start, "download_specs", "-o", "specs")
    run(*start, "dataset_convert", "source_data_dir=iob", "target_data_dir=data")
    encoder = f"model.language_model.pretrained_model_name={bert_folder}"
    run(*start, "train", "-e", "specs/train.yaml", "-r", "results", "data_dir=data", encoder, "trainer.max_epochs=1")
    model = "results/checkpoints/trained-model"
    tagged = run(*start, "infer", "-e", "specs/infer.yaml", "-r", "tagged", "-m", model)
    assert "Result:" in tagged
