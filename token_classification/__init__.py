"""Fine-tune, evaluate and deploy token-classification models: the stations that `run_ner.py` walks through."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from token_classification.inference.predictor import Predictor

__all__ = ["Predictor"]
__version__ = "0.2.0"


def __getattr__(name: str) -> object:
    """Load `Predictor`, and torch with it, only when it is asked for."""
    if name != "Predictor":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from token_classification.inference.predictor import Predictor

    return Predictor
