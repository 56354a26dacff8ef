"""The config and the tokenizer of an exported model, read without transformers, whose import takes seconds.

What is read here means what it means to transformers (tests compare the two). Where that is not sure, nothing is read.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tokenizers import Tokenizer

from token_classification.errors import UserError

PLAIN_CLASSES = {"TokenizersBackend", "PreTrainedTokenizer"}
"""Tokenizers of which tokenizer.json says everything"""
KNOWN_CLASSES = PLAIN_CLASSES | {"BertTokenizer", "MPNetTokenizer", "RobertaTokenizer", "XLMRobertaTokenizer"}
"""Those with a class of their own whose tokenizer.json, as it is saved, says the same as that class"""
SPECIAL_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
SETTINGS = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
    "add_prefix_space": "add_prefix_space",
}
"""What tokenizer_config.json may say -> the same in a step of tokenizer.json"""
OTHER_TEXT_CONFIGS = ("text_encoder", "decoder", "generator")
"""Beside `text_config`, the names under which models of several parts keep the config of the part that reads text"""


class UnsureError(Exception):
    """Why files may mean something else to transformers."""


class PlainConfig(SimpleNamespace):
    """The keys of a config.json as attributes, as far as an exported model needs them."""

    id2label: dict[int, str]
    architectures: list[str] | None

    def get_text_config(self) -> "PlainConfig":
        """Return the config of the encoder."""
        own = getattr(self, "text_config", None)
        return build_plain_config(own) if own else self


@dataclass(frozen=True)
class PlainTokenizer:
    """A tokenizer.json with what tokenizer_config.json adds to it."""

    backend_tokenizer: Tokenizer
    name_or_path: str
    padding_side: str
    unk_token_id: int | None
    mask_token_id: int | None
    pad_token_id: int | None
    bos_token_id: int | None
    eos_token_id: int | None
    all_special_ids: list[int]
    is_fast: bool = True

    def get_vocab(self) -> dict[str, int]:
        """Return the number of each sub-token."""
        return self.backend_tokenizer.get_vocab(with_added_tokens=True)


def read_plain_config(folder: Path) -> PlainConfig:
    """Read config.json.

    Raises:
        UnsureError: it is that of a model of several parts, or names no size of the vocabulary.
        UserError: it can't be read.
    """
    config = build_plain_config(_read_object(folder / "config.json"))
    text = config.get_text_config()
    for name in OTHER_TEXT_CONFIGS:
        if getattr(config, name, None) is not None:
            raise UnsureError(f"config.json holds {name}")
    if not isinstance(getattr(text, "vocab_size", None), int):
        raise UnsureError("config.json names no vocab_size")
    return config


def build_plain_config(content: Mapping[str, Any]) -> PlainConfig:
    """Return a config of what stands in a file."""
    labels = {int(number): str(name) for number, name in (content.get("id2label") or {}).items()}
    return PlainConfig(**{"architectures": None, **content, "id2label": labels})


def read_plain_tokenizer(folder: Path) -> PlainTokenizer:
    """Read tokenizer.json and tokenizer_config.json.

    Raises:
        UnsureError: a file is missing, or what the two say may mean something else to transformers.
        UserError: a file can't be read.
    """
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if not (folder / name).is_file():
            raise UnsureError(f"there is no {name}")
    settings, layout = _read_object(folder / "tokenizer_config.json"), _read_object(folder / "tokenizer.json")
    kind = str(settings.get("tokenizer_class")).removesuffix("Fast")
    if kind not in KNOWN_CLASSES or "auto_map" in settings:
        raise UnsureError(f"tokenizer_config.json names the class {kind}")
    for name, found in () if kind in PLAIN_CLASSES else _list_contradictions(settings, layout):
        raise UnsureError(f"tokenizer_config.json and tokenizer.json contradict each other ({name}: {found})")
    try:
        backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library knows no other class
        raise UserError(f"{folder / 'tokenizer.json'}: can't be read ({error!s:.200})") from error
    backend.encode_special_tokens = bool(settings.get("split_special_tokens", False))
    names = {name: _name_token(settings.get(name)) for name in SPECIAL_NAMES}
    ids = {name: None if token is None else backend.token_to_id(token) for name, token in names.items()}
    missing = [names[name] for name, number in ids.items() if names[name] is not None and number is None]
    if missing or (kind not in PLAIN_CLASSES and names["unk_token"] is None):
        raise UnsureError(f"tokenizer.json lacks special tokens ({', '.join(map(str, missing)) or 'unk_token'})")
    further = map(_name_token, settings.get("extra_special_tokens") or [])
    all_ids = [*ids.values(), *(backend.token_to_id(token) for token in further if token is not None)]
    return PlainTokenizer(
        backend_tokenizer=backend,
        name_or_path=str(folder),
        padding_side=str(settings.get("padding_side", "right")),
        unk_token_id=ids["unk_token"],
        mask_token_id=ids["mask_token"],
        pad_token_id=ids["pad_token"],
        bos_token_id=ids["bos_token"],
        eos_token_id=ids["eos_token"],
        all_special_ids=[*dict.fromkeys(number for number in all_ids if number is not None)],
    )


def _read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        UserError: it is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: can't be read ({error!s:.200}); accepted: the file as it was written") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: is no JSON object; accepted: the file as it was written")
    return content


def _name_token(value: object) -> str | None:
    """Return the text of a token, which may stand there with its settings."""
    content = value.get("content") if isinstance(value, dict) else value
    return content if isinstance(content, str) else None


def _list_contradictions(settings: Mapping[str, Any], layout: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the settings that a step of tokenizer.json has otherwise, with what it has.

    A class of its own reads them, and builds its steps anew.
    """
    for step in [*_list_steps(layout.get("normalizer")), *_list_steps(layout.get("pre_tokenizer"))]:
        for name, key in SETTINGS.items():
            if name in settings and key in step and settings[name] != step[key]:
                yield name, step[key]


def _list_steps(part: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - JSON
    if isinstance(part, dict):
        yield part
        for name in ("normalizers", "pretokenizers"):
            for step in part.get(name, ()):
                yield from _list_steps(step)
