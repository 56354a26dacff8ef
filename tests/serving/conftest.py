"""Served models for the tests of protocols: in this process, and behind a port."""

from collections.abc import Iterator

import pytest
from serving_apps import build_served_app, served_at
from starlette.testclient import TestClient

from serving.page_server import run_page_server
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


@pytest.fixture(scope="module")
def running_server():
    """A server for all tests."""
    with run_page_server(names=("ner", "pos")) as server:
        yield server


@pytest.fixture
def server(running_server):
    """The server, as new."""
    running_server.reset()
    yield running_server
    running_server.gate.set()


@pytest.fixture
def visit(browser, server):
    """An open page; it must ask for nothing from elsewhere, and complain of nothing."""
    from serving.page_visit import Visit  # skips where there is no playwright

    visit = Visit(browser.new_page(), server.url)
    visit.open()
    yield visit
    visit.page.close()
    assert [url for url in visit.requests if not url.startswith(f"{server.url}/")] == []
    assert visit.complaints == []
