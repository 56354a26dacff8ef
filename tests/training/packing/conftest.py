"""Eight sentences as windows, and the collator that pads them."""

import pytest
from conftest import SENTENCES
from trainers import LABELS

from token_classification.alignment.align import build_aligner
from token_classification.alignment.batches import WindowCollator, build_collator
from token_classification.data.sentences import Sentences


@pytest.fixture
def split(wordpiece):
    words, tags = zip(*((words.split(), tags.split()) for words, tags in SENTENCES), strict=True)
    aligner = build_aligner(wordpiece, LABELS, window_length=64)
    return aligner.align(Sentences(list(words), list(tags), list(range(8))))


@pytest.fixture
def plain(wordpiece, split) -> WindowCollator:
    return build_collator(wordpiece, build_aligner(wordpiece, LABELS, window_length=64).special)
