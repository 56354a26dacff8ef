"""Tensors of texts in the Open Inference Protocol: in the JSON itself, or as bytes behind it.

The bytes of an element stand behind their length in four bytes, little-endian; the header
`Inference-Header-Content-Length` says where the JSON ends.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from token_classification.serving.errors import RequestError
from token_classification.serving.fields import read_choice, read_count, read_object, refuse, show_name

DATATYPE = "BYTES"
HEADER_LENGTH = "Inference-Header-Content-Length"
BAD_TENSOR = 400
"""What the protocol answers a request with that it can't carry out"""
MOST_DIMENSIONS = 8
LENGTH = struct.Struct("<I")
FIELDS = ("name", "shape", "datatype", "parameters", "data")
PARAMETERS = ("binary_data_size", "content_type")


@dataclass(frozen=True)
class TextTensor:
    """The texts of an input, and how many there are in each direction."""

    texts: list[str]
    shape: list[int]


def refuse_tensor(message: str) -> RequestError:
    """Return the refusal of a tensor whose parts do not fit together."""
    return RequestError(BAD_TENSOR, "invalid_tensor", message)


def cut_body(body: bytes, header_length: str | None) -> tuple[bytes, bytes]:
    """Cut a body into its JSON and the bytes of its tensors.

    Args:
        body: The body.
        header_length: The header that says how long the JSON is; None if all of the body is JSON.

    Raises:
        RequestError: the header is no length of a part of the body.
    """
    if header_length is None:
        return body, b""
    # No body is as long as a number of 18 digits; of thousands of digits Python makes no number.
    is_number = header_length.isascii() and header_length.isdigit() and len(header_length) <= 18
    if not is_number or not 0 < int(header_length) <= len(body):
        raise refuse_tensor(
            f"{HEADER_LENGTH}: found {show_name(header_length)}; accepted is the length of the JSON in bytes, from 1 "
            f"to the {len(body):,} of the body"
        )
    return body[: int(header_length)], body[int(header_length) :]


def read_tensor(value: object, place: str, name: str, binary: bytes) -> TextTensor:
    """Read the tensor of an input.

    Args:
        value: Its JSON.
        place: Where that stands, for refusals.
        name: What the input is called.
        binary: What stands behind the JSON: all of it belongs to this tensor.

    Raises:
        RequestError: it is not a tensor of texts.
    """
    fields = read_object(value, place, FIELDS, required=("name", "shape", "datatype"))
    read_choice(fields["name"], f"{place}.name", (name,))
    read_choice(fields["datatype"], f"{place}.datatype", (DATATYPE,))
    shape = _read_shape(fields["shape"], f"{place}.shape")
    parameters = read_object(fields.get("parameters", {}), f"{place}.parameters", PARAMETERS)
    read_choice(parameters.get("content_type", "str"), f"{place}.parameters.content_type", ("str",))
    if "binary_data_size" in parameters:
        if "data" in fields:
            raise refuse_tensor(f"{place}: has both data and binary_data_size; accepted is one of them")
        _check_size(read_count(parameters["binary_data_size"], f"{place}.parameters.binary_data_size"), place, binary)
        texts = _cut_texts(binary, place)
    elif "data" not in fields:
        raise refuse_tensor(f"{place}: has no data; accepted is data, or the parameter binary_data_size")
    else:
        _check_size(0, place, binary)
        texts = _flatten(fields["data"], f"{place}.data")
    if len(texts) != math.prod(shape):
        raise refuse_tensor(f"{place}: the shape {shape!r:.100} is not that of {len(texts):,} texts")
    return TextTensor(texts, shape)


def pack_texts(texts: Sequence[str]) -> bytes:
    """Pack texts as the bytes of a tensor."""
    packed = bytearray()
    for text in texts:
        content = text.encode()
        packed += LENGTH.pack(len(content)) + content
    return bytes(packed)


def _check_size(size: int, place: str, binary: bytes) -> None:
    if size != len(binary):
        raise refuse_tensor(
            f"{place}: has {size:,} binary bytes, but {len(binary):,} stand behind the JSON; see {HEADER_LENGTH}"
        )


def _cut_texts(binary: bytes, place: str) -> list[str]:
    texts: list[str] = []
    start = 0
    while start < len(binary):
        if start + LENGTH.size > len(binary):
            raise refuse_tensor(f"{place}: text {len(texts)} ends within its length")
        [length] = LENGTH.unpack_from(binary, start)
        start += LENGTH.size
        if start + length > len(binary):
            raise refuse_tensor(
                f"{place}: text {len(texts)} has {length:,} bytes, but {len(binary) - start:,} are left"
            )
        try:
            texts.append(binary[start : start + length].decode())
        except UnicodeDecodeError as error:
            raise refuse_tensor(
                f"{place}: text {len(texts)} is not UTF-8 (byte {error.start} of it); accepted are texts in UTF-8"
            ) from error
        start += length
    return texts


def _flatten(data: object, place: str) -> list[str]:
    """Return the texts of nested lists in their order; JSON nests no deeper than what its reader accepts."""
    if not isinstance(data, list):
        raise refuse(place, data, "a list of texts, flat or nested as the shape says")
    texts: list[str] = []
    for number, item in enumerate(data):
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, list):
            texts += _flatten(item, f"{place}[{number}]")
        else:
            raise refuse(f"{place}[{number}]", item, "a text")
    return texts


def _read_shape(value: object, place: str) -> list[int]:
    if not isinstance(value, list):
        raise refuse(place, value, "a list of whole numbers, e.g. [2] for two texts")
    # The product of many large numbers would keep the server busy.
    if len(value) > MOST_DIMENSIONS:
        raise refuse_tensor(f"{place}: found {len(value):,} numbers; accepted are {MOST_DIMENSIONS}")
    return [read_count(size, f"{place}[{number}]") for number, size in enumerate(value)]
