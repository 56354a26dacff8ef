"""What the tests of whole commands begin with: the shipped specs and a converted data folder."""

from pathlib import Path

import pytest
from conftest import write_sentences
from tao_runs import run


@pytest.fixture(scope="module")
def specs(tmp_path_factory) -> Path:
    """The shipped specs, as download_specs writes them."""
    folder = tmp_path_factory.mktemp("specs")
    assert run("download_specs", "-o", folder) == 0
    return folder


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory, specs) -> Path:
    """A converted data folder."""
    source, target = tmp_path_factory.mktemp("iob"), tmp_path_factory.mktemp("data") / "converted"
    for name in ("train", "dev", "test"):
        write_sentences(source / f"{name}.txt")
    spec = specs / "dataset_convert.yaml"
    assert run("dataset_convert", "-e", spec, f"source_data_dir={source}", f"target_data_dir={target}") == 0
    return target
