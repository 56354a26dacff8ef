"""What tests of commands leave as they found it."""

import logging
from collections.abc import Iterator

import pytest

from token_classification.tao.logs import NemoFormatter


@pytest.fixture(autouse=True)
def no_log_of_another_test() -> Iterator[None]:
    """The log of a command with a spec stays open until the process ends."""
    yield
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler.formatter, NemoFormatter)]:
        root.removeHandler(handler)
        handler.close()
