"""A request and its answer as the log and the metrics see them: names and numbers, never the texts."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

KEY_IN_SCOPE = "token_classification"
"""Where a request carries its `Exchange`"""
UNKNOWN_PATH = "unknown"
"""Stands for every path that leads nowhere: what a client typed is not logged, and is no label of a metric"""
ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
"""What an `X-Request-Id` may be to be taken over; whatever else is sent could break a line of the log"""


@dataclass(slots=True)
class Exchange:
    """What is known of a request and its answer."""

    method: str
    request_id: str = field(default_factory=lambda: secrets.token_hex(8))
    path: str = UNKNOWN_PATH
    """The template of the path, such as `/v2/models/{name}/infer`"""
    status: int = 0
    error_type: str | None = None
    texts: int = 0
    characters: int = 0
    seconds: float = 0.0


def find_exchange(request: Request) -> Exchange:
    """Return the exchange that a request belongs to."""
    return request.scope[KEY_IN_SCOPE]


def choose_request_id(sent: bytes) -> str:
    """Return the id that a client sent, if it is a plain one; else a new one.

    >>> choose_request_id(b"order-17")
    'order-17'
    """
    return sent.decode("ascii") if ACCEPTED_ID.fullmatch(sent) else secrets.token_hex(8)


def name_path(scope: dict[str, Any]) -> str:
    """Return the template of the path that a request was routed to."""
    return getattr(scope.get("route"), "path", UNKNOWN_PATH)
