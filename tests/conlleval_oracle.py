"""conlleval, written anew from its description: an oracle for the scores that shares nothing with seqeval.

The rules, as the CoNLL shared tasks state them (Tjong Kim Sang & Buchholz 2000; Tjong Kim Sang & De Meulder 2003):

- A tag is what stands before its first hyphen, its type what stands behind; a tag without a hyphen has the empty type.
- A chunk begins at a tag other than `O` whose predecessor is `O` or of another type, or at which the prefix says so:
  at `B` and `S`, and behind `E` and `S`. It reaches to the tag before the next beginning or the next `O`.
- A blank line ends a sentence, and with it every chunk.
- A predicted chunk is correct when a gold one has its first word, its last word and its type.
- Accuracy counts words whose whole tags are equal.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Chunk = tuple[int, int, str]
"""First word, last word, type"""


@dataclass(frozen=True)
class ChunkCounts:
    """How many chunks there are, of one type or of all."""

    correct: int
    found: int
    gold: int

    @property
    def precision(self) -> float:
        """Correct ones among those found, in percent; 0 where none was found."""
        return 100 * self.correct / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Correct ones among those of gold, in percent; 0 where gold has none."""
        return 100 * self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in percent."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class ConllevalScores:
    """What conlleval prints: the counts of all chunks and of each type, and the accuracy of the words in percent."""

    overall: ChunkCounts
    types: dict[str, ChunkCounts]
    accuracy: float


def find_chunks(tags: Sequence[str]) -> list[Chunk]:
    """The chunks of one sentence, from left to right."""
    chunks: list[Chunk] = []
    before_prefix, before_type = "O", ""
    for place, tag in enumerate(tags):
        prefix, _, chunk_type = tag.partition("-")
        if prefix != "O":
            begins = before_prefix in ("O", "E", "S") or prefix in ("B", "S") or chunk_type != before_type
            first = place if begins else chunks.pop()[0]
            chunks.append((first, place, chunk_type))
        before_prefix, before_type = prefix, chunk_type
    return chunks


def score_with_conlleval(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> ConllevalScores:
    """Score sentences of predicted tags; the same sentences and words on both sides."""
    correct, found, wanted = Counter(), Counter(), Counter()
    equal = words = 0
    for gold_tags, predicted_tags in zip(gold, predicted, strict=True):
        gold_chunks, predicted_chunks = set(find_chunks(gold_tags)), set(find_chunks(predicted_tags))
        wanted.update(chunk[2] for chunk in gold_chunks)
        found.update(chunk[2] for chunk in predicted_chunks)
        correct.update(chunk[2] for chunk in gold_chunks & predicted_chunks)
        equal += sum(a == b for a, b in zip(gold_tags, predicted_tags, strict=True))
        words += len(gold_tags)
    return ConllevalScores(
        overall=ChunkCounts(correct.total(), found.total(), wanted.total()),
        types={kind: ChunkCounts(correct[kind], found[kind], wanted[kind]) for kind in sorted(found | wanted)},
        accuracy=100 * equal / words if words else 0.0,
    )


def score_conlleval_file(lines: Iterable[str]) -> ConllevalScores:
    """Score the rows that conlleval reads: columns between blanks, gold last but one, the prediction last."""
    gold: list[list[str]] = [[]]
    predicted: list[list[str]] = [[]]
    for line in lines:
        columns = line.split()
        if columns:
            gold[-1].append(columns[-2])
            predicted[-1].append(columns[-1])
        elif gold[-1]:
            gold.append([])
            predicted.append([])
    return score_with_conlleval(gold, predicted)
