"""Gold with made-up predictions, for what is computed from both."""

import random
from pathlib import Path

from conftest import REAL_DATA, SENTENCES

from token_classification.data.entities import find_entities
from token_classification.data.formats import read_sentences
from token_classification.data.schemes import Scheme, is_prefixed, split_tag
from token_classification.data.sentences import Sentences
from token_classification.reporting.evaluation import LabelledSplit


def list_corpora() -> list[str]:
    """One labelled file of each public corpus, relative to their folder: of those with splits the validation split."""
    found = {path.parent.name: path for name in ("*", "dev") for path in sorted(REAL_DATA.glob(f"*/{name}.*"))}
    files = [path.relative_to(REAL_DATA).as_posix() for path in found.values() if path.stem != "unlabelled"]
    return files or ["absent"]


def read_labelled(path: Path) -> Sentences:
    """Read one of them; the universal tags of CoNLL-U, the entities of all others."""
    return read_sentences(path, task="pos" if path.suffix == ".conllu" else "ner")


def perturb(gold: list[list[str]], seed: int = 0) -> list[list[str]]:
    """Predictions with errors of every class, also with illegal tags here and there; entities are written as IOB2."""
    choose = random.Random(seed)
    names = sorted({tag for tags in gold for tag in tags})
    if not any(map(is_prefixed, names)):
        return [[choose.choice(names) if choose.random() < 0.2 else tag for tag in tags] for tags in gold]
    kinds = sorted({split_tag(tag)[1] for tag in names} - {""})
    changed = []
    for tags in gold:
        row = ["O"] * len(tags)
        for kind, start, end in find_entities(tags):
            if choose.random() < 0.2:
                continue
            if choose.random() < 0.2:
                start, end = max(0, start - choose.randint(0, 1)), min(len(tags), end + choose.randint(0, 1))
            if choose.random() < 0.2:
                kind = choose.choice(kinds)
            row[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
        changed.append([choose.choice(names) if choose.random() < 0.03 else tag for tag in row])
    return changed


def make_sentences(times: int = 1) -> Sentences:
    """The eight sentences of conftest, again and again."""
    tokens = [words.split() for words, _ in SENTENCES] * times
    lines, line = [], 1
    for words in tokens:
        lines.append(line)
        line += len(words) + 1
    return Sentences(tokens, [tags.split() for _, tags in SENTENCES] * times, lines)


def make_split(times: int = 5, **settings) -> LabelledSplit:
    """A split with errors of every class."""
    sentences = make_sentences(times)
    options = {"name": "test", "source": "test.conll", "scheme": Scheme.IOB2, "model": "my-model"} | settings
    return LabelledSplit(sentences=sentences, predicted=perturb(sentences.tags, seed=3), **options)
