"""Where a server listens, and which ports processes share."""

import pytest

pytest.importorskip("uvicorn", reason='needs the extra "serve"')

from token_classification.errors import UserError
from token_classification.serving.listen import open_socket


def test_processes_that_say_so_share_a_port():
    with open_socket("127.0.0.1", 0, reuse_port=True) as first:
        first.listen()
        with open_socket("127.0.0.1", first.getsockname()[1], reuse_port=True) as second:
            second.listen()


@pytest.mark.parametrize("both", [(False, False), (True, False), (False, True)])
def test_a_port_is_not_shared_by_accident(both):
    with open_socket("127.0.0.1", 0, reuse_port=both[0]) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(UserError, match=f"--port {port}: another program listens there.*--reuse_port"):
            open_socket("127.0.0.1", port, reuse_port=both[1])
