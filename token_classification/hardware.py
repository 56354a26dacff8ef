"""What this machine is fast at, found out automatically.

torch is imported by what needs it: an exported model runs without.
"""

import ctypes
import os
import platform
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# Parameters of glibc's mallopt(3).
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
KEPT_MEMORY = 2**31 - 1
"""Bytes of freed memory that the process keeps: the most that mallopt accepts"""
TOP_PAD = 64 * 2**20
"""Bytes requested beyond what is needed whenever the process grows"""
KERNEL_CACHE = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
"""oneDNN's own environment variable"""
KERNELS_KEPT = 100
"""Matrix products that oneDNN remembers; a training step needs a few dozen"""


def has_accelerator() -> bool:
    """Return whether torch finds a GPU or another accelerator."""
    import torch

    return torch.accelerator.is_available()


def take_accelerator(number: int) -> None:
    """Have this process, one of several, use an accelerator of its own where there are any."""
    import torch

    if has_accelerator():
        torch.accelerator.set_device_index(number % torch.accelerator.device_count())


def multiplies_bf16(on_cpu: bool = False) -> bool:
    """Return whether the hardware multiplies bf16 matrices natively: a GPU, or a CPU with AVX-512 BF16 or AMX.

    Args:
        on_cpu: Ask about the CPU even if there is a GPU.
    """
    import torch

    if torch.cuda.is_available() and not on_cpu:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def send(tensor: "torch.Tensor", device: "torch.device | str") -> "torch.Tensor":
    """Copy a tensor of the CPU to a device; to a GPU without waiting for what that still computes."""
    import torch

    if torch.device(device).type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


THREADS_VARIABLE = "OMP_NUM_THREADS"
"""What tells a process, by the convention of OpenMP, how many threads it may use"""
SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
"""The threads that share the core of one, on Linux"""


def count_threads() -> int:
    """Return how many threads may compute: as torch was told, if it is loaded, else as it would do by itself.

    That is one for each core that this process may run on, since two threads on a core are no faster, but
    `OMP_NUM_THREADS` at most.
    """
    if "torch" in sys.modules:
        return int(sys.modules["torch"].get_num_threads())
    told = os.environ.get(THREADS_VARIABLE, "").partition(",")[0]
    cores = _count_cores()
    return min(int(told), cores) if told.isdecimal() and int(told) else cores


def _count_cores() -> int:
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    return len({_read_siblings(processor) for processor in os.sched_getaffinity(0)})


def _read_siblings(processor: int) -> str:
    path = Path(SIBLINGS.format(processor))
    return path.read_text(encoding="ascii") if path.is_file() else str(processor)


def limit_threads(threads: int) -> None:
    """Have this process compute with so many threads, whether torch is loaded already, later or never."""
    os.environ[THREADS_VARIABLE] = str(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def keep_freed_memory() -> bool:
    """Tell glibc's allocator to keep freed memory instead of returning it to the system.

    A training step on the CPU frees its gradients and activations and needs the memory again at once; if the system
    maps and clears it each time, that costs 20 to 45 % of a step.

    Returns:
        Whether there is a glibc, and it accepted.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL("libc.so.6")
    # Even large blocks are not mapped separately, which would unmap them when they are freed.
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, KEPT_MEMORY), (M_TOP_PAD, TOP_PAD))
    return all(libc.mallopt(ctypes.c_int(name), ctypes.c_int(value)) == 1 for name, value in settings)


def describe_hardware(device: "torch.device", processes: int) -> str:
    """Return what a run computes on, in words: `2 processes, each on NVIDIA H100`."""
    import torch

    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    elif device.type == "cpu":
        name = f"CPU ({platform.machine()}, {os.cpu_count()} cores)"
    else:
        name = device.type
    return name if processes == 1 else f"{processes} processes, each on {name}"


@contextmanager
def limited_kernel_cache() -> Iterator[None]:
    """Have oneDNN remember the matrix products of the latest batches only, if the first one is computed in this block.

    It compiles a product anew for each shape and keeps 1,024 of them by default: with batches of every length that is
    200 MB, and a product is compiled faster than it is missed. A limit that the user has set stays.
    """
    if KERNEL_CACHE in os.environ:
        yield
        return
    # Read once, at the first product; there is no other way to tell oneDNN.
    os.environ[KERNEL_CACHE] = str(KERNELS_KEPT)
    try:
        yield
    finally:
        del os.environ[KERNEL_CACHE]


class _KernelChoice:
    """The one choice of kernels of this process: the last who needs it puts back what the first one found."""

    def __init__(self) -> None:
        self.users = 0
        self.lock = threading.Lock()
        self.undo = ExitStack()


_STEADY = _KernelChoice()


@contextmanager
def steady_kernels() -> Iterator[None]:
    """Have a GPU compute batches of all shapes alike, as long as this lasts; threads may be in it at the same time.

    Left to itself torch takes cuDNN for two things:

    - attention in half precision (NVIDIA Hopper), which cuDNN compiles anew for each shape of a batch. Texts have all
      lengths, and it takes 0.15 s (forward and backward of MiniLM, H200), as long as seven steps;
    - convolutions, which it computes in TF32: they lose 13 bits of float32, so that what a sentence gets depends on
      the shape of its batch. `--tf32` stays in force.
    """
    with _STEADY.lock:
        if not _STEADY.users:
            _leave_cudnn(_STEADY.undo)
        _STEADY.users += 1
    try:
        yield
    finally:
        with _STEADY.lock:
            _STEADY.users -= 1
            if not _STEADY.users:
                _STEADY.undo.close()


def _leave_cudnn(undo: ExitStack) -> None:
    """Change what torch takes cuDNN for, and note how to undo it."""
    import torch

    backends: Any = torch.backends  # half of it has no types
    undo.callback(backends.cuda.enable_cudnn_sdp, backends.cuda.cudnn_sdp_enabled())
    backends.cuda.enable_cudnn_sdp(False)
    precisions = {backends.cudnn.conv.fp32_precision, backends.cudnn.rnn.fp32_precision}
    # torch's defaults: nobody has chosen.
    if backends.fp32_precision == "none" and precisions == {"tf32"}:
        undo.callback(setattr, backends.cudnn, "allow_tf32", True)
        backends.cudnn.allow_tf32 = False
