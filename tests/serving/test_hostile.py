"""Hundreds of hostile requests: each gets the status it deserves, and nothing of the server or of a text is told."""

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from serving_apps import SECONDS, build_served_app, read_answers, send_raw, served_at, write_request

from token_classification.serving import connections, limits

SECRET = "Zanzibar"
"""Stands in every text that is sent; no answer to a refused request and no line of a log may have it"""
LEAKS = re.compile(r'Traceback|File "|\.py\b|/home|/root|/work|/tmp|/usr|site-packages|Error\(|0x[0-9a-f]{6}')
LONGEST_TEXT, LARGEST_BODY = 10_000, 100_000

PROTOCOLS = {
    b"/": lambda texts: {"inputs": texts},
    b"/models/ner": lambda texts: {"inputs": texts},
    b"/v1/entities": lambda texts: {"texts": texts},
    b"/v2/models/ner/infer": lambda texts: {
        "inputs": [{"name": "text", "shape": [len(texts)], "datatype": "BYTES", "data": texts}]
    },
}
"""Path -> the body that asks about some texts"""
GOOD = json.dumps({"texts": ["Anna"]}).encode()


def nest(opening: bytes, closing: bytes, levels: int) -> bytes:
    return opening * levels + closing * levels


BAD_JSON = {
    "nothing": b"",
    "blanks": b"   ",
    "half an object": b'{"texts": ["Zanzibar"',
    "half a text": b'{"inputs": "Zanzibar',
    "two values": b'{"inputs": "Zanzibar"} {}',
    "single quotes": b"{'inputs': 'Zanzibar'}",
    "a comma too many": b'{"inputs": ["Zanzibar",]}',
    "a comment": b'{"inputs": "Zanzibar"} // Zanzibar',
    "no quotes": b"Zanzibar",
    "a control character": b'{"inputs": "Zanzi\x00bar"}',
    "a line end in a text": b'{"inputs": "Zanzi\nbar"}',
    "a bad escape": rb'{"inputs": "Zanzi\xbar"}',
    "half an escape": rb'{"inputs": "Zanzibar\u00"}',
    "Latin-1": '{"inputs": "Zanzibaré"}'.encode("latin-1"),
    "UTF-16": '{"inputs": "Zanzibar"}'.encode("utf-16"),
    "an overlong slash": b'{"inputs": "Zanzibar\xc0\xaf"}',
    "an encoded surrogate": b'{"inputs": "Zanzibar\xed\xa0\x80"}',
    "beyond Unicode": b'{"inputs": "Zanzibar\xf4\x90\x80\x80"}',
    "a byte order mark": b'\xef\xbb\xbf{"inputs": "Zanzibar"}',
    "NaN": b'{"inputs": "Zanzibar", "threshold": NaN}',
    "Infinity": b'{"inputs": "Zanzibar", "threshold": Infinity}',
    "a number beyond all bounds": b'{"threshold": 1e400}',
    "5,000 digits": b'{"threshold": ' + b"9" * 5_000 + b"}",
    "90,000 digits": b'{"threshold": -' + b"9" * 90_000 + b"}",
    "deep lists": nest(b"[", b"]", 40_000),
    "deep lists that never end": nest(b"[", b"", 90_000),
    "deep objects": nest(b'{"a":', b"}", 10_000),
    "65 levels": nest(b"[", b"]", 65),
    "a form": b"inputs=Zanzibar&threshold=0",
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "a pickle": b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x08Zanzibar\x94.",
    "zeros": b"\x00" * 50_000,
}
"""Answered with 400 by every protocol"""

WRONG_FIELDS = {
    "null": None,
    "a number": 7,
    "a text": SECRET,
    "true": True,
    "a list": [SECRET],
    "an empty object": {},
    "unknown fields": {"__proto__": {"a": 1}, "constructor": SECRET},
    "a text in a number's place": {"inputs": 5, "texts": 5},
    "an object in a text's place": {"inputs": {"a": SECRET}, "texts": {"a": SECRET}},
    "texts of numbers": {"inputs": [1, 2], "texts": [1, 2]},
    "texts of null": {"inputs": [None], "texts": [None]},
    "lists in lists in lists": {"inputs": [[[SECRET]]], "texts": [[[SECRET]]]},
    "half a million": {"inputs": 10**200, "texts": 1e300},
}
"""Answered with 422 by every protocol"""

