"""Viterbi: only legal sequences, and the best of them."""

import re
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.scoring.decode import build_viterbi
from token_classification.scoring.predict import WordLogits, WordPredictions, choose_labels

LABELS = {
    Scheme.IOB1: ("O", "B-X", "I-X", "B-Y", "I-Y"),
    Scheme.IOB2: ("O", "B-X", "I-X", "B-Y", "I-Y"),
    Scheme.IOBES: ("O", "B-X", "I-X", "E-X", "S-X"),
    Scheme.BILOU: ("O", "B-X", "I-X", "L-X", "U-X"),
}

CASES = [
    (Scheme.IOB2, "B-X I-X O B-Y", True),
    (Scheme.IOB2, "I-X I-X O", False),
    (Scheme.IOB2, "B-X I-Y", False),
    (Scheme.IOB2, "O I-X", False),
    (Scheme.IOB1, "I-X I-X B-X O I-Y", True),
    (Scheme.IOB1, "O B-X", False),
    (Scheme.IOB1, "I-Y B-X", False),
    (Scheme.IOBES, "S-X B-X I-X E-X O", True),
    (Scheme.IOBES, "B-X O", False),
    (Scheme.IOBES, "O B-X", False),
    (Scheme.IOBES, "E-X", False),
    (Scheme.BILOU, "U-X B-X L-X", True),
    (Scheme.BILOU, "B-X I-X", False),
    (Scheme.BILOU, "U-X L-X", False),
]


@pytest.mark.parametrize(("scheme", "tags", "legal"), CASES)
def test_rules_of_each_scheme(scheme, tags, legal):
    label_set = LabelSet(LABELS[scheme], scheme)
    ids = label_set.encode(tags.split())
    assert build_viterbi(label_set).is_legal(ids, np.array([len(ids)])).tolist() == [legal]


GRAMMARS = {
    # B parts an entity from one of its type right before it, and stands nowhere else.
    Scheme.IOB1: r"(O |(I-X )+(B-X (I-X )*)*(?!I-X|B-X)|(I-Y )+(B-Y (I-Y )*)*(?!I-Y|B-Y))*",
    Scheme.IOB2: r"(O |B-X (I-X )*|B-Y (I-Y )*)*",
    Scheme.IOBES: r"(O |S-X |B-X (I-X )*E-X )*",
    Scheme.BILOU: r"(O |U-X |B-X (I-X )*L-X )*",
}
"""Whole sentences of each scheme, every tag with a blank behind it: the schemes' own definitions, told otherwise."""


def draw_scores(sentences: int, words: int, labels: int, seed: int = 1) -> np.ndarray:
    """Random log probabilities."""
    generator = torch.Generator().manual_seed(seed)
    return (3 * torch.randn(sentences, words, labels, generator=generator)).log_softmax(dim=-1).numpy()


@pytest.mark.parametrize("scheme", LABELS)
def test_equals_brute_force_over_all_sentences_of_the_schemes_grammar(scheme):
    names = LABELS[scheme]
    viterbi = build_viterbi(LabelSet(names, scheme))
    legal = {
        length: [
            path
            for path in product(range(5), repeat=length)
            if re.fullmatch(GRAMMARS[scheme], "".join(f"{names[label]} " for label in path))
        ]
        for length in range(1, 6)
    }
    every = np.array(list(product(range(5), repeat=5)))
    assert every[viterbi.is_legal(every.flatten(), np.full(5**5, 5))].tolist() == [list(path) for path in legal[5]]
    scores = draw_scores(40, 5, 5)
    lengths = np.array([1, 2, 3, 4, 5] * 8)
    paths = viterbi.decode(scores, lengths)
    for sentence, length in enumerate(lengths.tolist()):
        best = max(
            legal[length], key=lambda path: sum(scores[sentence, word, label] for word, label in enumerate(path))
        )
        assert tuple(paths[sentence, :length].tolist()) == best


@pytest.mark.parametrize("scheme", LABELS)
def test_equals_the_decoding_of_a_crf_with_the_schemes_transitions(scheme):
    crf_module = pytest.importorskip("torchcrf")
    viterbi = build_viterbi(LabelSet(LABELS[scheme], scheme))
    crf = crf_module.CRF(5, batch_first=True)
    with torch.no_grad():
        crf.start_transitions.copy_(torch.from_numpy(viterbi.first))
        crf.transitions.copy_(torch.from_numpy(viterbi.steps))
        crf.end_transitions.copy_(torch.from_numpy(viterbi.last))
    scores = draw_scores(60, 30, 5, seed=3)
    lengths = np.arange(60) % 30 + 1
    mask = np.arange(30) < lengths[:, None]
    expected = crf.decode(torch.from_numpy(scores), torch.from_numpy(mask))
    paths = viterbi.decode(scores, lengths)
    assert [path[:length].tolist() for path, length in zip(paths, lengths, strict=True)] == expected


@pytest.mark.parametrize("scheme", LABELS)
def test_no_illegal_step_on_random_scores(scheme):
    viterbi = build_viterbi(LabelSet(LABELS[scheme], scheme))
    generator = np.random.default_rng(2)
    scores = 10 * generator.standard_normal((300, 40, 5), dtype=np.float32)
    lengths = generator.integers(1, 41, 300)
    inside = np.arange(40) < lengths[:, None]
    assert not viterbi.is_legal(scores.argmax(axis=-1)[inside], lengths).all()
    assert viterbi.is_legal(viterbi.decode(scores, lengths)[inside], lengths).all()


@pytest.mark.parametrize("scheme", LABELS)
@given(seed=st.integers(0, 2**32 - 1), sharpness=st.sampled_from([0.1, 1.0, 10.0]), sentences=st.integers(1, 30))
def test_only_illegal_sentences_are_searched_and_the_labels_are_those_of_a_search_everywhere(
    scheme, seed, sharpness, sentences
):
    viterbi = build_viterbi(LabelSet(LABELS[scheme], scheme))
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 5, sentences)
    logits = (sharpness * generator.standard_normal((lengths.sum(), 5))).astype(np.float32)
    ids = np.repeat(np.arange(sentences), lengths)
    result = WordPredictions(np.full(len(ids), -1, dtype=np.int32), np.zeros(len(ids), dtype=np.float32))
    choose_labels(WordLogits(np.arange(len(ids)), ids, logits), viterbi, result)
    inside = np.arange(lengths.max()) < lengths[:, None]
    padded = np.zeros((*inside.shape, 5), dtype=np.float32)
    padded[inside] = torch.from_numpy(logits).log_softmax(dim=-1).numpy()
    assert result.label_ids.tolist() == viterbi.decode(padded, lengths)[inside].tolist()
    assert result.repaired == int((~viterbi.is_legal(logits.argmax(axis=1), lengths)).sum())


@pytest.mark.parametrize(
    ("tags", "legal"), [("B I I O B", True), ("O I", False), ("I", False), ("B O I", False), ("B B I", True)]
)
def test_bare_tags_have_the_rules_of_their_scheme(tags, legal):
    label_set = LabelSet(("B", "I", "O"), Scheme.IOB2)
    ids = label_set.encode(tags.split())
    assert build_viterbi(label_set).is_legal(ids, np.array([len(ids)])).tolist() == [legal]


def test_plain_tags_have_no_rules():
    assert build_viterbi(LabelSet(("NOUN", "VERB"), Scheme.PLAIN)) is None
