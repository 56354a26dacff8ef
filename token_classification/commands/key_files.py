"""Keys that are given as `@FILE`: a key that is typed can be read by every user of the machine."""

from token_classification.errors import UserError


def read_key_file(argument: str, flag: str, accepted: str) -> str:
    """Return the first line of `@FILE`, without white space around it.

    Args:
        argument: What was typed.
        flag: After which flag.
        accepted: What is accepted, for the message.

    Raises:
        UserError: the key is typed itself, or the file can't be read.
    """
    if not argument.startswith("@"):
        raise UserError(f"{flag}: every user of this machine can read a key that is typed; {accepted}")
    try:
        with open(argument[1:], encoding="utf-8-sig") as file:
            return file.readline().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UserError(f"{flag} {argument}: {reason}; {accepted}") from None
