"""Served models for the tests of protocols: in this process, and behind a port."""

from collections.abc import Iterator

import pytest
from serving_apps import build_served_app, served_at
from starlette.testclient import TestClient

from token_classification import Predictor


@pytest.fixture(scope="session")
def predictor(tagger_folder) -> Predictor:
    """The tiny tagger that is served: answers must be its own."""
    return Predictor.from_pretrained(tagger_folder)


@pytest.fixture(scope="module")
def client(predictor) -> Iterator[TestClient]:
    """A client of the application without a network; the tiny tagger is served as `ner` and as `other`."""
    with TestClient(build_served_app(predictor), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def address(predictor) -> Iterator[str]:
    """The address of the same application at a port of this machine, for real clients."""
    with served_at(build_served_app(predictor)) as served:
        yield served.address
