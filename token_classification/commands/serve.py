"""`serve`: one or several models behind HTTP."""

import argparse
import ipaddress
import logging
import re
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification import __version__
from token_classification.arguments.serving import ServingArguments
from token_classification.commands.flags import add_dataclass_flags, build_options, flag
from token_classification.commands.key_files import read_key_file
from token_classification.commands.model_choice import TaggingChoice, open_predictor
from token_classification.commands.wording import COMMON_WORDS, speaking
from token_classification.errors import UserError
from token_classification.inference.model_version import name_model
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.serving.metrics import Metrics
    from token_classification.serving.models import Models, ServedModel

logger = logging.getLogger(__name__)

NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)
"""What a model may be called: it becomes a part of addresses"""


@dataclass(frozen=True, kw_only=True)
class ServeOptions(TaggingChoice):
    """Which models are served, where, and how much is taken at once."""

    model: Sequence[str] = flag(  # type: ignore[assignment]  # several of them, unlike other commands
        "Folder of a trained or exported model, or a name on the Hub. Several: -m NAME=MODEL -m NAME=MODEL; the first "
        "answers requests that name none.",
        "-m",
        group="model",
        metavar="[NAME=]MODEL",
    )
    host: str = flag(
        "Address to listen at: 127.0.0.1 is only reached from this machine, 0.0.0.0 from everywhere.",
        group="server",
        default=ServingArguments.host,
        metavar="HOST",
    )
    port: int = flag("Port; 0: any free one.", group="server", default=ServingArguments.port, metavar="N")
    reuse_port: bool = flag(
        "Let other processes of this command listen at the same port; the system divides connections among them.",
        group="server",
        default=ServingArguments.reuse_port,
    )
    api_key: str | None = flag(
        "File whose first line is a key that requests must have, as Authorization: Bearer KEY or as the password of "
        "any user. Health checks need none.",
        group="server",
        default=None,
        metavar="@FILE",
    )
    max_batch_tokens: int | None = flag(
        "Positions of a batch, padding included. Default: by the device.", group="queue", default=None, metavar="N"
    )
    batch_wait_ms: float = flag(
        "How long the first text of an idle server waits for others to share its batch.",
        group="queue",
        default=ServingArguments.batch_wait_ms,
        metavar="MS",
    )
    queue_capacity: int = flag(
        "How many texts may wait; further requests are answered with 429. Texts of more than 2,000 characters count "
        "several times.",
        group="queue",
        default=ServingArguments.queue_capacity,
        metavar="N",
    )
    request_timeout_s: float = flag(
        "How long a request may wait for its answer.",
        group="limits",
        default=ServingArguments.request_timeout_s,
        metavar="S",
    )
    max_text_characters: int = flag(
        "Longest text.", group="limits", default=ServingArguments.max_text_characters, metavar="N"
    )
    max_texts_per_request: int = flag(
        "Most texts in a request.", group="limits", default=ServingArguments.max_texts_per_request, metavar="N"
    )
    max_body_bytes: int = flag(
        "Largest body of a request.", group="limits", default=ServingArguments.max_body_bytes, metavar="N"
    )


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `serve`."""
    add_dataclass_flags(parser, ServeOptions)


def run(namespace: argparse.Namespace) -> int:
    """Serve the models that the flags name until a signal comes, and return the exit code.

    Raises:
        UserError: see `serve`.
    """
    options = build_options(ServeOptions, namespace, "serve")
    with speaking(COMMON_WORDS):
        serve(options)
    return 0


def serve(options: ServeOptions) -> None:
    """Serve models until SIGTERM or SIGINT; everything that was accepted is answered first.

    Raises:
        UserError: something is wrong with a model, the key, the address or the settings.
    """
    models = name_models(options.model)
    typed = {item.name: getattr(options, item.name) for item in fields(ServingArguments)}
    arguments = ServingArguments(**typed | {"api_key": read_key(options.api_key)})
    with quick_imports():
        from token_classification.serving.access_log import AccessLog
        from token_classification.serving.app import build_app
        from token_classification.serving.listen import build_server, open_socket, run_server
        from token_classification.serving.metrics import Metrics
    # Before the models are opened, which takes a while.
    listener = open_socket(arguments.host, arguments.port, arguments.reuse_port)
    with closing(listener):
        warn_of_strangers(listener.getsockname()[0], arguments)
        metrics, access_log = Metrics(), AccessLog(sys.stdout)
        served = open_models(models, options, arguments, metrics)
        app = build_app(served, arguments, __version__, metrics=metrics, access_log=access_log)
        names = ", ".join(models)
        server = build_server(app, access_log)
        run_server(server, listener, lambda address: logger.info("Serving %s at %s", names, address))
    logger.info("Every accepted request has been answered.")


def name_models(typed: Sequence[str]) -> dict[str, str]:
    """Return the models by name: that before `=`, else the last part of the folder's.

    Raises:
        UserError: a name is not accepted, or given twice.
    """
    models: dict[str, str] = {}
    for text in typed:
        name, separator, model = text.partition("=")
        if not separator or Path(text).exists():
            name, model = name_model(text), text
        if not NAME.fullmatch(name) or not model:
            raise UserError(f"-m {text}: accepted are MODEL and NAME=MODEL; a name has letters, digits, _, - and .")
        if name in models:
            raise UserError(f"-m {text}: there are two models of the name {name}; type -m NAME=MODEL for one of them")
        models[name] = model
    return models


def read_key(argument: str | None) -> str | None:
    """Return the key in the first line of `@FILE`.

    Raises:
        UserError: it is typed itself, can't be read, is empty, or has characters that no header can have.
    """
    if argument is None:
        return None
    accepted = "accepted is @FILE, a text file with the key in its first line"
    key = read_key_file(argument, "--api_key", accepted)
    if not re.fullmatch(r"[!-~]+", key):
        found = "its first line has blanks or characters beyond ASCII" if key else "its first line is empty"
        raise UserError(f"--api_key {argument}: {found}; accepted are letters, digits and punctuation")
    return key


def warn_of_strangers(address: str, arguments: ServingArguments) -> None:
    """Warn if other machines can reach a server that asks for no key."""
    if arguments.api_key is None and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        logger.warning(
            "Every machine that reaches %s can use this server: --api_key @FILE asks for a key, --host 127.0.0.1 "
            "listens to this machine only.",
            address,
        )


def open_models(
    models: dict[str, str], options: ServeOptions, arguments: ServingArguments, metrics: "Metrics"
) -> "Models":
    """Open models, each with a queue of its own.

    Raises:
        UserError: one of them can't be opened.
    """
    from token_classification.serving.models import Models

    return Models({name: open_model(name, model, options, arguments, metrics) for name, model in models.items()})


def open_model(
    name: str, model: str, options: ServeOptions, arguments: ServingArguments, metrics: "Metrics"
) -> "ServedModel":
    """Open a model with its queue."""
    with quick_imports():
        from token_classification.inference.model_version import name_version
        from token_classification.modeling.source import find_model_folder
        from token_classification.serving.models import ServedModel
        from token_classification.serving.queue import TaggingQueue
    # A thread for each core: requests make small batches, on which several threads would wait for each other.
    predictor = open_predictor(options, model, streams=None)
    queue = TaggingQueue(
        predictor,
        batch_tokens=arguments.max_batch_tokens,
        batch_wait_s=arguments.batch_wait_ms / 1000,
        capacity=arguments.queue_capacity,
        observer=metrics.observe(name),
    )
    return ServedModel(name, predictor, name_version(name, predictor, find_model_folder(model)), queue)
