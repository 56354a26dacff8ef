"""A model that believes too much, and labelled data that tell how often it is right."""

import random
from collections.abc import Mapping
from pathlib import Path

Truth = Mapping[str, tuple[str, float]]
"""Word -> its tag, and how often it has it; else it has none"""

ROWS = {
    "Mira": {"B-PER": 2.0},
    "Tol": {"B-PER": 4.0},
    "Kas": {"I-PER": 3.0},
    "Ber": {"B-LOC": 1.5},
    "Wen": {"B-LOC": 5.0},
}
"""What the model believes: the probabilities are these logits against four zeros"""
TRUTH: Truth = {
    "Mira": ("B-PER", 0.4),
    "Tol": ("B-PER", 0.7),
    "Kas": ("I-PER", 0.9),
    "Ber": ("B-LOC", 0.3),
    "Wen": ("B-LOC", 0.8),
}
CLEAR_TRUTH: Truth = {"Mira": ("B-PER", 0.4), "Tol": ("B-PER", 0.99), "Ber": ("B-LOC", 0.3), "Wen": ("B-LOC", 0.99)}
"""The same for data in which what the model is sure of is nearly always right"""


def write_labelled(path: Path, seed: int, sentences: int = 300, truth: Truth = TRUTH) -> Path:
    """Write sentences of seven words, tagged as `truth` says."""
    draw = random.Random(seed)
    lines = []
    for _ in range(sentences):
        for word in draw.choices([*truth, "met", "in"], k=7):
            tag, share = truth.get(word, ("O", 1.0))
            lines.append(f"{word}\t{tag if draw.random() < share else 'O'}")
        lines.append("")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


HESITANT_ROWS = ROWS | {"Zoë": {"O": 2.0, "B-PER": 1.0}, "Kas": {"O": 3.0, "B-LOC": 1.5, "I-LOC": 1.0}}
"""What a model believes that holds names for none"""
MISSED_TRUTH: Truth = {"Tol": ("B-PER", 0.95), "Wen": ("B-LOC", 0.9), "Zoë": ("B-PER", 0.5), "Kas": ("B-LOC", 0.2)}
"""Data in which half of what it misses is a name"""
