"""What a repair changes: the words and tags that sentences get instead of their own."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from token_classification.checking.files import CheckedData, CheckedFile
from token_classification.checking.label_names import find_near_misses, is_swapped
from token_classification.checking.transitions import find_illegal_rows
from token_classification.checking.words import clean_word, is_plain
from token_classification.data.scheme_conversion import convert_tags
from token_classification.data.schemes import OUTSIDE, Scheme, is_prefixed


@dataclass
class RepairPlan:
    """New words and tags of the sentences of one file that change."""

    words: dict[int, list[str]] = field(default_factory=dict)
    """Sentence -> its words"""
    tags: dict[int, list[str]] = field(default_factory=dict)
    """Sentence -> its tags"""
    counts: Counter[str] = field(default_factory=Counter)
    """What was repaired -> how often"""


def plan_repairs(data: CheckedData, scheme: Scheme, target: Scheme) -> list[RepairPlan]:
    """Plan the repairs of each file: words cleaned, labels renamed, swapped columns exchanged, entities spelt legally.

    Args:
        data: The files.
        scheme: The scheme that they are in.
        target: The scheme that they are to have; another one than `scheme` converts all sentences.
    """
    counts = dict(zip(data.tags, data.count_tags(data.files).tolist(), strict=True))
    renamed, turned = find_near_misses(counts, scheme), data.turned_tags
    cleaned = {number: clean_word(word) for number, word in enumerate(data.words) if not is_plain(word)}
    new_words = {number: word for number, word in cleaned.items() if word not in (None, data.words[number])}
    plans = []
    for file in data.files:
        plan = RepairPlan()
        if file.tag_ids is not None and scheme != Scheme.PLAIN:
            _exchange_columns(data, file, renamed, plan)
        _clean_words(file, new_words, plan)
        if file.tag_ids is not None:
            _rename_labels(data, file, renamed, plan, "near-miss label")
            _rename_labels(data, file, turned, plan, "prefix after the type")
            if scheme != Scheme.PLAIN:
                _spell_entities(data, file, scheme, target, plan)
        plans.append(plan)
    return plans


def _exchange_columns(data: CheckedData, file: CheckedFile, renamed: dict[str, str], plan: RepairPlan) -> None:
    """Exchange word and tag where the word is a tag and the tag is none (and not just misspelt)."""
    known = {tag for tag in data.tags if is_prefixed(tag) and tag not in renamed}
    odd = np.array([tag != OUTSIDE and not is_prefixed(tag) and tag not in renamed for tag in data.tags])
    for position in np.flatnonzero(odd[file.gold_ids]).tolist():
        row, place = file.find_word(position)
        word, tag = file.sentences.tokens[row][place], file.sentences.gold[row][place]
        if is_swapped(word, tag, known):
            plan.words.setdefault(row, list(file.sentences.tokens[row]))[place] = tag
            plan.tags.setdefault(row, list(file.sentences.gold[row]))[place] = word
            plan.counts["swapped row"] += 1


def _clean_words(file: CheckedFile, new_words: dict[int, str], plan: RepairPlan) -> None:
    for position in np.flatnonzero(np.isin(file.word_ids, list(new_words))).tolist():
        row, place = file.find_word(position)
        words = plan.words.setdefault(row, list(file.sentences.tokens[row]))
        words[place] = new_words[int(file.word_ids[position])]
        plan.counts["odd word"] += 1


def _rename_labels(data: CheckedData, file: CheckedFile, renamed: dict[str, str], plan: RepairPlan, what: str) -> None:
    numbers = [number for number, tag in enumerate(data.tags) if tag in renamed]
    for position in np.flatnonzero(np.isin(file.gold_ids, numbers)).tolist():
        row, place = file.find_word(position)
        tags = plan.tags.setdefault(row, list(file.sentences.gold[row]))
        if tags[place] in renamed:
            tags[place] = renamed[tags[place]]
            plan.counts[what] += 1


def _spell_entities(data: CheckedData, file: CheckedFile, scheme: Scheme, target: Scheme, plan: RepairPlan) -> None:
    """Spell the entities of illegal sentences in their scheme, or those of all sentences in another one.

    Entities are read as conlleval does. A sentence with a tag that is none, or with a row that could not be read,
    stays as it is: nobody knows where its entities begin.
    """
    broken = file.find_broken_sentences()
    rows = (
        range(len(file.sentences))
        if target != scheme
        else np.flatnonzero(find_illegal_rows(file, data, scheme)).tolist()
    )
    for row in dict.fromkeys([*rows, *plan.tags]):
        tags = plan.tags.get(row, file.sentences.gold[row])
        if row not in broken and all(tag == OUTSIDE or data.marks_entity(tag) for tag in tags):
            legal = convert_tags(tags, scheme, target)
            if legal != tags:
                plan.tags[row] = legal
                plan.counts["tag sequence"] += 1
