"""What the machine does fast is found, and can be overruled."""

import os
import platform

import pytest
import torch

from token_classification import arguments, hardware
from token_classification.arguments import NerTrainingArguments
from token_classification.errors import UserError


def make_arguments(tmp_path, monkeypatch, has_bf16: bool, **settings) -> NerTrainingArguments:
    """Training arguments on a CPU with or without bf16 units."""
    monkeypatch.setattr(arguments, "multiplies_bf16", lambda: has_bf16)
    return NerTrainingArguments(output_dir=str(tmp_path), **settings)


@pytest.mark.parametrize(("has_bf16", "chosen"), [(True, "bf16"), (False, "no")])
def test_auto_takes_bf16_where_the_hardware_has_it(tmp_path, monkeypatch, has_bf16, chosen):
    training = make_arguments(tmp_path, monkeypatch, has_bf16)
    assert training.mixed_precision == chosen
    assert training.bf16 is has_bf16


def test_precision_can_be_named(tmp_path, monkeypatch):
    assert not make_arguments(tmp_path, monkeypatch, True, mixed_precision="no").bf16
    assert make_arguments(tmp_path, monkeypatch, False, mixed_precision="bf16").bf16
    assert make_arguments(tmp_path, monkeypatch, False, bf16=True).bf16


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


@pytest.mark.parametrize(("before", "after"), [(None, "100"), ("7", "7")])
def test_the_kernel_cache_has_a_limit_and_the_users_own_wins(monkeypatch, before, after):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.setenv(name, before or "")
    if before is None:
        monkeypatch.delenv(name)
    hardware.limit_kernel_cache()
    assert os.environ[name] == after
