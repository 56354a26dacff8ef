"""What a request is answered with where it can't be answered with entities."""

from collections.abc import Mapping


class RequestError(Exception):
    """A request that is refused: the answer is `{"error": message, "error_type": error_type}` with the status."""

    def __init__(self, status: int, error_type: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message
        self.headers = dict(headers or {})
