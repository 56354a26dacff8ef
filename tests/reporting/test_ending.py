"""The last lines of a run name what is there, and a command that can be typed."""

from pathlib import Path

import pytest

from token_classification.arguments.data import DataArguments
from token_classification.arguments.export import ExportArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.report import ReportArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.reporting.ending import describe_ending
from token_classification.scoring.evaluate import SplitResults

SCORED, UNSCORED = SplitResults([], [], {"f1": 1.0}, {}), SplitResults([], [], {"samples": 1}, {})


def end(
    results: dict[str, SplitResults], folder: str = "out", report: bool = True, export: bool = False, **steps: bool
) -> list[str]:
    """The last lines of a run that took these steps."""
    training = NerTrainingArguments(output_dir=folder, use_cpu=True, report_to="none", **steps)
    arguments = RunArguments(
        ModelArguments("model"),
        DataArguments(test_file="x"),
        training,
        report=ReportArguments(report=report),
        export=ExportArguments(do_export=export),
    )
    return describe_ending(arguments, results).splitlines()


def list_places(lines: list[str]) -> list[Path]:
    """The files and folders that the lines name."""
    return [Path(line.split(":", 1)[1].strip()) for line in lines if line.split(":")[0].isalpha()]


def test_a_training_names_the_model_and_how_to_use_it() -> None:
    lines = end({"validation": SCORED, "test": SCORED}, do_train=True, do_eval=True, do_predict=True)
    assert list_places(lines) == [
        Path("out"),
        Path("out/all_results.json"),
        Path("out/predictions.conll"),
        Path("out/report/validation/report.html"),
        Path("out/report/report.html"),
    ]
    assert "python run_ner.py --model_name_or_path out --test_file" in lines[-1]


def test_a_scored_test_set_can_be_compared() -> None:
    assert "token_classification compare" in end({"test": SCORED}, do_predict=True)[-1]


@pytest.mark.parametrize(
    ("results", "report", "places"),
    [
        ({"test": UNSCORED}, True, ["out/predictions.conll"]),
        ({"validation": SCORED}, False, ["out/all_results.json"]),
        ({}, True, []),
    ],
)
def test_what_was_not_written_is_not_named(results: dict, report: bool, places: list[str]) -> None:
    assert list_places(end(results, report=report)) == [Path(place) for place in places]


def test_an_export_is_named() -> None:
    assert list_places(end({}, export=True)) == [Path("out/export")]


def test_a_folder_of_any_name_can_be_typed() -> None:
    lines = end({}, folder="my \x1b[31m model", do_train=True)
    assert "\x1b" not in "\n".join(lines)
    assert r"$'my \x1b[31m model'" in lines[-1]
