"""The models that are served, by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from token_classification.inference.predictor import Predictor
from token_classification.nearest_names import did_you_mean
from token_classification.serving.errors import RequestError
from token_classification.serving.queue import TaggingQueue


@dataclass(frozen=True)
class ServedModel:
    """A model behind a queue."""

    name: str
    predictor: Predictor
    version: str
    """Changes with the files of the model and with the settings on which its answers depend"""
    queue: TaggingQueue


class Models:
    """The served models, in the order of the command line; the first one answers where no name is given."""

    def __init__(self, models: Mapping[str, ServedModel]) -> None:
        self._models = dict(models)

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(self._models.values())

    def choose(self, name: str | None) -> ServedModel:
        """Return the model of a name; None: the first.

        Raises:
            RequestError: 404, no such model.
        """
        if name is None:
            return next(iter(self))
        if name not in self._models:
            hint = did_you_mean(name, self._models, otherwise=f"served are {', '.join(self._models)}")
            raise RequestError(404, "unknown_model", f"no model {name:.60}: {hint}")
        return self._models[name]
