"""A secret made of a key that a person chose, at a cost that makes guessing expensive."""

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SCRYPT_COST = 2**18
"""scrypt's N, with r = 8 and p = 1: 256 MiB of memory for each guess. It is age's own default, and twice what OWASP's
cheat sheet asks for at least"""


def derive_secret(key: str, salt: bytes, cost: int = SCRYPT_COST) -> bytes:
    """Return the 32 bytes that a key and a salt give."""
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(key.encode("utf-8", "surrogateescape"))
