"""What the system refused, whichever library reports it: those in Rust and C++ do not raise OSError."""

import errno
import os
import re

OS_ERROR_NUMBER = re.compile(r"\(os error (\d+)\)")
"""How libraries written in Rust (safetensors, tokenizers) name an error number"""
COPY_ERROR = re.compile(r"\[Errno (\d+)\]")
"""How `shutil.copytree` lists files that it could not copy"""
STRERROR = re.compile(r"strerror: ([^.\n]+)")
"""How torch reports a file that can't be opened"""
TORCH_WRITE_ERROR = re.compile(r"PytorchStreamWriter failed|inline_container\.cc:\d+\] \. unexpected pos")
"""How `torch.save` reports a file that could not be written to its end"""
NUMBERS = {os.strerror(number): number for number in errno.errorcode}


def find_error_number(error: BaseException) -> int | None:
    """Return the number (`errno.ENOSPC` ...) of what the system refused; None for any other error."""
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
        # torch does not say why; but the file had been opened, so the disk must be full.
        return errno.ENOSPC
    return None
