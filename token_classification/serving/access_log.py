"""The access log: a line of JSON for each request, without its texts."""

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

from token_classification.serving.exchange import Exchange

logger = logging.getLogger(__name__)


class AccessLog:
    """Writes a line of JSON for each answered request."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, exchange: Exchange) -> None:
        """Write the line of a request.

        A stream that nobody reads any more ends the log, which is said on stderr, and not the server.
        """
        if self._stream is None:
            return
        line = json.dumps(
            {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "request_id": exchange.request_id,
                "method": exchange.method,
                "path": exchange.path,
                "status": exchange.status,
                "error_type": exchange.error_type,
                "ms": round(exchange.seconds * 1000, 2),
                "texts": exchange.texts,
                "characters": exchange.characters,
            }
        )
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except OSError as error:
            self._stream = None
            logger.error("The access log can't be written (%s): it ends here.", error.strerror)
