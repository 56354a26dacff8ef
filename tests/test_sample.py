"""Checks the demo corpus in sample/: its format, what it promises, and that its generator writes the same bytes."""

import runpy
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

SAMPLE_DIR = Path(__file__).resolve().parents[1] / "sample"
SPLIT_SIZES = {"train": 1600, "dev": 320, "test": 320}
TYPES = {"PER", "LOC", "ORG", "MISC"}

Sentence = list[tuple[str, str]]


def read_split(split: str) -> list[Sentence]:
    """Reads the sentences of a split; every line must be word TAB tag."""
    text = (SAMPLE_DIR / f"{split}.conll").read_text(encoding="utf-8")
    sentences = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        cells = [line.split("\t") for line in block.split("\n")]
        assert all(len(cell) == 2 and all(part and not part.isspace() for part in cell) for cell in cells), block
        sentences.append([(word, tag) for word, tag in cells])
    return sentences


def collect_mentions(sentences: list[Sentence]) -> list[tuple[str, str]]:
    """Collects (name, type) of every mention."""
    mentions: list[tuple[list[str], str]] = []
    for sentence in sentences:
        for word, tag in sentence:
            if tag.startswith("B-"):
                mentions.append(([word], tag[2:]))
            elif tag.startswith("I-"):
                mentions[-1][0].append(word)
    return [(" ".join(words), entity_type) for words, entity_type in mentions]


def run_generator(*arguments: str) -> subprocess.CompletedProcess:
    """Runs generate.py in a process of its own."""
    command = [sys.executable, "-B", str(SAMPLE_DIR / "generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Sentence]]:
    """Reads the committed corpus."""
    return {split: read_split(split) for split in SPLIT_SIZES}


def test_the_splits_have_their_sizes(corpus):
    assert {split: len(sentences) for split, sentences in corpus.items()} == SPLIT_SIZES
    assert sum((SAMPLE_DIR / f"{split}.conll").stat().st_size for split in SPLIT_SIZES) < 500_000


@pytest.mark.parametrize("split", SPLIT_SIZES)
def test_the_tags_are_legal_iob2_over_four_types(corpus, split):
    found_types = set()
    for sentence in corpus[split]:
        previous = "O"
        for word, tag in sentence:
            prefix, _, entity_type = tag.partition("-")
            assert tag == "O" or (prefix in "BI" and entity_type in TYPES), (word, tag)
            if prefix == "I":
                assert previous in (f"B-{entity_type}", f"I-{entity_type}"), (word, tag, sentence)
            previous = tag
            found_types.add(entity_type)
    assert found_types - {""} == TYPES


def test_the_generator_writes_the_committed_bytes(tmp_path):
    result = run_generator("--output_dir", str(tmp_path))
    assert result.returncode == 0, result.stderr
    for split in SPLIT_SIZES:
        name = f"{split}.conll"
        assert (tmp_path / name).read_bytes() == (SAMPLE_DIR / name).read_bytes(), name


def test_another_seed_gives_another_corpus(tmp_path):
    assert run_generator("--output_dir", str(tmp_path), "--seed", "1").returncode == 0
    assert (tmp_path / "test.conll").read_bytes() != (SAMPLE_DIR / "test.conll").read_bytes()


def test_check_accepts_the_committed_files_and_names_the_first_difference(tmp_path):
    assert run_generator("--check").returncode == 0
    for split in SPLIT_SIZES:
        (tmp_path / f"{split}.conll").write_bytes((SAMPLE_DIR / f"{split}.conll").read_bytes())
    lines = (tmp_path / "dev.conll").read_bytes().split(b"\n")
    lines[4] = b"changed\tO"
    (tmp_path / "dev.conll").write_bytes(b"\n".join(lines))
    result = run_generator("--check", "--output_dir", str(tmp_path))
    assert result.returncode == 1
    assert "dev.conll, line 5: found 'changed\\tO'" in result.stderr
    (tmp_path / "train.conll").unlink()
    result = run_generator("--check", "--output_dir", str(tmp_path))
    assert result.returncode == 1
    assert "train.conll is missing" in result.stderr


@pytest.mark.parametrize("split", ["dev", "test"])
def test_most_names_do_not_occur_in_train(corpus, split):
    known = {name.casefold() for name, _ in collect_mentions(corpus["train"])}
    distinct = {name.casefold() for name, _ in collect_mentions(corpus[split])}
    assert len(distinct) >= 300
    assert len(distinct - known) / len(distinct) >= 0.7


@pytest.mark.parametrize(("split", "expected"), [("train", 25), ("dev", 8), ("test", 8)])
def test_ambiguous_names_occur_with_several_types(corpus, split, expected):
    types = defaultdict(set)
    for name, entity_type in collect_mentions(corpus[split]):
        types[name].add(entity_type)
    ambiguous = runpy.run_path(str(SAMPLE_DIR / "names.py"))["AMBIGUOUS"]
    assert sum(len(types[name]) >= 2 for name in ambiguous) >= expected


@pytest.mark.parametrize("split", SPLIT_SIZES)
def test_some_sentences_hold_no_name(corpus, split):
    without = sum(all(tag == "O" for _, tag in sentence) for sentence in corpus[split])
    assert 0.1 <= without / len(corpus[split]) <= 0.3


@pytest.mark.parametrize("split", SPLIT_SIZES)
def test_some_sentences_are_long(corpus, split):
    lengths = [len(sentence) for sentence in corpus[split]]
    assert max(lengths) >= 40
    assert sum(length >= 30 for length in lengths) / len(lengths) >= 0.05


def test_no_sentence_occurs_twice(corpus):
    texts = [" ".join(word for word, _ in sentence).casefold() for split in corpus.values() for sentence in split]
    assert len(texts) == len(set(texts))
