"""Several text files of one folder that belong together: all of them are written, or none."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from token_classification.errors import UserError


def write_file_set(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write files (name -> text, UTF-8) into a folder, which is made if needed, and give their paths.

    All are written completely before the first one takes its place, so a full disk leaves the folder as it was.

    Raises: UserError when the folder can't be written to.
    """
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Inside of the folder: only on the same disk a finished file can take its place in one step.
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder))
        try:
            for name, text in texts.items():
                (unfinished / name).write_bytes(text.encode("utf-8"))
            for name in texts:
                os.replace(unfinished / name, folder / name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        for parent in made:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        raise UserError(
            f"{folder}: can't be written to ({error.strerror}); accepted: a folder with room that this user may write "
            f"to; check it with: df -h {folder}; ls -ld {folder}"
        ) from None
    return [folder / name for name in texts]
