"""What a library says when the system refuses it something, in the words of the library itself."""

import errno
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerBase

from token_classification.system_errors import find_error_number


def save_with_tokenizers(path: Path, tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.backend_tokenizer.save(str(path))


@pytest.mark.parametrize(
    ("save", "kind"),
    [
        (lambda path, _: path.write_bytes(b"x"), OSError),
        (lambda path, _: torch.save({}, path), RuntimeError),
        (lambda path, _: save_file({"a": torch.ones(1)}, path), SafetensorError),
        (save_with_tokenizers, Exception),
    ],
    ids=["python", "torch", "safetensors", "tokenizers"],
)
def test_a_folder_in_the_place_of_a_file_is_recognised(save, kind, tmp_path: Path, wordpiece) -> None:
    with pytest.raises(kind) as caught:
        save(tmp_path, wordpiece)
    assert find_error_number(caught.value) == errno.EISDIR


def test_a_folder_that_can_not_be_copied_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "link").symlink_to("nowhere")
    with pytest.raises(shutil.Error) as caught:
        shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert find_error_number(caught.value) == errno.ENOENT


@pytest.mark.parametrize("error", [ValueError("no space"), RuntimeError("shape mismatch"), KeyError("os error")])
def test_other_errors_are_none_of_the_system(error: Exception) -> None:
    assert find_error_number(error) is None
