"""What is not installed with the package itself: one line says how to get it."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from token_classification.errors import UserError

EXTRAS = {
    "omegaconf": "tao",
    "cryptography": "tao",
    "google": "tao",
    "matplotlib": "report",
    "tensorboard": "tensorboard",
    "openvino": "export",
    "nncf": "export",
    "onnx": "export",
    "onnxruntime": "export",
    "onnxscript": "export",
    "fastapi": "serve",
    "uvicorn": "serve",
    "httptools": "serve",
    "prometheus_client": "serve",
    "spacy": "spacy",
    "faker": "redact",
    "presidio_analyzer": "presidio",
    "optuna": "tune",
    "ray": "ray",
    "peft": "lora",
}
"""Package that the project itself doesn't bring along -> the extra that does (pyproject.toml)"""
NOT_FOR_EXPORTED = (
    "torch",
    "transformers",
    "datasets",
    "accelerate",
    "safetensors",
    "scipy",
    "seqeval",
    "yaml",
)
"""What an installation does without that only runs exported models (requirements-serving.txt)"""
PARQUET = "pyarrow"
"""What such an installation needs for Parquet files"""
TELEMETRY = "openvino_telemetry"


def explain_missing_extra(error: ImportError) -> str | None:
    """Return what to type for a package of an extra that isn't installed; None for any other import that fails."""
    package = (error.name or "").partition(".")[0]
    return describe_missing(package) if package in (*EXTRAS, *NOT_FOR_EXPORTED, PARQUET) else None


def describe_missing(package: str) -> str:
    """Return what to type for a package that isn't installed: the extra that brings it, where there is one.

    >>> print(describe_missing("matplotlib"))
    matplotlib is not installed; type in the folder of this project: pip install ".[report]"
    """
    if package in EXTRAS:
        return f'{package} is not installed; type in the folder of this project: pip install ".[{EXTRAS[package]}]"'
    if package in NOT_FOR_EXPORTED:
        return (
            f"{package} is not installed; without it, only models that `token_classification export` wrote can tag "
            "texts; for everything else type in the folder of this project: pip install ."
        )
    return f"{package} is not installed; type: pip install {package}"


def require_package(package: str, what: str) -> None:
    """Check that a package of an extra is installed, for whatever needs it.

    Raises:
        UserError: it is not.
    """
    if importlib.util.find_spec(package) is None:
        raise UserError(f"{what}: {describe_missing(package)}")


@contextmanager
def explain_missing_export_extra() -> Iterator[None]:
    """Around the imports of OpenVINO, NNCF, ONNX and ONNX Runtime.

    Raises:
        UserError: one of them is not installed.
    """
    try:
        with _without_telemetry():
            yield
    except ImportError as error:
        message = explain_missing_extra(error)
        if message is None:
            raise
        raise UserError(f"{message} (a trained model runs with torch without it)") from error


@contextmanager
def _without_telemetry() -> Iterator[None]:
    """Hide the package with which OpenVINO and NNCF send data about their use to Intel unless told not to.

    They look for it while they are imported, and do without where it is absent. Its own ways of opting out are a file
    in the user's home, and a command that reports the refusal. A process that has loaded it already is left alone.
    """
    if TELEMETRY in sys.modules:
        yield
        return
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]  # Python's own mark of what can't be imported
    try:
        yield
    finally:
        del sys.modules[TELEMETRY]
