"""A route without what its endpoint does not need."""

from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response


class DirectRoute(APIRoute):  # type: ignore[misc]  # FastAPI is an extra, which may be absent
    """Calls its endpoint with the request, its only argument.

    Looking for further ones, which FastAPI would do for each request, costs as much as reading the JSON of a text.
    """

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers a request."""
        return self.endpoint
