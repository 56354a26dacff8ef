"""What can be asked of a redaction; nothing here needs a library, so that help is instant."""

from typing import Literal

Mode = Literal["mask", "number", "pseudonym", "hash"]
"""What a name becomes"""
Scope = Literal["document", "run"]
"""Where the same name has the same pseudonym"""
