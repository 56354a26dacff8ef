"""What is not installed with the package itself: one line says how to get it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from token_classification.errors import UserError


@contextmanager
def explain_missing_export_extra() -> Iterator[None]:
    """Around the imports of OpenVINO, NNCF, ONNX and ONNX Runtime.

    OpenVINO and NNCF send data about their use to Intel without asking, by a package that they do without where it
    can't be imported. Nothing here touches the network unasked, so it can't.

    Raises:
        UserError: one of them is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)
    try:
        yield
    except ImportError as error:
        raise UserError(
            f'{error.name} is not installed; type: pip install "token-classification[export]" '
            "(a trained model runs with torch without it)"
        ) from error
