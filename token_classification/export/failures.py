"""What a converter can't do: one line with its reason and what to type next, instead of its traceback."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from token_classification.errors import RejectedError, UserError

LONGEST_REASON = 200
"""Characters of a converter's reason that are shown"""


@contextmanager
def explain_failure(what: str, advice: str) -> Iterator[None]:
    """Around the work of a converter, a quantizer or a runtime on a model that it may not be made for.

    Their exception classes share no base, so every one counts as theirs, except those of this project, and what the
    system refuses.

    Args:
        what: What was tried: "model x: can't be converted to onnx".
        advice: What to type next.

    Raises:
        UserError: it failed.
    """
    try:
        yield
    except (RejectedError, OSError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, UserError) and error.__cause__ is None:
            raise
        raise UserError(f"{what} ({find_reason(error)}); {advice}") from error


def find_reason(error: BaseException) -> str:
    r"""Return class and first line of the exception that an exception goes back to.

    >>> find_reason(RuntimeError("step 1 of 3\nfailed"))
    'RuntimeError: step 1 of 3'
    """
    while (cause := error.__cause__) is not None:
        error = cause
    text = re.sub(r"\x1b\[\d*m", "", str(error)).strip()
    # OpenVINO begins with the place in its own source.
    lines = [line for line in text.splitlines() if line.strip() and " failed at " not in line]
    reason = (lines or [""])[0]
    return f"{type(error).__name__}: {reason:.{LONGEST_REASON}}".rstrip(": ")
