"""What the system refused, whichever library says so: those in Rust and C++ do not raise OSError."""

import errno
import os
import re

OS_ERROR_NUMBER = re.compile(r"\(os error (\d+)\)")
"""How libraries written in Rust (safetensors, tokenizers) name an error number"""
COPY_ERROR = re.compile(r"\[Errno (\d+)\]")
"""How `shutil.copytree` lists what it could not copy"""
STRERROR = re.compile(r"strerror: ([^.\n]+)")
"""How torch names it where a file can't be opened"""
TORCH_WRITE_ERROR = re.compile(r"PytorchStreamWriter failed|inline_container\.cc:\d+\] \. unexpected pos")
"""How `torch.save` says that a file could not be written to its end"""
NUMBERS = {os.strerror(number): number for number in errno.errorcode}


def find_error_number(error: BaseException) -> int | None:
    """The number (`errno.ENOSPC` ...) of what the system refused; None for an error of another kind."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    text = str(error)
    if match := COPY_ERROR.search(text):
        return int(match[1])
    if match := OS_ERROR_NUMBER.search(text):
        return int(match[1])
    if match := STRERROR.search(text):
        return NUMBERS.get(match[1].strip())
    if isinstance(error, RuntimeError) and TORCH_WRITE_ERROR.search(text):
        # torch does not say why; the file was opened, so what was missing is room.
        return errno.ENOSPC
    return None
