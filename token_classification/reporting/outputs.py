"""Which files a run leaves in its output folder: checked before the work, so that nobody's files are replaced."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.results_folder import check_own_files, claim_files
from token_classification.errors import UserError
from token_classification.recipe import Recipe
from token_classification.reporting.calibration import CALIBRATION_FILES
from token_classification.reporting.evaluation_report import REPORT_FILES, REPORT_FOLDER
from token_classification.reporting.predictions import LEGACY_PREDICTIONS, LEVEL_TAGS, PREDICTIONS, TAG_LINES
from token_classification.scoring.metrics_file import ALL_RESULTS

CARD = "README.md"
RUN_RECORD = "run.json"
OLD_TEST_RECORD = "old_test.json"
"""Scores on an old test set before and after a training"""
EVALUATION_RECORD = "eval_run.json"
"""Record of a run that did not train, in a folder whose `run.json` says how its model was trained"""


def check_outputs(arguments: RunArguments, recipe: Recipe, levels: Sequence[str] = ()) -> None:
    """Check before the work that its results replace no files that this tool has not written.

    Args:
        arguments: The settings of the run.
        recipe: Where the model is written.
        levels: Those of nested entities, if it is known already that there are any.

    Raises:
        UserError: there is such a file, and no `--overwrite_output_dir`; or no model can be saved in the folder.
    """
    training = arguments.training
    if training.do_train:
        _refuse_undecodable(str(training.output_dir))
    if training.process_index == 0 and not training.overwrite_output_dir:
        for folder, names in list_outputs(arguments, recipe, levels).items():
            check_own_files(folder, names, "give another --output_dir, or --overwrite_output_dir to write over it")


def _refuse_undecodable(folder: str) -> None:
    """Refuse a path that is not UTF-8: the libraries that write weights and tokenizers take nothing else."""
    try:
        str(Path(folder).resolve()).encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(
            f"--output_dir {folder}: its name is not UTF-8, so no model can be saved there; accepted: UTF-8; "
            "give another --output_dir"
        ) from None


def claim_outputs(arguments: RunArguments, recipe: Recipe, levels: Sequence[str] = ()) -> None:
    """Note in the output folder that these files are this tool's, so that later runs may overwrite them.

    Reports are claimed when they are written; see `write_evaluation_report`.
    """
    training = arguments.training
    if training.process_index == 0:
        outputs = list_outputs(arguments, recipe, levels)
        for folder in [training.folder, *(training.folder / level for level in levels if training.do_predict)]:
            claim_files(folder, outputs[folder])


def list_outputs(arguments: RunArguments, recipe: Recipe, levels: Sequence[str] = ()) -> dict[Path, list[str]]:
    """List the files that a run may write for people and programs: folder -> names.

    With levels of nested entities, tags and reports of each are in a folder of its name. The model's own files are not
    among them; `find_checkpoint` looks after those.
    """
    training = arguments.training
    folder = training.folder
    names = [choose_record_name(training), ALL_RESULTS]
    if arguments.data.old_test_file:
        names.append(OLD_TEST_RECORD)
    if training.do_train:
        names += ["train_results.json", "trainer_state.json"]
        # What belongs to a model elsewhere goes there with it.
        if recipe.model_folder is None:
            names += [CARD, *(CALIBRATION_FILES if arguments.report.calibrate else ())]
    if training.do_eval:
        names.append("eval_results.json")
    tags: list[str] = []
    if training.do_predict:
        names.append("predict_results.json")
        tags = [TAG_LINES, PREDICTIONS, *([LEGACY_PREDICTIONS] if arguments.report.legacy_predictions else [])]
    outputs = {folder: [*names, *([LEVEL_TAGS] if levels and tags else tags)]}
    outputs |= {folder / level: tags for level in levels if tags}
    scored = [split for split, is_used in (("validation", training.do_eval), ("test", training.do_predict)) if is_used]
    if arguments.report.report:
        for place in [folder / level for level in levels] or [folder]:
            outputs |= {choose_report_folder(place, split, scored): list(REPORT_FILES) for split in scored}
    return outputs


def choose_report_folder(folder: Path, split: str, scored: Collection[str]) -> Path:
    """Return `report/`, or for the validation split `report/validation/` where the test split has a report, too."""
    is_second = split == "validation" and "test" in scored
    return folder / REPORT_FOLDER / split if is_second else folder / REPORT_FOLDER


def choose_record_name(training: NerTrainingArguments) -> str:
    """Return the name of the run's record: a run that does not train leaves the record of the training alone."""
    folder = training.folder
    holds_model = (folder / "config.json").exists() or _is_of_training(folder / RUN_RECORD)
    return EVALUATION_RECORD if holds_model and not training.do_train else RUN_RECORD


def _is_of_training(record: Path) -> bool:
    """Return whether a `run.json` is that of a training; one that can't be read may be."""
    if not record.exists():
        return False
    try:
        return json.loads(record.read_text(encoding="utf-8"))["training_arguments"]["do_train"] is not False
    except (ValueError, KeyError, TypeError):
        return True
