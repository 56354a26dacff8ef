"""Several processes, on one machine or two: the loss curve, weights and scores of one; only the first one writes.

The commands are those of docs/scaling.md, run as they stand there.
"""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
import torch
import yaml
from accelerate.commands.config.config_args import load_config_from_file
from conftest import ROOT, SENTENCES, write_sentences
from forked_runs import ForkedRun, name_ranks, run_script
from hub_stand_in import serve_hub
from safetensors.torch import load_file
from torch.distributed import init_device_mesh
from torch.distributed.fsdp import fully_shard
from trainers import make_trainer

from token_classification.arguments.training import NerTrainingArguments
from token_classification.errors import UserError

pytestmark = pytest.mark.slow

TOLERANCE = 1e-4
"""Relative difference of losses and weights: processes add float32 numbers in another order."""

WRITES_LOG = """
import os, sys
log = os.environ.get("WRITES_LOG")
def note(event, arguments):
    # Files are written under another name and moved into place.
    if event == "os.rename":
        path = arguments[1]
    elif event == "open" and isinstance(arguments[0], str) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        path = arguments[0]
    else:
        return
    if path != log:
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{os.environ['RANK']} {os.path.abspath(os.fsdecode(path))}\\n".encode())
        os.close(descriptor)
if log and "RANK" in os.environ:
    sys.addaudithook(note)
"""
"""A sitecustomize.py: each process of a launched group notes which files it opens for writing."""


def read_commands() -> list[list[str]]:
    """The commands of docs/scaling.md that train, one per line of its code blocks."""
    blocks = re.findall(r"^```\n(.*?)^```$", (ROOT / "docs" / "scaling.md").read_text(), re.MULTILINE | re.DOTALL)
    commands = [shlex.split(line) for block in blocks for line in block.splitlines()]
    return [command for command in commands if "run_ner.py" in command]


