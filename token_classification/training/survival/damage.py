"""Whether a checkpoint is whole: a kill while it is written, or a full disk, leaves a part of one."""

import json
import zipfile
from pathlib import Path

from safetensors import SafetensorError, safe_open

from token_classification.modeling.adapter_base import ADAPTER_CONFIG, ADAPTER_WEIGHTS

STATE_FILE = "trainer_state.json"
"""The Trainer writes it last: without it, nothing else in the folder can be relied on."""
RECORD_FILE = "training_record.json"
"""What training the checkpoint is of; those of other tools have none"""
RESUME_FILES = ("optimizer.pt", "scheduler.pt")
SHARD_INDEX = "model.safetensors.index.json"


def find_damage(checkpoint: Path) -> str | None:
    """Say what is broken or missing in a checkpoint; None for one that a training can go on from.

    Every file is looked at, weights by their header and size, optimizer and random state by their checksums. What
    FSDP and DeepSpeed write into folders of their own is not looked into.
    """
    for path in (checkpoint / STATE_FILE, *checkpoint.glob(SHARD_INDEX), *checkpoint.glob(RECORD_FILE)):
        if damage := find_json_damage(path):
            return damage
    for path in sorted(checkpoint.glob("*.safetensors")):
        try:
            with safe_open(path, "pt"):
                pass
        except (SafetensorError, OSError) as error:
            return f"{path.name} is broken ({error})"
    for path in sorted([*checkpoint.glob("*.pt"), *checkpoint.glob("*.pth")]):
        try:
            with zipfile.ZipFile(path) as archive:
                part = archive.testzip()
        except (zipfile.BadZipFile, OSError) as error:
            return f"{path.name} is broken ({error})"
        if part is not None:
            return f"{path.name} is broken (checksum of {part})"
    missing = _list_missing(checkpoint)
    return f"{', '.join(missing)} missing" if missing else None


def find_json_damage(path: Path) -> str | None:
    """Say what is wrong with a JSON file that a training goes on from; None for a whole one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return f"{path.name} missing"
    except (ValueError, OSError) as error:
        return f"{path.name} is broken ({error})"
    return None if isinstance(content, dict) else f"{path.name} is broken (no mapping)"


def _list_missing(checkpoint: Path) -> list[str]:
    if any(path.is_dir() for path in checkpoint.iterdir()):
        # FSDP or DeepSpeed: weights and optimizer are in folders, in a layout that depends on the number of processes.
        return []
    index = checkpoint / SHARD_INDEX
    if index.is_file():
        weights = set(json.loads(index.read_text(encoding="utf-8")).get("weight_map", {}).values())
    else:
        weights = {ADAPTER_WEIGHTS if (checkpoint / ADAPTER_CONFIG).is_file() else "model.safetensors"}
    missing = [name for name in (*sorted(weights), *RESUME_FILES) if not (checkpoint / name).is_file()]
    return missing if any(checkpoint.glob("rng_state*.pth")) else [*missing, "rng_state.pth"]