PATHS = [
    *(b"/models/" + name for name in (b"..", b"%2e%2e", b"..%2f..%2fetc%2fpasswd", b"%00", b"ner%00", b"x" * 5000)),
    *(b"/models/" + name for name in (b"%ff%fe", b"%f0%9f%98%80", b"ner%0d%0aX-Evil:1", b"ner;ls", b"$(id)", b"*")),
    *(b"/v2/models/" + name + b"/infer" for name in (b"..", b"%2e%2e%2f", b"NER", b"ner%20", b"'--", b"{{7*7}}")),
    *(b"/v2/models/ner/versions/" + name + b"/infer" for name in (b"..", b"2", b"%00")),
    *(b"/etc/passwd", b"/../../etc/passwd", b"//etc/passwd", b"/.git/config", b"/.env", b"/%2e%2e/%2e%2e/etc/passwd"),
    *(b"/static/..%5c..%5cwindows", b"/docs", b"/redoc", b"/admin", b"/v1/entities/", b"/models/ner/", b"/;/v1"),
]
"""Lead nowhere: 404"""

END, CHUNKED, CLOSE = b"\r\n\r\n", b"Transfer-Encoding: chunked", b"\r\nConnection: close\r\n\r\n"
RAW = {
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "SSH": (b"SSH-2.0-OpenSSH_9.9\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "zeros": (b"\x00" * 100, 400),
    "letters": (b"x" * 200 + END, 400),
    "an unknown method": (b"ZAP / HTTP/1.1\r\nHost: a" + END, 400),
    "a lower-case method": (b"get / HTTP/1.1\r\nHost: a" + END, 400),
    "version 0.9": (b"GET /live" + END, 200),
    "another version": (b"GET /live HTTP/3.0\r\nHost: a" + END, 400),
    "a version of letters": (b"GET /live HTTP/x.y\r\nHost: a" + END, 400),
    "no colon": (b"GET /live HTTP/1.1\r\nHost a" + END, 400),
    "a blank before the colon": (b"GET /live HTTP/1.1\r\nHost : a" + END, 400),
    "a blank in a name": (b"GET /live HTTP/1.1\r\nHo st: a" + END, 400),
    "a zero in a name": (b"GET /live HTTP/1.1\r\nHo\x00st: a" + END, 400),
    "a zero in a value": (b"GET /live HTTP/1.1\r\nHost: a\x00b" + END, 400),
    "a bare carriage return": (b"GET /live HTTP/1.1\r\nHost: a\rX: b" + END, 400),
    "a folded header": (b"GET /live HTTP/1.1\r\n X: b" + END, 400),
    "a path that is none": (b"GET live HTTP/1.1\r\nHost: a" + END, 400),
    "a zero in the path": (b"GET /li\x00ve HTTP/1.1\r\nHost: a" + END, 400),
    "bytes in the path": (b"GET /\xff\xfe HTTP/1.1\r\nHost: a" + END, 400),
    "a tunnel": (b"CONNECT example.org:443 HTTP/1.1\r\nHost: a" + END, 400),
    "two lengths": (b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    "two lengths in one": (b"POST / HTTP/1.1\r\nContent-Length: 2, 3\r\n\r\n{}", 400),
    "a length and chunks": (b"POST / HTTP/1.1\r\nContent-Length: 4\r\n" + CHUNKED + END + b"0" + END, 400),
    "chunks and a length": (b"POST / HTTP/1.1\r\n" + CHUNKED + b"\r\nContent-Length: 4" + END + b"0" + END, 400),
    "chunks that are not last": (b"POST / HTTP/1.1\r\n" + CHUNKED + b", gzip" + END + b"0" + END, 400),
    "chunked, oddly spelt": (b"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked" + END + b"0" + END, 400),
    "a negative length": (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n{}", 400),
    "a length with a sign": (b"POST / HTTP/1.1\r\nContent-Length: +2\r\n\r\n{}", 400),
    "a length in hexadecimal": (b"POST / HTTP/1.1\r\nContent-Length: 0x2\r\n\r\n{}", 400),
    "a length beyond 64 bits": (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n{}", 400),
    "a length of exabytes": (b"POST / HTTP/1.1\r\nContent-Length: 9000000000000000000\r\n\r\n{}", 413),
    "100 MB": (b"POST / HTTP/1.1\r\nContent-Length: 104857600\r\n\r\n{", 413),
    "100 MB behind a GET": (b"GET /live HTTP/1.1\r\nContent-Length: 104857600\r\n\r\n{", 413),
    "100 MB, if it may": (b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 104857600\r\n\r\n", 413),
    "a chunk of letters": (b"POST / HTTP/1.1\r\n" + CHUNKED + END + b"zz\r\n", 400),
    "a chunk beyond 64 bits": (b"POST / HTTP/1.1\r\n" + CHUNKED + END + b"f" * 17 + b"\r\n", 400),
    "a large header": (b"GET /live HTTP/1.1\r\nX: " + b"x" * 40_000 + CLOSE, 431),
    "a header without end": (b"GET /live HTTP/1.1\r\nX: " + b"x" * 200_000, 431),
    "many headers": (b"GET /live HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + CLOSE[2:], 431),
    "a long address": (b"GET /live?" + b"x" * 40_000 + b" HTTP/1.1" + CLOSE, 431),
    "an address without end": (b"GET /" + b"x" * 200_000, 431),
    "a websocket": (
        b"GET /live HTTP/1.1\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==" + END,
        200,
    ),
    "a slow head": (b"POST / HTTP/1.1\r\nHo", 408),
    "blank lines": (b"\r\n\r\n\r\n", 408),
    "a body that never comes": (b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n", 408),
    "a body that stops": (b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n{", 408),
    "chunks that stop": (b"POST / HTTP/1.1\r\n" + CHUNKED + END + b"5\r\n{", 408),
}
"""Bytes, and the status that they are answered with"""


def list_requests() -> list[tuple[str, list[bytes], int]]:
    """Name, pieces that are sent, status."""
    found = []
    for path, build_body in PROTOCOLS.items():
        place = path.decode()

        def add(name: str, body: bytes, status: int, *headers: bytes, path: bytes = path, place: str = place) -> None:
            found.append((f"{place} {name}", [write_request(body, path, *headers)], status))

        for name, body in BAD_JSON.items():
            add(name, body, 400)
        for name, fields in WRONG_FIELDS.items():
            add(name, json.dumps(fields).encode(), 422)
        add("a long text", json.dumps(build_body(["Zanzibar " * 1200])).encode(), 413)
        add("a million characters", json.dumps(build_body([SECRET * 125_000])).encode(), 413)
        add("many texts", json.dumps(build_body([SECRET] * 65)).encode(), 413)
        add("half a character", json.dumps(build_body(["\ud83d Zanzibar \ude00"])).encode(), 200)
        add("odd characters", json.dumps(build_body(["\0\x1b[31m\u202e\ufeff\u2028" * 100])).encode(), 200)
        add("combining characters", json.dumps(build_body(["a" + "\u0301" * 5000])).encode(), 200)
        chunks = b"POST " + path + b" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        megabyte = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        found.append((f"{place} 100 MB in chunks", [chunks, *[megabyte] * 100], 413))
        other = write_request(GOOD, path).replace(b"application/json", b"text/plain")
        found.append((f"{place} plain text", [other], 415))
        found.append((f"{place} parts", [other.replace(b"text/plain", b"multipart/form-data; boundary=x")], 415))
        found.append((f"{place} another method", [write_request(GOOD, path, method=b"DELETE")], 405))
        found.append((f"{place} a tracing method", [write_request(b"", path, method=b"TRACE")], 405))
    found += [(f"{path[:60].decode()}", [write_request(GOOD, path)], 404) for path in PATHS]
    return found + [(name, [data], status) for name, (data, status) in RAW.items()]


REQUESTS = list_requests()


@pytest.fixture(scope="module")
def log() -> StringIO:
    return StringIO()


@pytest.fixture(scope="module")
def served(predictor, log):
    limited = {"max_text_characters": LONGEST_TEXT, "max_body_bytes": LARGEST_BODY, "max_texts_per_request": 64}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "HEAD_S", 0.5)
        patch.setattr(limits, "LINGER_S", 0.2)
        with served_at(build_served_app(predictor, log, request_timeout_s=2.0, **limited), log) as served:
            yield served


def test_there_are_hundreds_of_them():
    assert len(REQUESTS) >= 300
    assert len({name for name, _, _ in REQUESTS}) == len(REQUESTS)


@pytest.mark.parametrize(("pieces", "status"), [one[1:] for one in REQUESTS], ids=[one[0] for one in REQUESTS])
def test_a_hostile_request_gets_the_status_it_deserves(served, log, pieces, status):
    place = log.tell()
    received = send_raw(served.place, *pieces)
    [(found, answer)] = read_answers(received)
    assert found == status, answer
    if status != 200:
        assert set(answer) == {"error", "error_type"}
        assert SECRET not in received.decode("latin-1")
    assert LEAKS.search(received.decode("latin-1")) is None
    log.seek(place)
    lines = log.read()
    assert [json.loads(line)["status"] for line in lines.splitlines()] == [status]
    assert LEAKS.search(lines) is None
    assert SECRET not in lines
    assert read_answers(send_raw(served.place, write_request(GOOD, b"/v1/entities")))[0][0] == 200
    log.seek(0, 2)


def test_others_are_answered_while_clients_dawdle(served):
    """Slow clients hold connections, and nothing else."""
    dawdlers = [socket.create_connection(served.place, timeout=SECONDS) for _ in range(200)]
    try:
        for number, dawdler in enumerate(dawdlers):
            dawdler.sendall(write_request()[: number % 100 + 1])
        with ThreadPoolExecutor(8) as pool:
            requests = [write_request(GOOD, b"/v1/entities")] * 64
            received = list(pool.map(lambda request: send_raw(served.place, request), requests))
        assert [read_answers(one)[0][0] for one in received] == [200] * 64
    finally:
        for dawdler in dawdlers:
            dawdler.close()
