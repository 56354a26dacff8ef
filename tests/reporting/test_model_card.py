"""The model card: valid for the Hub, with a table per scored split."""

import hashlib
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard

from token_classification.arguments.data import DataArguments
from token_classification.arguments.decoding import DecodingArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.formats import read_sentences
from token_classification.data.inputs import read_and_describe
from token_classification.data.labels import LabelSet
from token_classification.data.load import Corpus
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.recipe import DEFAULT_RECIPE, HeadOptions, Recipe
from token_classification.reporting.evaluation import Evaluation, LabelledSplit, analyse_split
from token_classification.reporting.model_card import write_model_card
from token_classification.scoring.evaluate import SplitResults
from token_classification.scoring.metrics import flatten_scores, score_tags, type_scores
from token_classification.training.optimizer import NamedOptimizer

GOLD = [["B-PER", "I-PER", "O"], ["O", "B-LOC", "O"]]
PREDICTED = [["B-PER", "I-PER", "O"], ["B-LOC", "I-LOC", "O"]]
SENTENCES = Sentences([["Anna", "Smith", "left"], ["to", "Paris", "."]], GOLD, [1, 5])


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

    def write_with(
        results: dict[str, SplitResults],
        model: str = "owner/base",
        evaluations: dict[str, Evaluation] | None = None,
        recipe: Recipe = DEFAULT_RECIPE,
        settings: dict | None = None,
        decoding: DecodingArguments | None = None,
        **data,
    ) -> ModelCard:
        arguments = RunArguments(
            ModelArguments(model),
            DataArguments(**(data or {"dataset_name": "owner/corpus"})),
            NerTrainingArguments(output_dir=str(folder), use_cpu=True, seed=17, **(settings or {})),
            decoding=decoding or DecodingArguments(),
            command_line=("run_ner.py", "--output_dir", str(folder), f"--train_file={folder}/x.conll"),
        )
        source = data.get("train_file", "owner/corpus/validation")
        files = read_and_describe(partial(read_sentences, source))[1] if "train_file" in data else ()
        corpus = Corpus({"validation": SENTENCES}, {"validation": source}, files={"validation": files})
        label_set = LabelSet(("O", "B-PER", "I-PER"), Scheme.IOB2)
        write_model_card(folder / "README.md", arguments, recipe, corpus, label_set, 128, results, evaluations or {})
        return ModelCard.load(folder / "README.md")

    return write_with


def read_table(card: ModelCard, heading: str = "## Scores") -> dict[str, list[str]]:
    """First cell -> other cells of the rows of the table below a heading."""
    section = card.text.partition(f"{heading}\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("|")]
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
        "type": ["precision", "recall", "F1", "95% interval of F1", "in gold"],
        "---": ["---:", "---:", "---:", "---:", "---:"],
        "LOC": ["0.0000", "0.0000", "0.0000", "", "1"],
        "PER": ["1.0000", "1.0000", "1.0000", "", "1"],
        "**micro**": ["0.5000", "0.5000", "0.5000", "", "2"],
        "**macro**": ["", "", "0.5000", "", ""],
        "**strict**": ["0.5000", "0.5000", "0.5000", "", ""],
    }


def test_the_intervals_of_the_report_stand_in_the_table(write) -> None:
    split = LabelledSplit("validation", "dev.conll", SENTENCES, PREDICTED, Scheme.IOB2)
    card = write({"validation": make_results()}, evaluations={"validation": analyse_split(split)})
    table = read_table(card)
    # Each type stands in one sentence: no replicate that holds it scores otherwise.
    assert [table[name][3] for name in ("LOC", "PER")] == ["0.0000 to 0.0000", "1.0000 to 1.0000"]
    assert [table[f"**{name}**"][3] for name in ("micro", "macro", "strict")] == [
        "0.0000 to 1.0000",
        "0.5000 to 0.5000",
        "0.0000 to 1.0000",
    ]
    assert "percentile bootstrap" in card.text


def test_the_data_are_named_with_size_and_checksum(write, conll_file: Path) -> None:
    table = read_table(write({"validation": make_results()}, train_file=str(conll_file)), "## Data")
    checksum = hashlib.sha256(conll_file.read_bytes()).hexdigest()
    assert table["validation"] == ["eight.conll", "2", "6", f"`{checksum}`"]


def test_the_command_and_the_hardware_are_told_without_paths(write, tmp_path: Path) -> None:
    text = write({"validation": make_results()}).text
    assert "```bash\npython run_ner.py --output_dir my-model --train_file=x.conll\n```" in text
    assert "on CPU (" in text
    assert str(tmp_path) not in text


def test_plain_tags_have_no_strict_row(write) -> None:
    table = read_table(write({"test": make_results(scheme=Scheme.PLAIN)}, dataset_name="x/y", task_name="pos"))
    assert table["B-PER"] == ["1.0000", "1.0000", "1.0000", "", "1"]
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
        "Labels (IOB2): `O`, `B-PER`, `I-PER`",
        "more than 128 sub-tokens",
        "named entity recognition",
        "3 epochs, batch size 8,",
        f"PyTorch {version('torch')}",
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


def test_what_was_learnt_otherwise_is_said(write) -> None:
    usual = write({"test": make_results()}).text
    recipe = Recipe(head=HeadOptions(3, 0.2, "tanh"), balances_classes=True, optimizer=NamedOptimizer("adamax", 1e-3))
    card = write({"test": make_results()}, recipe=recipe).text
    for words in ("3 layers (tanh)", "dropout of 0.2", "weighted against their frequency", "adamax"):
        assert words in card
        assert words not in usual


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_steps": 1200}, "\n1,200 steps, batch size 8,"),
        ({"gradient_accumulation_steps": 4, "num_train_epochs": 2.5}, "\n2.5 epochs, batch size 32,"),
        ({"early_stopping_patience": 2}, "\nAt most 3 epochs,"),
    ],
)
def test_the_length_of_the_training_is_what_was_asked_for(write, settings: dict, said: str) -> None:
    assert said in write({"test": make_results()}, settings=settings).text


@pytest.mark.parametrize(
    ("decoding", "said"),
    [
        ({}, ["overlapping windows", "its most probable tag"]),
        ({"long_sentences": "truncate", "decoder": "viterbi"}, ["cut off after 128 sub-tokens", "(Viterbi)"]),
    ],
)
def test_how_tags_come_about_is_said(write, decoding: dict, said: list[str]) -> None:
    text = write({"test": make_results()}, decoding=DecodingArguments(**decoding)).text
    assert all(words in text for words in said)


def test_scores_on_files_name_the_file_of_each_split(write, conll_file: Path) -> None:
    data = write({"validation": make_results()}, train_file=str(conll_file)).data
    assert {result.dataset_name for result in data.eval_results} == {conll_file.name}
