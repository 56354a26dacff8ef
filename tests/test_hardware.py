"""What the machine does fast is found, and can be overruled."""

import os
import platform
import subprocess
import sys

import pytest
import torch
from trainers import make_trainer

from token_classification import hardware
from token_classification.arguments import training as training_arguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.errors import UserError
from token_classification.training.trial import leaving_no_trace

STEADY = False, "none", "none"
"""What `read_kernels` gives while a model is run"""
LAUNCHED = "ACCELERATE_MIXED_PRECISION"
"""Where `accelerate launch` leaves the precision that it was told"""


def make_arguments(tmp_path, monkeypatch, has_bf16: bool, **settings) -> NerTrainingArguments:
    """Training arguments on a CPU with or without bf16 units."""
    monkeypatch.setattr(training_arguments, "multiplies_bf16", lambda on_cpu: has_bf16)
    return NerTrainingArguments(output_dir=str(tmp_path), **settings)


@pytest.mark.parametrize(("has_bf16", "chosen"), [(True, "bf16"), (False, "no")])
def test_auto_takes_bf16_where_the_hardware_has_it(tmp_path, monkeypatch, has_bf16, chosen):
    training = make_arguments(tmp_path, monkeypatch, has_bf16)
    assert training.mixed_precision == chosen
    assert training.bf16 is has_bf16


def test_a_run_on_the_cpu_does_not_ask_what_a_gpu_can_do(tmp_path, monkeypatch):
    monkeypatch.setattr(training_arguments, "has_accelerator", lambda: True)
    monkeypatch.setattr(training_arguments, "multiplies_bf16", lambda on_cpu: not on_cpu)
    training = NerTrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    assert training.mixed_precision == "no"
    assert not training.dataloader_pin_memory


def test_bf16_units_are_those_of_the_gpu_or_of_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    assert hardware.multiplies_bf16()
    assert not hardware.multiplies_bf16(on_cpu=True)


def test_precision_can_be_named(tmp_path, monkeypatch):
    assert not make_arguments(tmp_path, monkeypatch, True, mixed_precision="no").bf16
    assert make_arguments(tmp_path, monkeypatch, False, mixed_precision="bf16").bf16
    assert make_arguments(tmp_path, monkeypatch, False, bf16=True).bf16


@pytest.mark.parametrize("launched", ["no", "bf16", "fp16"])
@pytest.mark.parametrize("named", ["no", "bf16"])
def test_what_is_named_wins_over_accelerate_launch(tmp_path, monkeypatch, launched, named):
    monkeypatch.setenv(LAUNCHED, launched)
    training = make_arguments(tmp_path, monkeypatch, True, mixed_precision=named)
    assert (training.mixed_precision, training.bf16, training.fp16) == (named, named == "bf16", False)
    assert os.environ[LAUNCHED] == launched


def test_auto_takes_what_accelerate_launch_was_told(tmp_path, monkeypatch):
    monkeypatch.setenv(LAUNCHED, "bf16")
    assert make_arguments(tmp_path, monkeypatch, False).bf16
    # `accelerate launch` says `no` where it was told nothing.
    monkeypatch.setenv(LAUNCHED, "no")
    assert make_arguments(tmp_path, monkeypatch, True).bf16
    monkeypatch.setenv(LAUNCHED, "fp8")
    with pytest.raises(UserError, match="fp8: accepted are no, bf16 and fp16"):
        make_arguments(tmp_path, monkeypatch, True)


def test_the_training_computes_in_the_precision_that_is_named(bert_folder, tmp_path, monkeypatch):
    monkeypatch.setenv(LAUNCHED, "bf16")
    trainer = make_trainer(bert_folder, tmp_path, mixed_precision="no", report_to="none")
    assert trainer.accelerator.mixed_precision == "no"


LAUNCHED_SCRIPT = """
import sys
from token_classification.arguments.training import NerTrainingArguments
from transformers import Trainer
from torch import nn
training = NerTrainingArguments(output_dir=sys.argv[1], mixed_precision="no", report_to="none")
print(training.mixed_precision, Trainer(nn.Linear(1, 1), training).accelerator.mixed_precision)
"""


