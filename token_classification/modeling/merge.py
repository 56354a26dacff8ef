"""A whole model from an adapter and its encoder, in a folder of its own."""

import logging
import shutil
from pathlib import Path

from transformers import AutoTokenizer

from token_classification.arguments.model import ModelArguments
from token_classification.data.results_folder import lock_new_folder
from token_classification.data.whole_files import writing_file_set
from token_classification.errors import UserError
from token_classification.modeling.adapter_base import ADAPTER_CONFIG, read_adapter
from token_classification.modeling.average import CALIBRATION, TRAINING_RECORDS
from token_classification.modeling.build import load_config
from token_classification.modeling.merged_adapter import load_merged
from token_classification.modeling.source import name_model_problems
from token_classification.modeling.weights import hide_weight_bars

logger = logging.getLogger(__name__)


def write_merged(source: Path, target: Path) -> None:
    """Write the model that an adapter and its encoder are together, with tokenizer and records of its training.

    Args:
        source: The folder of the adapter.
        target: A new folder.

    Raises:
        UserError: no adapter, see `load_merged`, or a target that holds something or can't be written to.
    """
    adapter, arguments = read_adapter(source), ModelArguments(str(source))
    if adapter is None:
        raise UserError(
            f"-m {source}: no adapter (no {ADAPTER_CONFIG}); accepted: the output folder of run_ner.py --lora_rank; "
            "other models are whole already"
        )
    with lock_new_folder(target, "-r"):
        with name_model_problems(str(source)):
            model = load_merged(adapter, arguments, load_config(arguments))
            tokenizer = AutoTokenizer.from_pretrained(source)
        with writing_file_set(target) as unfinished, hide_weight_bars():
            model.save_pretrained(unfinished)
            tokenizer.save_pretrained(unfinished)
            for name in TRAINING_RECORDS:
                if (source / name).is_file():
                    shutil.copyfile(source / name, unfinished / name)
    if (source / CALIBRATION).is_file():
        logger.warning(
            "%s belongs to the adapter's files: token_classification calibrate makes one again.", CALIBRATION
        )
