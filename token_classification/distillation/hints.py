"""What teachers' encoders make of words, turned so that the states of another encoder can be compared with it.

Widths differ, and so does what each place of a state means. So the teachers' states, side by side, are cut down to
their principal axes, as many as the student has places, and the student's states are turned towards them by the
rotation that brings them nearest (orthogonal Procrustes; Schönemann, 1966, https://doi.org/10.1007/BF02289451). Both
are found once, from some of the sentences and the student as it is before the training.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from transformers import PreTrainedModel

from token_classification.alignment.align import Aligner
from token_classification.alignment.batches import CPU_POSITIONS, build_collator
from token_classification.alignment.windows import Windows, join_windows
from token_classification.errors import UserError
from token_classification.inference.torch_model import run_with_states
from token_classification.scoring.predict import PredictionLoop
from token_classification.scoring.torch_runner import run_with_torch
from token_classification.training.distillation import Lessons
from token_classification.training.hints import StateHint
from token_classification.training.trial import leaving_no_trace

TRIED_WINDOWS = 1000
"""From which the rotation is found: about 15,000 words, many times as many as states have places"""
WORDS_AT_ONCE = 10_000


def add_hint(
    lessons: Lessons, model: PreTrainedModel, aligner: Aligner, states: list[np.ndarray], weight: float
) -> Lessons:
    """Have lessons also teach what the teachers' encoders make of each word.

    Args:
        lessons: What is learnt, with a row of the teachers' answers for each word.
        model: The student before the training.
        aligner: That of the student.
        states: Of each teacher: float16, (words, width), in the order of the teachers' answers.
        weight: How much a hint counts beside the other losses.

    Raises:
        UserError: a teacher's states don't fit into half precision.
    """
    if not all(np.isfinite(block).all() for block in states):
        raise UserError(
            f"--hint_weight {weight:g}: the states of a teacher's encoder are above 65,504, the most that half "
            "precision holds; accepted: teachers whose encoder ends with a normalisation; leave --hint_weight out"
        )
    words, own = read_own_states(lessons.split.windows, model, aligner)
    hint = fit_hint(states, words, own, weight)
    digest = hashlib.sha256(f"{lessons.digest} {weight}".encode())
    for block in states:
        digest.update(np.ascontiguousarray(block).tobytes())
    return Lessons(lessons.split, replace(lessons.loss, hint=hint), digest.hexdigest())


def read_own_states(windows: Windows, model: PreTrainedModel, aligner: Aligner) -> tuple[np.ndarray, np.ndarray]:
    """Return some words, and what a model makes of them: int64 (n,) and float32 (n, width)."""
    places = np.unique(np.linspace(0, len(windows) - 1, TRIED_WINDOWS).astype(np.int64))
    tried = join_windows([(windows, int(place)) for place in places])
    numbered = replace(tried, owned_words=np.arange(len(tried.owned_words)))
    loop = PredictionLoop(
        run_model=run_with_torch(run_with_states(model), model.device),
        collator=build_collator(aligner.tokenizer, aligner.special),
        token_budget=CPU_POSITIONS,
        device=model.device,
        show_progress=False,
        keeps_all=True,
        logit_columns=len(aligner.label_set),
    )
    with leaving_no_trace(model):
        model.eval()
        found = loop.predict(numbered, len(numbered.owned_words)).states
    if found is None:
        raise UserError("--hint_weight: there is no word to learn from; accepted: training data with words")
    return tried.owned_words, found.astype(np.float32)


def fit_hint(states: Sequence[np.ndarray], words: np.ndarray, own: np.ndarray, weight: float) -> StateHint:
    """Turn the states of teachers and student towards each other.

    Both are scaled so that the squared distance of a word is 1 in the mean if the student knows nothing but the mean.

    Args:
        states: Of each teacher: float16, (all words, width).
        words: int64, (n,): some of the words.
        own: float32, (n, width): the student's states of these.
        weight: How much the hint counts.
    """
    tried = [block[words].astype(np.float32) for block in states]
    centres = [block.mean(axis=0) for block in tried]
    # Each teacher counts the same, however large its numbers are.
    scales = [_spread(block - centre) for block, centre in zip(tried, centres, strict=True)]
    joined = _scale(tried, centres, scales)
    axes = np.linalg.svd(joined.T @ joined)[0][:, : own.shape[1]]
    taught = joined @ axes
    centre = own.mean(axis=0)
    left, _, right = np.linalg.svd((own - centre).T @ taught, full_matrices=False)
    turn = left @ right
    axes = axes / _spread(taught)
    targets = np.concatenate(
        [
            (_scale([block[start : start + WORDS_AT_ONCE] for block in states], centres, scales) @ axes).astype(
                np.float16
            )
            for start in range(0, len(states[0]), WORDS_AT_ONCE)
        ]
    )
    turn = turn / _spread((own - centre) @ turn)
    return StateHint(torch.from_numpy(targets), torch.from_numpy(centre), torch.from_numpy(turn), weight)


def _scale(blocks: Sequence[np.ndarray], centres: Sequence[np.ndarray], scales: Sequence[float]) -> np.ndarray:
    """Return the states of teachers side by side, centred and of like size, float32 (words, all widths)."""
    return np.hstack(
        [(block - centre) / scale for block, centre, scale in zip(blocks, centres, scales, strict=True)]
    ).astype(np.float32)


def _spread(centred: np.ndarray) -> float:
    """Return the root of the mean squared length of rows; 1 if all are zero."""
    return float(np.sqrt(np.square(centred).sum(axis=1).mean())) or 1.0
