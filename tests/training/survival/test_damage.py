"""Every file of a checkpoint that is cut, changed or missing is noticed."""

import json
from pathlib import Path

import pytest
from conftest import write_checkpoint

from token_classification.training.survival.damage import find_damage

FILES = ["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A good checkpoint."""
    return write_checkpoint(tmp_path, 3)


def test_a_good_checkpoint_is_good(checkpoint: Path) -> None:
    assert find_damage(checkpoint) is None


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    assert find_damage(checkpoint) == f"{name} missing"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_named(checkpoint: Path, name: str, share: float) -> None:
    whole = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(whole[: int(len(whole) * share)])
    assert find_damage(checkpoint).startswith(f"{name} is broken")


@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state.pth"])
def test_a_changed_byte_is_noticed(checkpoint: Path, name: str) -> None:
    whole = bytearray((checkpoint / name).read_bytes())
    place = whole.index(bytes([0, 0, 0x80, 0x3F]) * 4)  # 1.0, 1.0, ...
    whole[place] ^= 1
    (checkpoint / name).write_bytes(whole)
    assert find_damage(checkpoint).startswith(f"{name} is broken")


def test_a_missing_shard_is_named(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").rename(checkpoint / "model-00001-of-00002.safetensors")
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    assert find_damage(checkpoint) == "model-00002-of-00002.safetensors missing"


def test_folders_of_sharded_optimizers_are_not_looked_into(checkpoint: Path) -> None:
    (checkpoint / "optimizer.pt").unlink()
    (checkpoint / "optimizer_0").mkdir()
    assert find_damage(checkpoint) is None
