"""The scripts as modules."""

from collections.abc import Iterator
from types import ModuleType

import pytest
from conftest import ROOT
from transformers.utils import logging as transformers_logging


@pytest.fixture(scope="module")
def preprocess() -> Iterator[ModuleType]:
    """preprocess.py."""
    verbosity = transformers_logging.get_verbosity()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        import preprocess

        yield preprocess
    transformers_logging.set_verbosity(verbosity)
