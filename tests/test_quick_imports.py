"""What commands import, and that the garbage collector looks away only meanwhile."""

import gc
import subprocess
import sys

import pytest
from conftest import ROOT

from token_classification.quick_imports import quick_imports

HEAVY = {"torch", "transformers", "datasets", "pyarrow", "seqeval", "scipy"}


@pytest.fixture(autouse=True)
def collector_at_work():
    """Whatever a test leaves behind, the collector works."""
    yield
    gc.enable()


@pytest.fixture
def fresh(monkeypatch):
    """As in a process that has not imported torch yet."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)


def test_the_collector_rests_while_importing_and_passes_over_the_result(fresh):
    frozen = gc.get_freeze_count()
    with quick_imports():
        assert not gc.isenabled()
        imported = [[] for _ in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(imported)


def test_a_failed_import_leaves_the_collector_at_work(fresh):
    with pytest.raises(ImportError), quick_imports():
        raise ImportError("no such module")
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off(fresh):
    gc.disable()
    frozen = gc.get_freeze_count()
    with quick_imports():
        pass
    assert not gc.isenabled()
    assert gc.get_freeze_count() == frozen


def test_nothing_is_done_where_torch_is_there_already():
    frozen = gc.get_freeze_count()
    with quick_imports():
        assert gc.isenabled()
    assert gc.get_freeze_count() == frozen


@pytest.mark.parametrize(
    ("imported", "absent"),
    [
        ("token_classification.story", {"evaluate", "scipy.stats", "matplotlib", "omegaconf", "onnx", "openvino"}),
        ("token_classification.inference.predictor", HEAVY),
        ("token_classification.inference.bulk", HEAVY),
        ("token_classification.serving.app", HEAVY),
        ("token_classification.cli", {"torch", "transformers", "datasets", "numpy", "omegaconf", "yaml"}),
    ],
)
def test_a_start_does_not_wait_for_what_it_may_not_need(imported, absent):
    command = f"import sys, {imported}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, cwd=ROOT, check=True)
    modules = set(done.stdout.split())
    assert imported in modules
    assert modules & absent == set()
