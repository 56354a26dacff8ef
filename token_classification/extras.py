"""What is not installed with the package itself: one line says how to get it."""

from collections.abc import Iterator
from contextlib import contextmanager

from token_classification.errors import UserError


@contextmanager
def explain_missing_export_extra() -> Iterator[None]:
    """Around the imports of OpenVINO, NNCF, ONNX and ONNX Runtime.

    Raises:
        UserError: one of them is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise UserError(
            f'{error.name} is not installed; type: pip install "token-classification[export]" '
            "(a trained model runs with torch without it)"
        ) from error
