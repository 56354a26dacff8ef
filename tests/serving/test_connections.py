"""Connections of clients that dawdle, break off, send garbage or too much; and the order of what is answered."""

import asyncio
import json
import socket
import threading
from io import StringIO
from types import SimpleNamespace

import pytest
from serving_apps import (
    SECONDS,
    build_served_app,
    read_answers,
    read_until_closed,
    send_raw,
    served_at,
    write_request,
)

from token_classification.serving import connections, limits

LIMIT = 100_000
MORE_THAN_FITS = b"x" * (LIMIT + 1)


@pytest.fixture(scope="module", autouse=True)
def _impatient():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "HEAD_S", 0.3)
        patch.setattr(connections, "UNREAD_ANSWER_S", 0.3)
        patch.setattr(limits, "LINGER_S", 0.3)
        yield


@pytest.fixture(scope="module")
def served(predictor):
    with served_at(build_served_app(predictor, max_body_bytes=LIMIT, request_timeout_s=1.0)) as served:
        yield served


def ask(served, *pieces: bytes) -> tuple[int, object]:
    [answer] = read_answers(send_raw(served.place, *pieces))
    assert send_raw(served.place, write_request()).startswith(b"HTTP/1.1 200 ")
    return answer


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = b"POST /probe/ner HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
HUGE = b"POST /probe/ner HTTP/1.1\r\nHost: tests\r\nContent-Length: 104857600\r\n"


