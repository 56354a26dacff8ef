"""Fine-tune, evaluate and deploy token-classification models: the stations that `run_ner.py` walks through."""

__version__ = "0.1.0"
