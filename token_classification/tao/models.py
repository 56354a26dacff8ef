"""Models of this dialect: a plain folder, or with a key an encrypted archive."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from token_classification.errors import UserError
from token_classification.export.archive import open_archive, write_archive

logger = logging.getLogger(__name__)

ARCHIVE_SUFFIX = ".tlt"


@contextmanager
def open_model(path: str | None, key: str | None) -> Iterator[Path]:
    """The folder of a model: the one given, or that of an archive, decrypted for as long as it is used.

    Raises:
        UserError: no model given or found, or the key doesn't fit.
    """
    if path is None:
        raise UserError(
            "No model given: -m FOLDER, or -m trained-model.tlt with -k KEY (or restore_from in the spec)."
        )
    if Path(path).is_dir():
        if not (Path(path) / "config.json").is_file():
            raise UserError(f"-m {path}: no model there (no config.json); a training writes it to checkpoints/.")
        yield Path(path)
        return
    if not Path(path).is_file():
        raise UserError(f"-m {path}: no such file or folder.")
    with open_archive(Path(path), key) as folder:
        logger.info("Model restored from '%s'", path)
        yield folder


def seal_model(folder: Path, key: str | None) -> Path:
    """With a key the model's folder becomes `{folder}.tlt` and is removed. Gives what to use with -m."""
    # Trainer's own record is a pickle; run.json and the spec say the same.
    (folder / "training_args.bin").unlink(missing_ok=True)
    if key is None:
        return folder
    archive = folder.with_name(folder.name + ARCHIVE_SUFFIX)
    write_archive(folder, archive, key)
    shutil.rmtree(folder)
    return archive
