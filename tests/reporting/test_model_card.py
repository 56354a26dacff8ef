"""The model card: valid for the Hub, with a table per scored split."""

from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard

from token_classification.arguments import DataArguments, ModelArguments, NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.reporting.model_card import write_model_card
from token_classification.scoring.evaluate import SplitResults
from token_classification.scoring.metrics import flatten_scores, score_tags, type_scores

GOLD = [["B-PER", "I-PER", "O"], ["O", "B-LOC", "O"]]
PREDICTED = [["B-PER", "I-PER", "O"], ["B-LOC", "I-LOC", "O"]]


def make_results(gold: list[list[str]] | None = GOLD, scheme: Scheme = Scheme.IOB2) -> SplitResults:
    """Results of a split, as `evaluate_split` gives them."""
    scores = {} if gold is None else score_tags(gold, PREDICTED, scheme)
    metrics = flatten_scores(scores, with_types=False) | {"samples": 2, "words": 6, "loss": 0.5}
    return SplitResults(PREDICTED, np.ones(6, dtype=np.float32), metrics, type_scores(scores))


@pytest.fixture
def write(tmp_path: Path):
    """Give a function that writes a card and loads it with the Hub's own reader."""
    folder = tmp_path / "my-model"
    folder.mkdir()

    def write_with(results: dict[str, SplitResults], model: str = "owner/base", **data) -> ModelCard:
        arguments = (
            ModelArguments(model),
            DataArguments(**(data or {"dataset_name": "owner/corpus"})),
            NerTrainingArguments(output_dir=str(folder), use_cpu=True, seed=17),
        )
        write_model_card(folder, arguments, LabelSet(("O", "B-PER", "I-PER"), Scheme.IOB2), 128, results)
        return ModelCard.load(folder / "README.md")

    return write_with


def read_table(card: ModelCard) -> dict[str, list[str]]:
    """First cell -> other cells of the card's table rows."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in card.text.splitlines() if line.startswith("|")
    ]
    return {row[0]: row[1:] for row in rows}


def test_the_metadata_is_what_the_hub_reads(write) -> None:
    data = write({"validation": make_results()}).data
    assert (data.library_name, data.pipeline_tag) == ("transformers", "token-classification")
    assert data.base_model == "owner/base"
    assert data.datasets == ["owner/corpus"]
    assert data.tags == ["token-classification", "ner"]
    found = {(result.dataset_split, result.metric_type): result.metric_value for result in data.eval_results}
    assert found == {
        ("validation", "precision"): 0.5,
        ("validation", "recall"): 0.5,
        ("validation", "f1"): 0.5,
        ("validation", "accuracy"): 0.666667,
    }


def test_every_scored_split_has_its_results(write) -> None:
    card = write({"validation": make_results(), "test": make_results(PREDICTED)})
    found = {
        result.dataset_split: result.metric_value for result in card.data.eval_results if result.metric_type == "f1"
    }
    assert found == {"validation": 0.5, "test": 1.0}
    assert "### Validation: 2 sentences, 6 words" in card.text
    assert "### Test: 2 sentences, 6 words" in card.text


def test_the_table_has_a_row_per_type(write) -> None:
    assert read_table(write({"validation": make_results()})) == {
        "type": ["precision", "recall", "F1", "number"],
        "---": ["---:", "---:", "---:", "---:"],
        "LOC": ["0.0000", "0.0000", "0.0000", "1"],
        "PER": ["1.0000", "1.0000", "1.0000", "1"],
        "**micro**": ["0.5000", "0.5000", "0.5000", "2"],
        "**macro**": ["", "", "0.5000", ""],
        "**strict**": ["0.5000", "0.5000", "0.5000", ""],
    }


def test_plain_tags_have_no_strict_row(write) -> None:
    table = read_table(write({"test": make_results(scheme=Scheme.PLAIN)}, dataset_name="x/y", task_name="pos"))
    assert table["B-PER"] == ["1.0000", "1.0000", "1.0000", "1"]
    assert "**strict**" not in table


@pytest.mark.parametrize("results", [{}, {"test": make_results(gold=None)}])
def test_without_scores_the_card_says_so(write, results: dict[str, SplitResults]) -> None:
    card = write(results)
    assert "Not scored." in card.text
    assert not card.data.eval_results


def test_the_text_names_what_the_model_is(write) -> None:
    text = write({"validation": make_results()}).text
    for part in (
        "# my-model",
        "fine-tuned from `owner/base` on `owner/corpus`",
        "Labels (iob2): `O`, `B-PER`, `I-PER`",
        "windows of 128 sub-tokens",
        "seed 17",
        'model="my-model"',
    ):
        assert part in text


def test_folders_and_files_of_this_machine_are_no_names_on_the_hub(write, tmp_path: Path, conll_file: Path) -> None:
    base = tmp_path / "local-base"
    base.mkdir()
    gone = str(tmp_path / "gone.conll")
    for data in ({"train_file": str(conll_file)}, {"test_file": gone}, {"dataset_name": str(base)}):
        card = write({"validation": make_results()}, model=str(base), **data)
        assert card.data.base_model is None
        assert card.data.datasets is None
        assert str(tmp_path) not in card.content
        assert "from `local-base` on" in card.text
