"""Models of this dialect: a plain folder, or an encrypted archive where there is a key."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from token_classification.data.results_folder import check_own_files, claim_files, confine_name
from token_classification.data.whole_files import name_unfinished, remove_unfinished
from token_classification.errors import UserError
from token_classification.inference.export_record import read_export_record
from token_classification.tao.archive.archive import open_archive, write_archive
from token_classification.training.survival.checkpoints import CHECKPOINT_NAME

logger = logging.getLogger(__name__)

ARCHIVE_SUFFIX = ".tlt"


@contextmanager
def open_model(path: str | None, key: str | None) -> Iterator[Path]:
    """Open the folder of a model, or an archive, which is decrypted for as long as it is used.

    Raises:
        UserError: no model is given or found, or the key does not fit.
    """
    if path is None:
        raise UserError(
            "No model given: -m FOLDER, or -m trained-model.tlt with -k KEY (or restore_from in the spec)."
        )
    if Path(path).is_dir():
        if not (Path(path) / "config.json").is_file():
            raise UserError(
                f"-m {path}: holds no model (no config.json); a training leaves its model in checkpoints/."
            )
        yield Path(path)
        return
    if not Path(path).is_file():
        raise UserError(
            f"-m {path}: no such file or folder; accepted: a model folder, or an archive of this tool; check the path."
        )
    with open_archive(Path(path), key) as folder:
        logger.info("Model restored from '%s'", path)
        yield folder


@contextmanager
def open_trainable_model(path: str | None, key: str | None) -> Iterator[Path]:
    """Open a model as `open_model` does, for a training to start from.

    Raises:
        UserError: as `open_model`, and for an exported model, which no training can change.
    """
    if path is not None and not Path(path).exists():
        raise UserError(
            f"-m {path}: no such file or folder; accepted: a model folder, or an archive of this tool. To train from "
            f"an encoder of the Hub, type model.language_model.pretrained_model_name={path} instead."
        )
    with open_model(path, key) as folder:
        if read_export_record(folder) is not None:
            raise UserError(f"-m {path}: an exported model can't be trained; give the one it was exported from.")
        yield folder


@contextmanager
def place_model(target: Path, key: str | None) -> Iterator[Path]:
    """Give a training the folder for its model; afterwards, `target` is what to use with -m.

    With a key, the folder is hidden beside `target` until it is sealed, and is removed in any case.
    """
    if key is None:
        yield target
        # Trainer's own record is a pickle; run.json and the spec say the same.
        (target / "training_args.bin").unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # The results folder is this command's alone: whatever is unfinished in it is from a command that was killed.
    remove_unfinished(target.parent)
    hidden = name_unfinished(target.with_suffix(""))
    folder = hidden / target.name.removesuffix(ARCHIVE_SUFFIX)
    try:
        yield folder
        (folder / "training_args.bin").unlink(missing_ok=True)
        write_archive(folder, target, key)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def name_model(checkpoints: Path, name: str, key: str | None) -> Path:
    """Return the folder, or with a key the archive, that a training leaves its model in.

    Raises:
        UserError: the name leads elsewhere or is that of a checkpoint, or no training has written what has that name.
    """
    confine_name(name, "exp_manager.name")
    if CHECKPOINT_NAME.fullmatch(name):
        raise UserError(f"exp_manager.name={name}: is the name of a checkpoint; accepted: e.g. trained-model.")
    target = checkpoints / (name if key is None else f"{name}{ARCHIVE_SUFFIX}")
    check_own_files(checkpoints, [target.name], "give another exp_manager.name=NAME, or another -r")
    claim_files(checkpoints, [target.name])
    return target
