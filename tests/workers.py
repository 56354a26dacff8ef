"""For `make test`, where two processes share the files of tests (pytest-xdist), and for machines that are busy."""

import os
from collections.abc import Generator
from typing import TYPE_CHECKING

import psutil
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

# An example takes longer than the usual 200 ms where other processes want the cores too.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first: otherwise one process waits at the end for a long file of the other."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: "WorkerController", error: object) -> None:
    """Say how a process died: -9 is most of the time the kernel's answer to too little memory."""
    if error:
        free = psutil.virtual_memory().available / 2**30
        print(f"\n{node.gateway.id} ended with {node.gateway._io.wait()}; {free:.1f} GiB of memory are free now.")


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, object, object]:
    """Make what a test printed fit for the way to the main process, which takes no halves of surrogate pairs.

    They stand for bytes in the names of files that are not UTF-8.
    """
    return _replace_lone_surrogates((yield))


def _replace_lone_surrogates(data: object) -> object:
    """Replace them by escapes in every text of a report."""
    if isinstance(data, str):
        return data.encode(errors="backslashreplace").decode()
    if isinstance(data, dict):
        return {_replace_lone_surrogates(key): _replace_lone_surrogates(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(map(_replace_lone_surrogates, data))
    return data