def find_free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(command: list[str], folder: Path, **environment: str) -> subprocess.Popen:
    """Start a command in `folder`; the programs are those of this Python."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    python_path = os.pathsep.join([str(folder), str(ROOT)])
    environment = os.environ | {"PATH": path, "PYTHONPATH": python_path, "OMP_NUM_THREADS": "1"} | environment
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(list(map(str, command)), cwd=folder, env=environment, **pipes)


def finish(process: subprocess.Popen) -> str:
    """Wait for a command, which has to succeed; gives what it printed."""
    try:
        output, errors = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, errors
    return output


@pytest.fixture(scope="module")
def workplace(tmp_path_factory, bert_folder) -> Path:
    """A folder that the commands run in. Of 19 sentences, the last batch of 8 leaves the second process none."""
    folder = tmp_path_factory.mktemp("scaling")
    file = write_sentences(folder / "sentences.conll", [*SENTENCES, *SENTENCES, *SENTENCES[:3]])
    flags = {
        "model_name_or_path": str(bert_folder),
        **dict.fromkeys(("train_file", "validation_file", "test_file"), str(file)),
        **dict.fromkeys(("do_train", "do_eval", "do_predict", "use_cpu", "disable_tqdm"), True),
        "num_train_epochs": 2,
        "learning_rate": 1e-3,
        "logging_steps": 1,
        "mixed_precision": "no",
    }
    (folder / "train.yaml").write_text(yaml.safe_dump(flags))
    (folder / "run_ner.py").symlink_to(ROOT / "run_ner.py")
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "sitecustomize.py").write_text(WRITES_LOG)
    return folder


@pytest.fixture(scope="module")
def one(workplace) -> Path:
    """The output folder of one process."""
    program, script, *arguments = read_commands()[0]
    assert (program, script) == ("python", "run_ner.py")
    code, problems = ForkedRun(partial(run_script, arguments), workplace).finish()
    assert code == 0, problems
    return workplace / "one"


@pytest.fixture(scope="module")
def two(workplace) -> Path:
    """That of two processes under torchrun, whose streams are in `streams/{rank}/` beside it."""
    torchrun, *arguments = read_commands()[1]
    separate = ["--redirects", "3", "--log-dir", workplace / "logs"]
    finish(start([torchrun, *separate, *arguments], workplace, WRITES_LOG=str(workplace / "writes.txt")))
    [streams] = (workplace / "logs").glob("*/attempt_0")
    streams.rename(workplace / "streams")
    return workplace / "two"


@pytest.fixture(scope="module")
def launched(workplace) -> Path:
    """That of two processes under accelerate, which write no log line before the end."""
    finish(start([*read_commands()[2], "--logging_steps", "500", "--report", "false"], workplace))
    return workplace / "launched"


@pytest.fixture(scope="module")
def nodes(workplace) -> tuple[Path, list[str]]:
    """That of two torchrun groups which find each other on a port, and what each printed."""
    port = str(find_free_port())
    commands = [
        [*(part.replace("29400", port) for part in command), "--report", "false"] for command in read_commands()[3:]
    ]
    processes = [start(command, workplace) for command in commands]
    return workplace / "nodes", [finish(process) for process in processes]


def read_losses(folder: Path) -> list[float]:
    """The loss of each logged step."""
    history = json.loads((folder / "trainer_state.json").read_text())["log_history"]
    return [entry["loss"] for entry in history if "loss" in entry]


def assert_results_agree(folder: Path, other: Path) -> None:
    """The results but for times: losses nearly, all else exactly; predictions byte by byte."""
    mine, theirs = (json.loads((place / "all_results.json").read_text()) for place in (folder, other))
    assert mine.keys() == theirs.keys()
    for name, value in theirs.items():
        if name.endswith("loss"):
            assert mine[name] == pytest.approx(value, rel=TOLERANCE), name
        elif not name.endswith(("_runtime", "_per_second")):
            assert mine[name] == value, name
    for name in ("predictions.conll", "predictions.txt"):
        assert (folder / name).read_bytes() == (other / name).read_bytes()


def assert_weights_agree(folder: Path, other: Path) -> None:
    """Adam turns a rounding error of a gradient near zero into a part of a step: hence the absolute tolerance."""
    mine, theirs = (load_file(place / "model.safetensors") for place in (folder, other))
    assert mine.keys() == theirs.keys()
    for name, weight in theirs.items():
        assert torch.allclose(mine[name], weight, rtol=TOLERANCE, atol=1e-5), name


def test_two_processes_learn_as_one(one, two):
    losses = read_losses(one)
    assert len(losses) == 6
    assert losses[-1] < losses[0]
    assert read_losses(two) == pytest.approx(losses, rel=TOLERANCE)
    assert_weights_agree(two, one)
    assert_results_agree(two, one)


def test_accelerate_launch_learns_as_one(one, launched):
    assert read_losses(launched) == []
    assert_weights_agree(launched, one)
    # The mean loss of the training too, though nothing was averaged at a log line.
    assert_results_agree(launched, one)


def test_two_nodes_learn_as_two_processes(two, nodes):
    folder, printed = nodes
    assert read_losses(folder) == pytest.approx(read_losses(two), rel=TOLERANCE)
    assert_weights_agree(folder, two)
    assert_results_agree(folder, two)
    assert [text.count("\ntest: 19 sentences") for text in printed] in ([1, 0], [0, 1])


def test_only_the_first_process_writes(workplace, two):
    written = Counter()
    for line in (workplace / "writes.txt").read_text().splitlines():
        rank, path = line.split(" ", 1)
        if Path(path).is_relative_to(two):
            written[rank, str(Path(path).relative_to(two))] += 1
    assert {rank for rank, _ in written} == {"0"}
    names = ("run.json", "README.md", "predictions.conll", "predictions.txt", "predict_results.json")
    for name in (*names, "report/report.html", "report/validation/report.html", "report/training_curve.png"):
        assert written["0", name] == 1, name


def test_the_run_record_and_the_card_say_what_was_run(one, two):
    records = [json.loads((folder / "run.json").read_text()) for folder in (one, two)]
    for name in ("data", "data_arguments", "model_arguments", "labels", "seed", "versions"):
        assert records[0][name] == records[1][name], name
    cards = [(folder / "README.md").read_text() for folder in (one, two)]
    expected = cards[0].replace(", on CPU", ", on 2 processes, each on CPU").replace("one", "two")
    assert re.sub(r"(batch_size) 8", r"\1 4", expected) == cards[1].replace("one", "two")


def test_only_the_first_process_speaks(workplace, two):
    first, second = ((workplace / "streams" / str(rank) / "stdout.log").read_text() for rank in (0, 1))
    assert first.count("\nvalidation: 19 sentences") == first.count("\ntest: 19 sentences") == 1
    assert first.count("story - train: 19 sentences") == 1
    assert [line for line in second.splitlines() if "WARNING" not in line] == []


def test_two_processes_download_once(bert_folder, tmp_path):
    rows = [{"tokens": words.split(), "ner_tags": tags.split()} for words, tags in SENTENCES]
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    datasets = {"me/ner": {"main": {"train.jsonl": lines, "validation.jsonl": lines}}}
    model = {path.name: path.read_bytes() for path in bert_folder.iterdir()}
    arguments = ["--dataset_name", "me/ner", "--model_name_or_path", "me/bert", "--do_train", "--max_steps", "1"]
    command = ["torchrun", "--standalone", "--nproc_per_node", "2", ROOT / "run_ner.py", *arguments]
    with serve_hub(datasets, {"me/bert": {"main": model}}) as hub:
        environment = {"HF_ENDPOINT": hub.endpoint, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "hf")}
        finish(start([*command, "--output_dir", "model", "--use_cpu"], tmp_path, **environment))
    downloads = Counter(request for request in hub.requests if request.startswith("GET") and "/resolve/" in request)
    assert {request: count for request, count in downloads.items() if count > 1} == {}
    for name in ("train.jsonl", "model.safetensors"):
        assert any(request.endswith(f"/{name}") for request in downloads), name


def evaluate_sharded(model: Path, folder: Path) -> int:
    """Evaluate a model, shard it over two processes as accelerate does on GPUs, and evaluate it again."""
    trainer = make_trainer(model, folder, mixed_precision="no", use_cpu=True, per_device_eval_batch_size=1)
    whole = trainer.evaluate()
    mesh = init_device_mesh("cpu", (2,))
    for module in (*trainer.model.bert.encoder.layer, trainer.model):
        fully_shard(module, mesh=mesh)
    trainer.is_fsdp_enabled = True
    sharded = trainer.evaluate()
    (folder / f"sharded-{trainer.args.process_index}.json").write_text(json.dumps([whole, sharded]))
    return 0


def test_a_sharded_model_is_evaluated_as_a_whole_one(bert_folder, tmp_path):
    evaluate = partial(evaluate_sharded, bert_folder, tmp_path)
    runs = [ForkedRun(evaluate, tmp_path / f"rank-{rank}", place) for rank, place in enumerate(name_ranks(2))]
    assert [(code, problems) for code, problems in (run.finish() for run in runs) if code != 0] == []
    for rank in (0, 1):
        whole, sharded = json.loads((tmp_path / f"sharded-{rank}.json").read_text())
        assert sharded["eval_loss"] == pytest.approx(whole["eval_loss"], rel=TOLERANCE)
        for name in ("eval_f1", "eval_accuracy", "eval_words", "eval_samples"):
            assert sharded[name] == whole[name], name


def test_fsdp_on_the_cpu_is_refused(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"FSDP needs GPUs.*two_cpus\.yaml"):
        NerTrainingArguments(output_dir=str(tmp_path), use_cpu=True, fsdp="full_shard")
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(UserError, match="FSDP needs GPUs"):
        NerTrainingArguments(output_dir=str(tmp_path), use_cpu=True)


def test_deepspeed_learns_as_one_and_goes_on(workplace, one):
    pytest.importorskip("deepspeed")
    example = ROOT / "examples" / "accelerate" / "deepspeed_zero2.yaml"
    command = shlex.split(re.search(r"accelerate launch .*", example.read_text()).group())
    command += ["--per_device_train_batch_size", "4", "--save_strategy", "steps", "--save_steps", "4"]
    checkpoint = workplace / "deepspeed" / "checkpoint-4"
    for output, settings in (("deepspeed", []), ("continued", ["--resume_from_checkpoint", checkpoint])):
        finish(start([*command, *settings, "--output_dir", output], workplace, DS_ACCELERATOR="cpu"))
        assert read_losses(workplace / output) == pytest.approx(read_losses(one), rel=TOLERANCE)
        assert_weights_agree(workplace / output, one)
    assert_results_agree(workplace / "deepspeed", one)


def test_deepspeed_without_its_package_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("token_classification.arguments.training.is_deepspeed_available", lambda: False)
    with pytest.raises(UserError, match="pip install deepspeed"):
        NerTrainingArguments(output_dir=str(tmp_path), deepspeed="examples/accelerate/deepspeed_zero2.json")


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "accelerate").glob("*.yaml")), ids=lambda path: path.stem)
def test_examples_are_valid_and_open_with_their_command(path):
    config = load_config_from_file(str(path))
    assert config.num_processes == 2
    command = f"#   accelerate launch --config_file {path.relative_to(ROOT)} run_ner.py train.yaml"
    assert any(line.startswith(command) for line in path.read_text().splitlines()[:4])
    if path.stem.startswith("deepspeed"):
        settings = json.loads((ROOT / config.deepspeed_config["deepspeed_config_file"]).read_text())
        assert settings["zero_optimization"]["stage"] == 2
        # What run_ner.py's flags decide is left to them.
        assert {settings[name] for name in ("train_batch_size", "gradient_clipping")} == {"auto"}
