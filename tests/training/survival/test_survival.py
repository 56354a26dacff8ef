"""A run that is interrupted again and again ends with the weights of one that was left alone."""

import random
import re
import signal
from functools import partial
from pathlib import Path

import pytest
import torch
from conftest import SENTENCES, configure_tiny_bert, write_sentences
from forked_runs import ForkedRun, name_ranks, run_script
from transformers import BertModel

KILLS = 2
LAST_LINE_BEFORE_KILL = 20
STEPS = (KILLS + 1) * LAST_LINE_BEFORE_KILL
"""More than the interruptions can let through"""
SETTINGS = f"""--do_train --do_eval --max_steps {STEPS} --per_device_train_batch_size 2 --learning_rate 1e-3
    --lr_scheduler_type constant --mixed_precision no --use_cpu --disable_tqdm true --logging_steps 1
    --resume_from_checkpoint auto --save_strategy steps --save_steps 3 --save_total_limit 2
    --eval_strategy steps --eval_steps 7 --report false"""
STOPPED = r"stopped by SIGTERM; \S+/checkpoint-(\d+) is saved\. To continue: .*--resume_from_checkpoint auto"

pytestmark = pytest.mark.slow


class Job:
    """A run of `run_ner.py` in one or two processes of its own, with dropout, so that random numbers matter."""

    def __init__(self, model: Path, file: Path, output: Path, processes: int = 1):
        files = f"--model_name_or_path {model} --train_file {file} --validation_file {file} --output_dir {output}"
        self.arguments = [*files.split(), *SETTINGS.split()]
        self.output, self.processes = output, processes

    def start(self) -> list[ForkedRun]:
        """Start, or go on."""
        call = partial(run_script, self.arguments)
        return [
            ForkedRun(call, self.output.parent / f"rank-{rank}", environment)
            for rank, environment in enumerate(name_ranks(self.processes))
        ]

    def finish(self) -> bytes:
        """Start or go on, and run to the end; gives the weights."""
        for run in self.start():
            code, problems = run.finish()
            assert code == 0, problems
        return (self.output / "model.safetensors").read_bytes()

    def find_last_checkpoint(self) -> str:
        """The step of the last checkpoint."""
        return str(max(int(path.name.split("-")[1]) for path in self.output.glob("checkpoint-*")))


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


def wait_for_line(run: ForkedRun, number: int) -> None:
    """Read the lines of the training's steps and evaluations, up to a given one."""
    for line in run.lines:
        number -= "'loss'" in line or "'eval_loss'" in line
        if number == 0:
            return
    pytest.fail(f"the run ended by itself: {run.finish()}")


def test_an_interrupted_run_ends_with_the_same_weights(model, file, undisturbed, tmp_path):
    numbers = random.Random(0)
    job = Job(model, file, tmp_path / "out")
    for _ in range(KILLS):
        [run] = job.start()
        wait_for_line(run, numbers.randint(1, LAST_LINE_BEFORE_KILL))
        run.process.kill()
        assert run.finish()[0] == -signal.SIGKILL
    [run] = job.start()
    wait_for_line(run, LAST_LINE_BEFORE_KILL)
    run.process.terminate()
    code, message = run.finish()
    assert code == 143
    assert re.match(STOPPED, message.splitlines()[-1])[1] == job.find_last_checkpoint()
    assert not (job.output / "train_results.json").exists()
    assert job.finish() == undisturbed


def test_of_two_processes_none_leaves_alone(model, file, tmp_path):
    undisturbed = Job(model, file, tmp_path / "undisturbed" / "out", processes=2).finish()
    job = Job(model, file, tmp_path / "out", processes=2)
    for told in ([0, 1], [1]):
        runs = job.start()
        wait_for_line(runs[0], LAST_LINE_BEFORE_KILL)
        for rank in told:
            runs[rank].process.terminate()
        for code, message in [run.finish() for run in runs]:
            assert code == 143, told
            # Each says how to go on.
            assert re.match(STOPPED, message.splitlines()[-1])[1] == job.find_last_checkpoint(), told
    assert job.finish() == undisturbed