@pytest.mark.parametrize(
    ("pieces", "status", "error_type"),
    [
        ([b"POST /probe/ner HTTP/1.1\r\nHost: te"], 408, "slow_client"),
        ([b"\r\n"], 408, "slow_client"),
        ([write_request()[:-3]], 408, "slow_client"),
        ([CHUNKED, chunk(b'["A')], 408, "slow_client"),
        ([HUGE + b"\r\n"], 413, "body_too_large"),
        ([HUGE + b"Expect: 100-continue\r\n\r\n"], 413, "body_too_large"),
        ([HUGE + b"\r\n", *[MORE_THAN_FITS] * 20], 413, "body_too_large"),
        ([CHUNKED, *[chunk(MORE_THAN_FITS)] * 20], 413, "body_too_large"),
        ([CHUNKED, chunk(MORE_THAN_FITS), b"0\r\n\r\n"], 413, "body_too_large"),
        ([b"POST /probe/ner HTTP/1.1\r\nContent-Length: " + b"9" * 19 + b"\r\n\r\n"], 413, "body_too_large"),
        ([write_request(b"[]", b"/probe/ner", b"X-Long: " + b"x" * limits.LONGEST_HEAD)], 431, "headers_too_large"),
        ([write_request(b"[]", b"/" + b"x" * limits.LONGEST_HEAD)], 431, "headers_too_large"),
        ([b"GET /live HTTP/1.1\r\nX-Long: ", *[b"x" * 10_000] * 10], 431, "headers_too_large"),
        ([b"GET /live HTTP/1.1\r\n", *[b"X: y\r\n" * 1000] * 10], 431, "headers_too_large"),
        ([b"GET /" + b"x" * 10_000] + [b"x" * 10_000] * 10, 431, "headers_too_large"),
        ([b"\x16\x03\x01\x02\x00\x01\x00"], 400, "invalid_http"),
        ([b"no http at all\r\n\r\n"], 400, "invalid_http"),
        ([b"GET /live HTTP/9.9\r\n\r\n"], 400, "invalid_http"),
        ([b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n"], 400, "invalid_http"),
        ([CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 4\r\n\r\n"), b"0\r\n\r\n"], 400, "invalid_http"),
    ],
)
def test_what_is_no_request_is_told_so_and_ended(served, pieces, status, error_type):
    found, answer = ask(served, *pieces)
    assert (found, answer["error_type"]) == (status, error_type)


def test_a_connection_on_which_nothing_comes_is_closed(served):
    assert send_raw(served.place) == b""


def test_several_requests_share_a_connection_in_their_order(served):
    texts = [json.dumps([text]).encode() for text in ("Anna", "Anna Smith", "Anna Smith left")]
    requests = [write_request(body).replace(b"Connection: close\r\n", b"") for body in texts]
    received = send_raw(served.place, b"".join(requests) + write_request(b'["Paris"]'))
    assert [len(answer[0]) for _, answer in read_answers(received)] == [1, 2, 3, 1]


def test_an_answer_is_one_packet(served, monkeypatch):
    written = []
    original = connections.OnePacketTransport.__init__

    def note(transport, inner) -> None:
        original(transport, SimpleNamespace(**{name: getattr(inner, name) for name in dir(inner)}))
        transport._transport.write = lambda data: (written.append(data), inner.write(data))

    monkeypatch.setattr(connections.OnePacketTransport, "__init__", note)
    received = send_raw(served.place, write_request().replace(b"Connection: close\r\n", b"") + write_request())
    assert len(written) == 2
    assert b"".join(written) == received


def test_an_answer_without_a_body_is_sent(served):
    """A client that asks for the head alone gets it, and can go on."""
    app = served.server.config.app
    app.add_api_route("/head", lambda: None, methods=["HEAD"])
    with socket.create_connection(served.place, timeout=SECONDS) as client:
        for _ in range(2):
            client.sendall(b"HEAD /head HTTP/1.1\r\nHost: tests\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_permission_to_go_on_is_given_at_once(served):
    request = write_request(b'["Anna"]', b"/probe/ner", b"Expect: 100-continue")
    with socket.create_connection(served.place, timeout=SECONDS) as client:
        client.sendall(request[:-8])
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(request[-8:])
        assert read_until_closed(client).startswith(b"HTTP/1.1 200 OK\r\n")


def test_garbage_behind_a_request_does_not_cost_its_answer(served):
    request = write_request().replace(b"Connection: close\r\n", b"")
    assert [status for status, _ in read_answers(send_raw(served.place, request + b"\x00 garbage \r\n\r\n"))] == [200]


def test_an_answer_that_nobody_reads_is_thrown_away(served, monkeypatch):
    ended = threading.Event()
    original = connections.LimitedProtocol.connection_lost

    def note(protocol, error) -> None:
        original(protocol, error)
        ended.set()

    monkeypatch.setattr(connections.LimitedProtocol, "connection_lost", note)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(served.place)
        client.sendall(b"GET /large HTTP/1.1\r\n\r\n")
        assert ended.wait(SECONDS)


def test_a_server_that_shuts_down_is_not_ready_but_answers(predictor):
    app = build_served_app(predictor)
    request = write_request().replace(b"Connection: close\r\n", b"")
    with served_at(app) as served, socket.create_connection(served.place, timeout=SECONDS) as client:
        with socket.create_connection(served.place, timeout=SECONDS) as idle:
            client.sendall(request[:-5])
            assert app.state.is_ready
            served.server.should_exit = True
            assert read_until_closed(idle) == b""  # it has begun to shut down
        assert not app.state.is_ready
        client.sendall(request[-5:])
        received = read_until_closed(client)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in received


class Standstill:
    """In the place of a queue's `tag`: never answers, and notes whether its caller went away."""

    def __init__(self) -> None:
        self.asked, self.dropped = threading.Event(), threading.Event()

    async def __call__(self, texts, decoder=None) -> list:
        self.asked.set()
        try:
            return await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.dropped.set()
            raise


def test_the_texts_of_a_client_that_went_away_are_dropped(predictor, monkeypatch):
    log = StringIO()
    app = build_served_app(predictor, log)
    standstill = Standstill()
    with served_at(app) as served:
        monkeypatch.setattr(app.state.models.choose(None).queue, "tag", standstill)
        with socket.create_connection(served.place) as client:
            client.sendall(write_request())
            assert standstill.asked.wait(SECONDS)
        assert standstill.dropped.wait(SECONDS)
    [line] = map(json.loads, log.getvalue().splitlines())
    assert (line["status"], line["error_type"]) == (499, "client_gone")


def test_a_client_that_waits_too_long_is_told_so(predictor, monkeypatch):
    app = build_served_app(predictor, request_timeout_s=0.1)
    standstill = Standstill()
    with served_at(app) as served:
        monkeypatch.setattr(app.state.models.choose(None).queue, "tag", standstill)
        [(status, answer)] = read_answers(send_raw(served.place, write_request()))
    assert (status, answer["error_type"]) == (504, "timeout")
    assert "0.1 seconds" in answer["error"]
    assert standstill.dropped.is_set()


def test_a_client_that_breaks_off_its_body_is_noted(predictor):
    log = StringIO()
    with served_at(build_served_app(predictor, log)) as served, socket.create_connection(served.place) as client:
        client.sendall(write_request()[:-3])
        client.shutdown(socket.SHUT_WR)
        assert read_until_closed(client) == b""
    [line] = map(json.loads, log.getvalue().splitlines())
    assert (line["status"], line["error_type"]) == (499, "client_gone")
