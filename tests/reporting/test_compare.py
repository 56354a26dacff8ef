"""Two runs against each other: found where they lie, refused where they can't be compared."""

from pathlib import Path

import pytest
from conftest import write_sentences
from tagged_splits import make_sentences, perturb

from token_classification.errors import DataError, UserError
from token_classification.reporting.compare import compare_runs, read_run
from token_classification.reporting.predictions import write_predictions, write_tagged_words
from token_classification.scoring.metrics import score_tags


def write_run(folder: Path, predicted: list[list[str]] | None = None, times: int = 4) -> Path:
    """An output folder with predictions; without any they are the gold."""
    folder.mkdir(parents=True)
    sentences = make_sentences(times)
    write_predictions(folder, sentences, predicted or sentences.tags)
    return folder


@pytest.fixture
def runs(tmp_path) -> tuple[Path, Path]:
    """A run with errors, and one without."""
    return write_run(tmp_path / "a", perturb(make_sentences(4).tags)), write_run(tmp_path / "b")


def test_scores_and_sentences(runs) -> None:
    comparison = compare_runs(*map(read_run, map(str, runs)))
    scores = [score_tags(run.sentences.tags, run.predicted, comparison.scheme) for run in (comparison.a, comparison.b)]
    assert [comparison.micro.a, comparison.micro.b] == pytest.approx([row["overall_f1"] for row in scores])
    for name, row in comparison.types.items():
        assert [row.a, row.b] == pytest.approx([side[name]["f1"] for side in scores])
        assert row.low <= row.value <= row.high
    pairs = zip(comparison.a.predicted, comparison.b.predicted, strict=True)
    assert list(comparison.fixed) == [number for number, (a, b) in enumerate(pairs) if a != b]
    assert comparison.broken == {}
    assert comparison.p_value < 0.01


def test_the_other_way_round_what_was_fixed_is_broken(runs) -> None:
    there, back = (compare_runs(*map(read_run, map(str, order))) for order in (runs, runs[::-1]))
    assert list(there.fixed) == list(back.broken)
    assert there.micro.value == -back.micro.value


def test_runs_are_found_by_output_folder_report_folder_and_file(tmp_path) -> None:
    sentences = make_sentences()
    (tmp_path / "run" / "report").mkdir(parents=True)
    file = tmp_path / "run" / "report" / "predictions.conll"
    write_tagged_words(file, sentences, sentences.tags)
    write_tagged_words(tmp_path / "run" / "predictions.conll", sentences, [["O"] * len(row) for row in sentences.tags])
    assert {read_run(str(place)).path for place in (tmp_path / "run", tmp_path / "run" / "report", file)} == {file}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda s: s.tokens[1].__setitem__(0, "That"),
            r"b/predictions.conll:11: the word 'That' where .*a/.*:11 has the word 'The'",
        ),
        (
            lambda s: s.tags[1].__setitem__(0, "B-LOC"),
            r":11: gold 'B-LOC' for 'The' where .*:11 has gold 'O' for 'The'",
        ),
        (lambda s: (s.tokens[1].pop(), s.tags[1].pop()), r":11: 8 words where .*:11 has 9 words"),
        (lambda s: (s.tokens.pop(), s.tags.pop()), r"end differently: 8 and 7 sentences"),
    ],
)
def test_other_test_sets_are_refused(tmp_path, change, found: str) -> None:
    first = write_run(tmp_path / "a", times=1)
    sentences = make_sentences()
    change(sentences)
    (tmp_path / "b").mkdir()
    write_tagged_words(tmp_path / "b" / "predictions.conll", sentences, sentences.tags)
    with pytest.raises(DataError, match=found) as error:
        compare_runs(read_run(str(first)), read_run(str(tmp_path / "b")))
    assert "checksums of words and gold" in str(error.value)
    assert "predict with both models on the same file" in str(error.value)


def test_what_has_no_predictions_is_refused(tmp_path) -> None:
    for place in (tmp_path, tmp_path / "absent"):
        with pytest.raises(UserError, match=r"no predictions\.conll there; accepted: .*--do_predict"):
            read_run(str(place))


def test_predictions_without_gold_are_refused(tmp_path) -> None:
    path = write_sentences(tmp_path / "predictions.conll")
    with pytest.raises(DataError, match="2 columns, so there is no gold"):
        read_run(str(path))
