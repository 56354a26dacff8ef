"""How answers name the model that gave them."""

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.inference.export_record import hash_answering_files

if TYPE_CHECKING:
    from token_classification.inference.predictor import Predictor


def name_model(model: str) -> str:
    """Return a plain name for a model: the last part of its folder's, or of its name on the Hub."""
    return re.sub(r"[^\w.-]", "-", Path(model).resolve().name, flags=re.ASCII)[:100] or "model"


def name_version(name: str, predictor: "Predictor", folder: Path) -> str:
    """Return a model's name with the beginning of a checksum of its files and settings: `ner-1f0c2a9b`.

    It changes with whatever the answers depend on, and with nothing else.
    """
    settings = json.dumps(predictor.describe_settings(), sort_keys=True)
    digest = hashlib.sha256(f"{hash_answering_files(folder)} {settings}".encode())
    return f"{name}-{digest.hexdigest()[:8]}"
