"""How probable it is that some words are an entity: over all label sequences that the scheme allows.

The model gives each word a probability for each label. Of the sequences that are made of these, the scheme forbids
some; the others share all of the probability. A *segment* is a label of entities with a first and a last word; its
marginal is the share of the sequences in which exactly these words are one entity of this label.

The backward pass of forward-backward (Baum et al. 1970) makes a Markov chain of the sequences: the probability of a
label, given the one before it and all that the model says. What follows adds and multiplies probabilities, so nothing
over- or underflows, whatever the length.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from token_classification.data.entities import Entity
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import OUTSIDE, Scheme, name_type
from token_classification.data.transitions import goes_on, may_end, may_follow

LEAST_PROBABILITY = 1e-40
"""What each label has at least: a sequence may need one to which the model gives less than float32 can hold"""

DECIMALS = 9
"""Of marginals: sums of other batches differ in the sixteenth"""


class Segment(NamedTuple):
    """Words of a sentence that may be an entity."""

    entity: Entity
    marginal: float


@dataclass(frozen=True)
class Lattice:
    """The sequences that a scheme allows, and where entities go on in them: 1 for what is allowed, else 0."""

    first: np.ndarray
    """float64, (labels,): whether a sentence may begin with the label"""
    steps: np.ndarray
    """float64, (labels, labels): from the label of the row to that of the column"""
    within: np.ndarray
    """float64, (labels, labels): the steps that stay in an entity"""
    last: np.ndarray
    """float64, (labels,): whether a sentence may end with the label"""
    kinds: list[str]
    """The labels that entities have, sorted"""
    kind_of: np.ndarray
    """float64, (labels, kinds): which of these a label counts for; `O` for none"""
    outside: int | None
    """The label `O`, if there is one"""

    def find_segments(self, log_probabilities: np.ndarray, starts: np.ndarray, least: float) -> list[list[Segment]]:
        """Find the segments of sentences whose marginals are `least` or more.

        Args:
            log_probabilities: float, (words, labels), sentence after sentence; only zeros for a word that the model
                has not seen, which is outside of entities.
            starts: int64, (sentences + 1,): the first word of each sentence, and the number of words.
            least: A probability above 0.

        Returns:
            Those of each sentence, the shorter ones first.
        """
        found: list[list[Segment]] = [[] for _ in starts[:-1]]
        chosen = self._list_doubtful(log_probabilities, starts, least)
        if not len(chosen):
            return found
        lengths = np.diff(starts)[chosen]
        words = np.concatenate([np.arange(starts[row], starts[row + 1]) for row in chosen])
        rows, begins = np.repeat(chosen, lengths), np.concatenate([np.arange(length) for length in lengths])
        own = self._read_probabilities(log_probabilities[words])
        chain = _run_passes(self, own, np.concatenate(([0], np.cumsum(lengths))))
        for length, places, marginals in chain.grow(self, least):
            for place, kind in np.argwhere(marginals >= least).tolist():
                word = places[place]
                begin = int(begins[word])
                entity = Entity(self.kinds[kind], begin, begin + length)
                found[rows[word]].append(Segment(entity, float(marginals[place, kind])))
        return found

    def _list_doubtful(self, log_probabilities: np.ndarray, starts: np.ndarray, least: float) -> np.ndarray:
        """Return the sentences that may have such a segment.

        That all words are outside of entities is at least as probable as the product of their probabilities of `O`:
        the scheme allows it, and what the forbidden sequences have is divided among the others. A segment has no
        more than what that leaves.
        """
        filled = np.flatnonzero(np.diff(starts))
        if self.outside is None or not len(filled):
            return filled
        outside = np.add.reduceat(log_probabilities[:, self.outside].astype(np.float64), starts[filled])
        return filled[-np.expm1(outside) >= least]

    def _read_probabilities(self, log_probabilities: np.ndarray) -> np.ndarray:
        own = np.exp(log_probabilities.astype(np.float64))
        if self.outside is not None:
            unseen = ~log_probabilities.any(axis=1)
            own[unseen] = 0.0
            own[unseen, self.outside] = 1.0
        return np.maximum(own, LEAST_PROBABILITY)


def build_lattice(label_set: LabelSet) -> Lattice:
    """Build the lattice of a label set; labels that no sequence reaches have no step."""
    names, scheme = label_set.names, label_set.scheme
    first = np.array([may_follow(OUTSIDE, name, scheme) for name in names], dtype=np.float64)
    last = np.array([may_end(name, scheme) for name in names], dtype=np.float64)
    steps = np.array([[may_follow(before, name, scheme) for name in names] for before in names], dtype=np.float64)
    within = np.array([[goes_on(before, name, scheme) for name in names] for before in names]) * steps
    reached = first > 0
    for _ in names:
        reached = reached | (reached @ steps > 0)
    inner = [name for name in names if name != OUTSIDE]
    kind_names = {name: name if scheme == Scheme.PLAIN else name_type(name) for name in inner}
    kinds = sorted(set(kind_names.values()))
    return Lattice(
        first=first,
        steps=steps * reached[:, None],
        within=within * reached[:, None],
        last=last * reached,
        kinds=kinds,
        kind_of=np.array([[kind_names.get(name) == kind for kind in kinds] for name in names], dtype=np.float64),
        outside=label_set.ids.get(OUTSIDE),
    )


@dataclass(frozen=True)
class _Chain:
    """The label sequences of some sentences, end to end, as a Markov chain; float64, (words, labels)."""

    weights: np.ndarray
    """Of the word and all behind it, in proportion"""
    onward: np.ndarray
    """Of all behind the word, in the same proportion as the next word's; 0 at the end of a sentence"""
    begins: np.ndarray
    """Probability that the word has the label and no entity of a word before goes on in it"""
    ends: np.ndarray
    """Probability that an entity of the label does not go on in the next word"""

    def grow(self, lattice: Lattice, least: float) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield for each length the places of first words, and the marginals of the segments that begin there.

        With each word there are fewer sequences in which an entity goes on, so what has less than `least` is left.

        Yields:
            Length, int64 (n,), and float64 (n, kinds).
        """
        inside = lattice.kind_of.sum(axis=1)
        length, places, open_ones = 1, np.arange(len(self.begins)), self.begins * inside
        while True:
            kept = open_ones.sum(axis=1) >= least
            places, open_ones = places[kept], open_ones[kept]
            if not len(places):
                return
            current = places + length - 1
            yield length, places, np.round((open_ones * self.ends[current]) @ lattice.kind_of, DECIMALS)
            # At the end of a sentence nothing goes on: all of `onward` is 0 there.
            share = _divide(open_ones, self.onward[current])
            following = np.minimum(current + 1, len(self.weights) - 1)
            open_ones = (share @ lattice.within) * self.weights[following]
            length += 1


def _run_passes(lattice: Lattice, own: np.ndarray, starts: np.ndarray) -> _Chain:
    """Run the backward and the forward pass over sentences of one word and more, all sentences at once."""
    order = np.argsort(np.diff(starts), kind="stable")[::-1]
    firsts, ends = starts[:-1][order], starts[1:][order]
    counts = list(_count_long(ends - firsts))
    leaving = lattice.steps - lattice.within
    weights, onward, stops = np.zeros_like(own), np.zeros_like(own), np.ones_like(own)
    for step, count in enumerate(counts):
        places = ends[:count] - 1 - step
        if step:
            onward[places] = weights[places + 1] @ lattice.steps.T
            stops[places] = _divide(weights[places + 1] @ leaving.T, onward[places])
        behind = onward[places] if step else lattice.last
        weights[places] = _normalise(own[places] * behind)
    begins, probabilities = np.zeros_like(own), np.zeros_like(own)
    for step, count in enumerate(counts):
        places = firsts[:count] + step
        if step:
            share = _divide(probabilities[places - 1], onward[places - 1])
            begins[places] = (share @ leaving) * weights[places]
            probabilities[places] = (share @ lattice.steps) * weights[places]
        else:
            begins[places] = probabilities[places] = _normalise(lattice.first * weights[places])
    return _Chain(weights, onward, begins, stops)


def _count_long(lengths: np.ndarray) -> Iterator[int]:
    """Yield how many sentences have a first, a second ... word; lengths fall."""
    for place in range(int(lengths[0])):
        yield int(np.searchsorted(-lengths, -place, side="left"))


def _normalise(rows: np.ndarray) -> np.ndarray:
    """Divide rows by their sums; those of nothing stay as they are: no sequence is allowed."""
    return _divide(rows, rows.sum(axis=-1, keepdims=True))


def _divide(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    return np.divide(parts, wholes, out=np.zeros(np.broadcast_shapes(parts.shape, wholes.shape)), where=wholes > 0)


def choose_apart(segments: Sequence[Segment], taken: Sequence[Entity]) -> list[Segment]:
    """Choose segments that share no word with each other, nor with entities that are there already.

    The most probable one is taken first. So the choice does not depend on how many are wanted: it can be cut off at
    any marginal, and what remains is the choice among those above it.

    Returns:
        In the order of the text.
    """
    covered = {word for entity in taken for word in range(entity.start, entity.end)}
    chosen = []
    for segment in sorted(
        segments, key=lambda one: (-one.marginal, one.entity.start, one.entity.end, one.entity.type)
    ):
        words = range(segment.entity.start, segment.entity.end)
        if covered.isdisjoint(words):
            covered.update(words)
            chosen.append(segment)
    return sorted(chosen, key=lambda one: one.entity.start)
