"""The last lines of a run of `run_ner.py`: where its results are, and what to type next."""

from collections.abc import Mapping
from pathlib import Path

from token_classification.arguments.run import RunArguments
from token_classification.output_text import make_printable, quote_path
from token_classification.reporting.outputs import choose_report_folder
from token_classification.reporting.predictions import PREDICTIONS
from token_classification.scoring.evaluate import SplitResults
from token_classification.scoring.metrics_file import ALL_RESULTS


def describe_ending(arguments: RunArguments, results: Mapping[str, SplitResults]) -> str:
    """Return where a run left what, a line each, and a command that goes on from there.

    Args:
        arguments: Those of the run.
        results: What the model made of each split that it was asked for.
    """
    training, folder = arguments.training, Path(arguments.training.output_dir)
    scored = [split for split, result in results.items() if "f1" in result.metrics]
    reported = scored if arguments.report.report else []
    levels = [folder / level for result in results.values() for level in result.levels]
    folders = list(dict.fromkeys(levels)) or [folder]
    places = {
        "Model": [folder] if training.do_train else [],
        "Scores": [folder / ALL_RESULTS] if scored else [],
        "Tags": [place / PREDICTIONS for place in folders] if "test" in results else [],
        "Report": [
            choose_report_folder(place, split, scored) / "report.html" for split in reported for place in folders
        ],
        "Export": [folder / "export"] if arguments.export.do_export else [],
    }
    lines = [f"{name + ':':9}{make_printable(str(path))}" for name, paths in places.items() for path in paths]
    if training.do_train:
        lines.append(
            f"To tag a file with it: python run_ner.py --model_name_or_path {quote_path(folder)} --test_file FILE "
            "--output_dir FOLDER --do_predict"
        )
    elif "test" in scored:
        lines.append(
            f"To compare it with another run: token_classification compare OTHER_RUN {quote_path(folders[0])}"
        )
    return "\n".join(lines)
