"""The sample corpus with planted mistakes, and the lines at which each of them stands."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from conftest import ROOT

from token_classification.data.scheme_conversion import convert_tags
from token_classification.data.schemes import Scheme

SPLITS = ("train", "dev", "test")


@dataclass
class Line:
    """A line of a file, and the kinds of mistakes that were planted in it."""

    text: str
    kinds: list[str] = field(default_factory=list)

    @property
    def word(self) -> str:
        return self.text.split("\t")[0]

    @property
    def tag(self) -> str:
        return self.text.split("\t")[1]


Sentence = list[Line]


class PlantedCorpus:
    """Three splits into which mistakes are planted, each in a sentence of its own."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.splits = {split: read_sample(split) for split in SPLITS}
        self.untouched = {split: self.random.sample(rows, len(rows)) for split, rows in self.splits.items()}

    def pick(self, split: str, suits: Callable[[Sentence], bool] = lambda sentence: True) -> Sentence:
        """A sentence of at least eight words that nothing was planted in yet, and now will be."""
        found = next(rows for rows in self.untouched[split] if len(rows) >= 8 and suits(rows))
        self.untouched[split].remove(found)
        return found

    def pick_outside(self, split: str) -> tuple[Sentence, int]:
        """A sentence and a place in it with an `O` before and behind it."""
        sentence = self.pick(split, lambda sentence: bool(find_outside(sentence)))
        return sentence, self.random.choice(find_outside(sentence))

    def change(self, kind: str, split: str, change: Callable[[Line], str]) -> None:
        """Plant a mistake in a line with tag `O` amid others."""
        sentence, place = self.pick_outside(split)
        sentence[place] = Line(change(sentence[place]), [kind])

    def change_single(self, kind: str, split: str, tag: str, new_tag: str) -> None:
        """Plant another tag at an entity of one word."""
        sentence = self.pick(split, lambda sentence: find_single(sentence, tag) is not None)
        place = find_single(sentence, tag)
        sentence[place] = Line(f"{sentence[place].word}\t{new_tag}", [kind])

    def copy(self, kinds: list[str], source: str, target: str, untagged: bool = False) -> None:
        """Plant a copy of a sentence behind it or in another split, its first line marked."""
        original = self.pick(source, lambda sentence: any(line.tag.startswith("B-") for line in sentence))
        copied = [Line(f"{line.word}\tO" if untagged else line.text) for line in original]
        copied[0].kinds += kinds
        sentences = self.splits[target]
        first = next((place + 1 for place, sentence in enumerate(sentences) if sentence is original), 1)
        sentences.insert(self.random.randint(first, len(sentences)), copied)

    def write(self, folder: Path) -> dict[str, set[tuple[str, int]]]:
        """Write the files; gives (file name, line) of each mistake by its kind."""
        expected = defaultdict(set)
        for split, sentences in self.splits.items():
            lines = [line for sentence in sentences for line in [*sentence, Line("")]]
            (folder / f"{split}.conll").write_text("\n".join(line.text for line in lines) + "\n", encoding="utf-8")
            for number, line in enumerate(lines, 1):
                for kind in line.kinds:
                    expected[kind].add((f"{split}.conll", number))
        return dict(expected)


def read_sample(split: str) -> list[Sentence]:
    """The sentences of a file of the sample corpus."""
    text = (ROOT / "sample" / f"{split}.conll").read_text(encoding="utf-8")
    return [[Line(row) for row in block.split("\n")] for block in text.strip("\n").split("\n\n")]


def find_outside(sentence: Sentence) -> list[int]:
    """Places amid words that are all `O`."""
    tags = [line.tag for line in sentence]
    return [place for place in range(2, len(tags) - 2) if set(tags[place - 2 : place + 3]) == {"O"}]


def find_single(sentence: Sentence, tag: str) -> int | None:
    """The place of an entity of one word."""
    tags = [line.tag for line in sentence] + ["O"]
    return next((n for n, found in enumerate(tags) if found == tag and not tags[n + 1].startswith("I-")), None)


def plant_mistakes(folder: Path, seed: int = 1) -> dict[str, set[tuple[str, int]]]:
    """Write the planted corpus into a folder: 39 mistakes of 14 kinds; gives their places by kind."""
    corpus = PlantedCorpus(seed)
    plant_rows(corpus)
    plant_words(corpus)
    plant_tags(corpus)
    for source in ("dev", "test", "test"):
        corpus.copy(["leakage"], source, "train")
    for split in ("train", "test"):
        corpus.copy(["duplicate_sentence"], split, split)
        corpus.copy(["duplicate_sentence", "conflicting_annotation"], split, split, untagged=True)
    corpus.splits["dev"].insert(0, [Line("word\ttag", ["header_line"])])
    return corpus.write(folder)


def plant_rows(corpus: PlantedCorpus) -> None:
    """Rows of another shape, and a document start inside a sentence."""
    for split in SPLITS:
        corpus.change("ragged_row", split, lambda line: f"{line.text}\tO\textra")
    corpus.change("missing_tag", "train", lambda line: line.word)
    corpus.change("missing_tag", "test", lambda line: f"{line.word}\t")
    corpus.change("ragged_row", "train", lambda line: f"{line.text}\t\t")
    sentence, place = corpus.pick_outside("train")
    sentence.insert(place, Line("-DOCSTART-\tO", ["document_start"]))


def plant_words(corpus: PlantedCorpus) -> None:
    """Words that are none."""
    for word in ("", "\u00a0"):
        corpus.change("empty_word", "train", lambda line, word=word: f"{word}\tO")
    for word in ("Zo\u00c3\u00ab", "ab\u0096c", "a\u200bb", "caf\ufffd", "well\u00a0known"):
        corpus.change("odd_word", "test", lambda line, word=word: f"{word}\tO")


def plant_tags(corpus: PlantedCorpus) -> None:
    """Tags that are illegal, of another scheme, misspelt, unknown, or none."""
    for split, entity_type in zip(SPLITS, ("PER", "LOC", "ORG"), strict=True):
        corpus.change("illegal_transition", split, lambda line, name=entity_type: f"{line.word}\tI-{name}")
        respell(corpus.pick(split, lambda sentence: find_single(sentence, "B-LOC") is not None))
    for new_tag in ("B-PERS", "B-PERS", "b-PER", "B_PER"):
        corpus.change_single("near_miss_label", "train", "B-PER", new_tag)
    corpus.change_single("label_not_in_train", "dev", "B-MISC", "B-EVENT")
    corpus.change_single("label_not_in_train", "test", "B-MISC", "B-LAW")
    corpus.change("odd_tag", "train", lambda line: f"{line.word}\t17")
    corpus.change("odd_tag", "dev", lambda line: f"{line.word}\t{line.word.lower()}")
    corpus.change("odd_tag", "test", lambda line: "B-LOC\tPragueton")


def respell(sentence: Sentence) -> None:
    """Spell a sentence's tags as IOBES; the first line that shows it is marked."""
    tags = convert_tags([line.tag for line in sentence], Scheme.IOB2, Scheme.IOBES)
    sentence[:] = [Line(f"{line.word}\t{tag}") for line, tag in zip(sentence, tags, strict=True)]
    next(line for line in sentence if line.tag[0] in "ES").kinds.append("mixed_schemes")