@pytest.mark.slow
def test_no_survives_accelerate_launch(tmp_path):
    script = tmp_path / "launched.py"
    script.write_text(LAUNCHED_SCRIPT)
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "1"]
    command = [*launch, "--mixed_precision", "bf16", str(script), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["no", "no"]


def test_contradictions_are_refused(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="give only one of them"):
        make_arguments(tmp_path, monkeypatch, True, mixed_precision="no", bf16=True)


@pytest.mark.skipif(torch.accelerator.is_available(), reason="there is an accelerator")
def test_without_an_accelerator_the_cpu_is_used_and_fp16_refused(tmp_path, monkeypatch):
    assert make_arguments(tmp_path, monkeypatch, True).use_cpu
    with pytest.raises(UserError, match="--fp16 needs a GPU"):
        make_arguments(tmp_path, monkeypatch, True, mixed_precision="fp16")


def test_freed_memory_is_kept_where_there_is_glibc():
    assert hardware.keep_freed_memory() is (platform.libc_ver()[0] == "glibc")


def test_the_hardware_is_named_with_its_processes():
    name = hardware.describe_hardware(torch.device("cpu"), 1)
    assert name.startswith("CPU (")
    assert hardware.describe_hardware(torch.device("cpu"), 2) == f"2 processes, each on {name}"


@pytest.mark.parametrize(("before", "inside"), [(None, "100"), ("7", "7")])
def test_the_kernel_cache_has_a_limit_meanwhile_and_the_users_own_wins(monkeypatch, before, inside):
    monkeypatch.setenv(hardware.KERNEL_CACHE, before or "")
    if before is None:
        monkeypatch.delenv(hardware.KERNEL_CACHE)
    with hardware.limited_kernel_cache():
        assert os.environ[hardware.KERNEL_CACHE] == inside
    assert os.environ.get(hardware.KERNEL_CACHE) == before


def read_kernels() -> tuple[bool, str, str]:
    """What torch may take cuDNN for: attention, and TF32 in convolutions and in recurrent layers."""
    backends = torch.backends
    return backends.cuda.cudnn_sdp_enabled(), backends.cudnn.conv.fp32_precision, backends.cudnn.rnn.fp32_precision


def test_kernels_are_chosen_as_long_as_anyone_needs_them():
    before = read_kernels()
    assert before == (True, "tf32", "tf32")
    first, second = hardware.steady_kernels(), hardware.steady_kernels()
    first.__enter__()
    assert read_kernels() == STEADY
    second.__enter__()
    first.__exit__(None, None, None)
    assert read_kernels() == STEADY
    second.__exit__(None, None, None)
    assert read_kernels() == before


def test_kernels_are_put_back_after_an_error():
    before = read_kernels()
    with pytest.raises(ValueError, match="broken"), hardware.steady_kernels():
        raise ValueError("broken")
    assert read_kernels() == before


def test_tf32_that_was_asked_for_stays(monkeypatch):
    monkeypatch.setattr(torch.backends, "fp32_precision", "tf32")
    before = read_kernels()
    with hardware.steady_kernels():
        assert read_kernels() == (False, *before[1:])
    assert read_kernels() == before


def test_models_are_tried_trained_and_run_with_these_kernels(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, mixed_precision="bf16", max_steps=1, report_to="none")
    seen = {}
    trainer.model.bert.register_forward_hook(
        lambda module, inputs, output: seen.setdefault(module.training, set()).add(read_kernels())
    )
    trainer.train()
    trainer.evaluate()
    assert seen == {True: {STEADY}, False: {STEADY}}
    with leaving_no_trace(trainer.model):
        assert read_kernels() == STEADY


COUNT = """
import sys
from token_classification import hardware
{before}
counted = hardware.count_threads()
assert "torch" not in sys.modules
import torch
print(counted, torch.get_num_threads(), hardware.count_threads())
"""


@pytest.mark.parametrize("told", [None, "1", "3", "2,1", "many"])
@pytest.mark.parametrize("limit", [None, 1])
def test_threads_are_counted_without_torch_as_torch_counts_them(told, limit):
    before = "" if limit is None else f"hardware.limit_threads({limit})"
    environment = {name: value for name, value in os.environ.items() if name != hardware.THREADS_VARIABLE}
    environment |= {} if told is None else {hardware.THREADS_VARIABLE: told}
    command = [sys.executable, "-c", COUNT.format(before=before)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    first, *others = map(int, done.stdout.split())
    assert others == [first, first]
    assert limit is None or first == limit


def test_a_limit_holds_where_torch_is_loaded_already(monkeypatch):
    monkeypatch.setenv(hardware.THREADS_VARIABLE, "7")
    before = torch.get_num_threads()
    try:
        hardware.limit_threads(1)
        assert torch.get_num_threads() == hardware.count_threads() == 1
        assert os.environ[hardware.THREADS_VARIABLE] == "1"
    finally:
        torch.set_num_threads(before)
