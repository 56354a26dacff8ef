"""An exported model needs neither torch nor transformers: they are not imported, and need not be there."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from conftest import ROOT, TEXT

from token_classification import Predictor
from token_classification.inference import exported_model

pytest.importorskip("openvino", reason='needs the extra "export"')

HEAVY = ("torch", "transformers", "datasets", "pandas", "pyarrow", "scipy", "accelerate", "huggingface_hub")
ASK = """
import json, sys
from token_classification import Predictor
predictor = Predictor.from_pretrained(sys.argv[1])
print(json.dumps([predictor(sys.argv[2]), predictor.tag(sys.argv[2])]))
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
FORMATS = ["openvino", "onnx"]


def run(python: str | Path, *arguments: object) -> str:
    done = subprocess.run([str(python), *map(str, arguments)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("export_format", FORMATS)
def test_a_text_is_answered_without_importing_them(export_format, convert_once):
    folder = convert_once(export_format)
    answer, modules = map(json.loads, run(sys.executable, "-c", ASK, folder, TEXT).splitlines())
    assert {"numpy", "tokenizers"} <= set(modules)
    assert set(modules) & set(HEAVY) == set()
    predictor = Predictor.from_pretrained(folder)
    assert answer == json.loads(json.dumps([predictor(TEXT), predictor.tag(TEXT)]))


@pytest.mark.parametrize("export_format", FORMATS)
def test_answers_are_the_same_where_transformers_reads_the_files(export_format, convert_once, monkeypatch, caplog):
    folder = convert_once(export_format)
    plain = Predictor.from_pretrained(folder)
    assert not caplog.records

    def refuse(folder: Path) -> None:
        raise exported_model.UnsureError("the files are unusual")

    monkeypatch.setattr(exported_model, "read_plain_tokenizer", refuse)
    slow = Predictor.from_pretrained(folder)
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert "the files are unusual, so transformers and torch are loaded" in record.getMessage()
    assert plain.tag(TEXT) == slow.tag(TEXT)
    assert type(slow.engine.aligner.tokenizer) is not type(plain.engine.aligner.tokenizer)


def list_pins() -> list[str]:
    """The packages of the serving image."""
    text = (ROOT / "requirements-serving.txt").read_text(encoding="utf-8")
    return re.findall(r"^([\w.-]+)==", text, re.MULTILINE)


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory) -> Path:
    """The Python of an environment with this package and what requirements-serving.txt lists, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    [site_packages] = folder.glob("lib/python*/site-packages")
    for package in list_pins():
        distribution = importlib.metadata.distribution(package)
        tops = {Path(file).parts[0] for file in distribution.files or () if ".." not in Path(file).parts}
        for top in tops - {"__pycache__"}:
            target = site_packages / top
            if not target.exists():
                os.symlink(distribution.locate_file(top), target)
    os.symlink(ROOT / "token_classification", site_packages / "token_classification")
    return folder / "bin" / "python"


SIGNAL_AFTER_TWO_MODELS = """
import gc, os, signal, sys
from token_classification import Predictor
signal.signal(signal.SIGUSR1, lambda *_: print("heard"))
first, second = (Predictor.from_pretrained(sys.argv[1]) for _ in range(2))
del first
gc.collect()
del second
gc.collect()
os.kill(os.getpid(), signal.SIGUSR1)
"""


@pytest.mark.parametrize("export_format", FORMATS)
def test_a_signal_after_two_models_have_gone_is_heard(export_format, convert_once):
    """Two cores of OpenVINO that go in the order in which they came leave a stack for signals that is unmapped."""
    command = [sys.executable, "-c", SIGNAL_AFTER_TWO_MODELS, convert_once(export_format)]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "heard\n"), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("export_format", FORMATS)
def test_commands_work_where_they_are_not_installed(export_format, convert_once, bare_python, tmp_path):
    folder = convert_once(export_format)
    for package in HEAVY:
        missing = f"import importlib.util; assert importlib.util.find_spec({package!r}) is None"
        run(bare_python, "-c", missing)
    answer, _ = map(json.loads, run(bare_python, "-c", ASK, folder, TEXT).splitlines())
    predictor = Predictor.from_pretrained(folder)
    assert answer == json.loads(json.dumps([predictor(TEXT), predictor.tag(TEXT)]))
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(json.dumps({"text": line}) + "\n" for line in TEXT.splitlines()))
    command = ["-m", "token_classification", "infer", "-m", folder, "--input_file", texts]
    run(bare_python, *command, "-r", tmp_path / "bare")
    run(sys.executable, *command, "-r", tmp_path / "full")
    run(bare_python, *command, "-r", tmp_path / "two", "--num_workers", 2)
    found = [(tmp_path / name / "predictions.jsonl").read_bytes() for name in ("bare", "full", "two")]
    assert found[0] == found[1] == found[2]
    redact = ["-m", "token_classification", "redact", "-m", folder, "Anna moved to Berlin."]
    assert run(bare_python, *redact) == run(sys.executable, *redact)
    assert ask_server(bare_python, folder, "Anna moved to Berlin.") == predictor("Anna moved to Berlin.")


def ask_server(python: Path, folder: Path, text: str) -> list[dict]:
    """What a server at a free port finds in a text."""
    command = [str(python), "-m", "token_classification", "serve", "-m", f"ner={folder}", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            lines = iter(process.stderr.readline, "")
            address = next(filter(None, (re.search(r"Serving ner at (http://\S+)", line) for line in lines)))[1]
            request = urllib.request.Request(f"{address}/v1/entities", json.dumps({"texts": [text]}).encode())
            request.add_header("Content-Type", "application/json")
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["results"][0]["entities"]
        finally:
            process.terminate()


@pytest.mark.slow
def test_what_needs_them_says_so(bare_python, model):
    done = subprocess.run(
        [str(bare_python), "-m", "token_classification", "infer", "-m", model, "Anna"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 2
    assert re.search(r"error: torch is not installed; .*pip install \.$", done.stderr.strip())
