"""A run that is killed again and again ends with the weights of one that was left alone."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch
from conftest import ROOT, SENTENCES, configure_tiny_bert, write_sentences
from transformers import BertModel

KILLS = 3
LAST_LINE_BEFORE_KILL = 30
STEPS = KILLS * LAST_LINE_BEFORE_KILL
"""More than the kills can let through"""
SETTINGS = f"""--do_train --do_eval --max_steps {STEPS} --per_device_train_batch_size 2 --learning_rate 1e-3
    --lr_scheduler_type constant --mixed_precision no --use_cpu --disable_tqdm true --logging_steps 1
    --resume_from_checkpoint auto --save_strategy steps --save_steps 3 --save_total_limit 2
    --eval_strategy steps --eval_steps 7"""
LAUNCHER = "-m torch.distributed.run --standalone --nproc_per_node {}"

pytestmark = pytest.mark.slow


class Job:
    """A run of `run_ner.py` in one or two processes of its own, with dropout, so that random numbers matter."""

    def __init__(self, model: Path, file: Path, output: Path, processes: int = 1):
        files = f"--model_name_or_path {model} --train_file {file} --validation_file {file} --output_dir {output}"
        launcher = [] if processes == 1 else LAUNCHER.format(processes).split()
        self.command = [sys.executable, *launcher, str(ROOT / "run_ner.py"), *files.split(), *SETTINGS.split()]
        self.output = output

    def start(self) -> subprocess.Popen:
        """Start, or go on."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )

    def finish(self) -> bytes:
        """Start or go on, and run to the end; gives the weights."""
        process = self.start()
        _, problems = process.communicate()
        assert process.returncode == 0, problems
        return (self.output / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def model(tmp_path_factory, wordpiece) -> Path:
    """A tiny encoder with dropout."""
    folder = tmp_path_factory.mktemp("tiny-bert-with-dropout")
    torch.manual_seed(0)
    BertModel(configure_tiny_bert(wordpiece)).save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """Sentences enough for several epochs of many steps."""
    return write_sentences(tmp_path_factory.mktemp("data") / "train.conll", SENTENCES * 5)


@pytest.fixture(scope="module")
def undisturbed(model, file, tmp_path_factory) -> bytes:
    """The weights of the run that was left alone."""
    return Job(model, file, tmp_path_factory.mktemp("undisturbed") / "out").finish()


def wait_for_line(process: subprocess.Popen, number: int) -> None:
    """Read the lines of the training's steps and evaluations, up to a given one."""
    for line in process.stdout:
        number -= "'loss'" in line or "'eval_loss'" in line
        if number == 0:
            return
    pytest.fail(f"the run ended by itself: {process.stderr.read()}")


def test_a_killed_run_ends_with_the_same_weights(model, file, undisturbed, tmp_path):
    numbers = random.Random(0)
    job = Job(model, file, tmp_path / "out")
    for _ in range(KILLS):
        process = job.start()
        wait_for_line(process, numbers.randint(1, LAST_LINE_BEFORE_KILL))
        process.kill()
        process.communicate()
    assert not (job.output / "train_results.json").exists()
    assert job.finish() == undisturbed


def test_sigterm_saves_says_how_to_go_on_and_ends_with_143(model, file, undisturbed, tmp_path):
    job = Job(model, file, tmp_path / "out")
    process = job.start()
    wait_for_line(process, 26)
    process.terminate()
    _, message = process.communicate()
    assert process.returncode == 143
    last = message.splitlines()[-1]
    step = int(re.match(r"stopped by SIGTERM; .*/checkpoint-(\d+) is saved\. To go on: ", last)[1])
    assert "--resume_from_checkpoint auto" in last
    assert step == max(int(path.name.split("-")[1]) for path in job.output.glob("checkpoint-*"))
    assert job.finish() == undisturbed


def test_of_two_processes_none_leaves_alone(model, file, tmp_path):
    undisturbed = Job(model, file, tmp_path / "undisturbed", processes=2).finish()
    job = Job(model, file, tmp_path / "out", processes=2)
    for told in ("the launcher", "one process"):
        process = job.start()
        wait_for_line(process, 20)
        workers = psutil.Process(process.pid).children()
        assert len(workers) == 2
        (process if told == "the launcher" else workers[1]).terminate()
        _, message = process.communicate()
        # The launcher's code; each of the two says how to go on, possibly both in one line.
        assert process.returncode == 1
        stopped = re.findall(r"stopped by SIGTERM; \S+/checkpoint-(\d+) is saved\. To go on: ", message)
        last = max(int(path.name.split("-")[1]) for path in job.output.glob("checkpoint-*"))
        assert stopped == [str(last)] * 2, told
    assert job.finish() == undisturbed
