"""Columns of tags for each level, and corpora that have them."""

import pytest
from nested_sentences import LEVELS, NESTED, list_tags, write_nested

from token_classification.arguments.command_line import parse_command_line
from token_classification.data.labels import LabelSet
from token_classification.data.level_columns import split_columns
from token_classification.data.levels import LabelLevels, choose_labels, fit_levels
from token_classification.data.load import Corpus, load_corpus
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import DataError, UserError

ONE = LabelSet(("O", "B-X"), Scheme.IOB2)
TWO = LabelLevels(dict.fromkeys(LEVELS, ONE))


def load(path, columns: str, *flags: str) -> Corpus:
    """Load a training file."""
    argv = ["--model_name_or_path", "x", "--train_file", str(path), "--label_column_name", columns, *flags]
    return load_corpus(parse_command_line([*argv, "--output_dir", "out", "--do_train"])[0])


@pytest.mark.parametrize("columns", ["2,", ",3", "2,2", "ner,,inner"])
def test_columns_without_a_name_and_twice_the_same_are_refused(columns):
    with pytest.raises(UserError, match=r"one has no name or is named twice.*--label_column_name 2,3"):
        split_columns(columns)


def test_the_words_are_there_once_and_the_tags_of_each_level(tmp_path):
    corpus = load(write_nested(tmp_path / "nested.tsv"), "2, 3")
    words = corpus.splits["train"]
    assert words.tags is None
    assert corpus.has_tags("train")
    for name in LEVELS:
        level = corpus.levels[name].splits["train"]
        assert level.tags == list_tags(name)
        assert level.tokens is words.tokens


def test_named_columns_of_records(tmp_path):
    rows = [(words.split(), outer.split(), inner.split()) for words, outer, inner in NESTED]
    path = tmp_path / "nested.jsonl"
    path.write_text("".join(f'{{"tokens": {w}, "ner": {o}, "deep": {i}}}\n' for w, o, i in rows).replace("'", '"'))
    corpus = load(path, "ner,deep")
    assert [corpus.levels[name].splits["train"].tags for name in LEVELS] == [*map(list_tags, LEVELS)]


def test_the_same_sentences_are_held_out_of_each_level(tmp_path):
    corpus = load(write_nested(tmp_path / "nested.tsv"), "2,3", "--do_eval", "--validation_split", "0.5")
    held_out = corpus.splits["validation"].lines
    assert len(held_out) == 3
    assert all(corpus.levels[name].splits["validation"].lines == held_out for name in LEVELS)


def test_a_column_that_one_level_lacks_is_named(tmp_path):
    path = tmp_path / "flat.jsonl"
    path.write_text('{"tokens": ["Anna"], "ner": ["B-PER"]}\n')
    argv = ["--model_name_or_path", "x", "--test_file", str(path), "--label_column_name", "ner,zzz", "--do_predict"]
    with pytest.raises(DataError, match=r"flat\.jsonl:1: no tags in column zzz .*ner,zzz"):
        load_corpus(parse_command_line([*argv, "--output_dir", "out"])[0])


def test_all_levels_have_the_scheme_of_all_tags_together(tmp_path):
    """The inner level has nothing but O and I-, which by itself would be IOB1."""
    rows = [(words, outer, inner.replace("B-", "I-")) for words, outer, inner in NESTED]
    rows = [
        (words, outer, inner.replace("I-", "O I-")[2:] if inner.startswith("I-") else inner)
        for words, outer, inner in rows[:1]
    ]
    corpus = load(write_nested(tmp_path / "nested.tsv", [*NESTED, *rows]), "2,3")
    labels = choose_labels(corpus, task="ner", labels_file=None, model_labels=None, is_training=True)
    assert {level.scheme for level in labels.sets.values()} == {Scheme.IOB2}
    assert labels.names[0] == "outer:O"
    assert [labels.names[columns] for columns in labels.columns][1][0] == "inner:O"


@pytest.mark.parametrize(
    ("levels", "known", "is_training", "message"),
    [
        (2, ONE.names, False, "names 2 columns of tags, but the model knows the tags of one level"),
        (0, TWO, False, "on 2 levels, and the data have tags of 1; .*--label_column_name 2,3"),
        (3, TWO, False, "on 2 levels, and the data have tags of 3"),
        (0, TWO, True, "on 2 levels, and the data have tags of 1"),
    ],
)
def test_data_with_other_levels_than_the_model_are_refused(levels, known, is_training, message):
    rows = Corpus({"test": Sentences([["a"]], [["O"]], [1])}, {"test": "file"})
    corpus = Corpus(rows.splits, rows.sources, levels={f"level_{place}": rows for place in range(levels)})
    with pytest.raises(UserError, match=message):
        fit_levels(corpus, known, is_training=is_training)


def test_words_without_tags_get_the_levels_of_the_model():
    corpus = Corpus({"test": Sentences([["a"]], None, [1])}, {"test": "file"})
    assert [*fit_levels(corpus, TWO, is_training=False).levels] == [*LEVELS]
    assert fit_levels(corpus, ONE.names, is_training=False) is corpus
