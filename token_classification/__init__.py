"""Fine-tune, evaluate and deploy token-classification models: the stations that `run_ner.py` walks through."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from token_classification.api import evaluate, fine_tune
    from token_classification.errors import DataError, UserError
    from token_classification.inference.predictor import Predictor

__all__ = ["DataError", "Predictor", "UserError", "evaluate", "fine_tune"]
__version__ = "0.2.0"

_HOMES = {
    "DataError": "errors",
    "Predictor": "inference.predictor",
    "UserError": "errors",
    "evaluate": "api",
    "fine_tune": "api",
}


def __getattr__(name: str) -> object:
    """Load a name, and torch with it, only when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
