"""The key of an encrypted model: where it comes from, and which ones are refused."""

import os

from token_classification.errors import UserError

KEY_VARIABLE = "TOKEN_CLASSIFICATION_KEY"
GIVE_KEY = f"give it with -k KEY or -k @FILE, or set {KEY_VARIABLE}"
LEAST_CHARACTERS = 2
"""Of a new key; old archives open with whatever they were sealed with"""


def read_key(argument: str | None) -> str | None:
    """Return the key of `-k KEY` or `-k @FILE` (its first line), else of TOKEN_CLASSIFICATION_KEY, else None.

    No message repeats what was given: a key that happens to begin with `@` must not show up either.

    Raises:
        UserError: the key is empty, or its file can't be read.
    """
    if argument is None:
        key = os.environ.get(KEY_VARIABLE)
        if key == "":
            raise UserError(
                f"{KEY_VARIABLE} is set but empty; accepted: a key, or no such variable (models are then not "
                f"encrypted); remove it with: unset {KEY_VARIABLE}"
            )
        return key
    key = _read_key_file(argument[1:]) if argument.startswith("@") else argument
    if not key:
        raise UserError(f"-k: the key is empty; accepted: {LEAST_CHARACTERS} characters or more; {GIVE_KEY}")
    return key


def check_new_key(key: str) -> None:
    """Check, before the work, that a new model may be sealed with a key.

    Raises:
        UserError: the key is empty or a single character.
    """
    if len(key) < LEAST_CHARACTERS:
        found = "one character long" if key else "empty"
        raise UserError(
            f"the key is {found}; accepted: {LEAST_CHARACTERS} characters or more (a key that nobody guesses has 20); "
            f"{GIVE_KEY}"
        )


def _read_key_file(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            return file.readline().rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UserError(
            f"-k @FILE: the key file can't be read ({reason}); accepted: a text file with the key in its first line; "
            f"check the path, and set {KEY_VARIABLE} for a key that itself begins with @"
        ) from None
