"""Viterbi: only legal sequences, and the best of them."""

from itertools import product

import pytest
import torch

from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.scoring.decode import build_viterbi

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
    ids = torch.from_numpy(label_set.encode(tags.split())).unsqueeze(0)
    assert build_viterbi(label_set).is_legal(ids, torch.tensor([ids.shape[1]])).tolist() == [legal]


@pytest.mark.parametrize("scheme", LABELS)
def test_equals_brute_force_on_four_words_and_five_labels(scheme):
    viterbi = build_viterbi(LabelSet(LABELS[scheme], scheme))
    generator = torch.Generator().manual_seed(1)
    scores = (3 * torch.randn(20, 4, 5, generator=generator)).log_softmax(dim=-1)
    lengths = torch.tensor([1, 2, 3, 4] * 5)
    paths = viterbi.decode(scores, lengths)
    for sentence, length in enumerate(lengths.tolist()):
        legal = [
            path
            for path in product(range(5), repeat=length)
            if viterbi.is_legal(torch.tensor([path]), torch.tensor([length])).item()
        ]
        best = max(legal, key=lambda path: sum(scores[sentence, word, label] for word, label in enumerate(path)))
        assert tuple(paths[sentence, :length].tolist()) == best


@pytest.mark.parametrize("scheme", LABELS)
def test_no_illegal_step_on_random_scores(scheme):
    viterbi = build_viterbi(LabelSet(LABELS[scheme], scheme))
    generator = torch.Generator().manual_seed(2)
    scores = (10 * torch.randn(300, 40, 5, generator=generator)).log_softmax(dim=-1)
    lengths = torch.randint(1, 41, (300,), generator=generator)
    assert not viterbi.is_legal(scores.argmax(dim=-1), lengths).all()
    assert viterbi.is_legal(viterbi.decode(scores, lengths), lengths).all()


@pytest.mark.parametrize(
    ("tags", "legal"), [("B I I O B", True), ("O I", False), ("I", False), ("B O I", False), ("B B I", True)]
)
def test_bare_tags_have_the_rules_of_their_scheme(tags, legal):
    label_set = LabelSet(("B", "I", "O"), Scheme.IOB2)
    ids = torch.from_numpy(label_set.encode(tags.split())).unsqueeze(0)
    assert build_viterbi(label_set).is_legal(ids, torch.tensor([ids.shape[1]])).tolist() == [legal]


def test_plain_tags_have_no_rules():
    assert build_viterbi(LabelSet(("NOUN", "VERB"), Scheme.PLAIN)) is None
