"""Whether a request has the key: as `Authorization: Bearer KEY`, or as the password of a user of any name."""

import base64
import binascii
import hmac

from token_classification.serving.errors import RequestError

OPEN_PATHS = {"/health", "/live", "/ready", "/v2/health/live", "/v2/health/ready"}
"""What answers without a key: whoever starts and watches servers has none"""


def needs_key(method: str, path: str) -> bool:
    """Whether a request needs the key; the page at `/` does not, it asks its user for the key."""
    return path not in OPEN_PATHS and (method, path) != ("GET", "/")


def check_key(authorization: bytes, key: bytes) -> None:
    """Check the key of a request, in a time that does not depend on how much of it is right.

    Args:
        authorization: The header of this name. Browsers, Label Studio and `curl -u` send a user and a password.
        key: What is expected.

    Raises:
        RequestError: 401, there is none or it is another one.
    """
    if not hmac.compare_digest(read_sent_key(authorization), key):
        challenge = {"WWW-Authenticate": 'Bearer, Basic realm="token_classification", charset="UTF-8"'}
        raise RequestError(
            401, "unauthorized", "the API key is missing or wrong; send Authorization: Bearer KEY", challenge
        )


def read_sent_key(authorization: bytes) -> bytes:
    """Return the key in an `Authorization` header; nothing if there is none.

    >>> read_sent_key(b"Bearer secret"), read_sent_key(b"Basic bGFiZWw6c2VjcmV0")
    (b'secret', b'secret')
    """
    scheme, _, value = authorization.partition(b" ")
    if scheme.lower() == b"bearer":
        return value.strip()
    if scheme.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
