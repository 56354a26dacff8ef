"""The configuration of a Label Studio project: where the texts of its tasks are, and what its labels are called."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from token_classification.serving.errors import RequestError
from token_classification.serving.fields import UNPROCESSABLE, show_name

EXAMPLE = '<Labels name="label" toName="text"><Label value="PER"/></Labels><Text name="text" value="$text"/>'
MOST_SHOWN = 20
FIELD = re.compile(r"\$([\w.]+)")


@dataclass(frozen=True)
class LabelName:
    """What a label of the model is called in a project: a label of one of its <Labels> tags."""

    tag: str
    label: str


@dataclass(frozen=True)
class TextField:
    """A <Text> tag that one or more <Labels> tags mark: where its text is, and what its labels are called."""

    tag: str
    path: str
    """The field of a task's data, or the path to it (`article.body`)"""
    labels: Mapping[str, LabelName]
    """Label of the model -> its name here"""


def read_label_config(config: object, model_labels: Sequence[str]) -> list[TextField]:
    """List the texts that a project wants to have marked, in the order of its configuration.

    Tags that are not <Labels> of a <Text> (choices, images, HTML) are none of ours.

    Args:
        config: What Label Studio sends as `label_config` or `schema`.
        model_labels: The labels that the model finds.

    Raises:
        RequestError: it is no configuration, or nothing in it can be marked.
    """
    root = _parse_xml(config)
    texts = {tag.get("name", ""): tag for tag in root.iter("Text")}
    marked: dict[str, dict[str, LabelName]] = {}
    for labels in root.iter("Labels"):
        for name in labels.get("toName", "").split(","):
            if name in texts:
                known = marked.setdefault(name, {})
                for label, label_name in _name_labels(labels, model_labels).items():
                    known.setdefault(label, label_name)
    fields = [TextField(name, _find_path(texts[name]), labels) for name, labels in marked.items()]
    if not fields:
        raise _refuse(f"{_describe_objects(root)}; accepted are <Labels> that mark a <Text>, e.g. {EXAMPLE}")
    if not any(field.labels for field in fields):
        problem = f"none of its labels ({_list_labels(root)}) is one of the model's ({_join(model_labels)})"
        raise _refuse(f'{problem}; type one of these as a label\'s value, or beside it as predicted_values="..."')
    return fields


def _parse_xml(config: object) -> ET.Element:
    if not isinstance(config, str):
        raise _refuse(f"accepted is the labelling configuration as XML, e.g. {EXAMPLE}")
    if "<!DOCTYPE" in config:
        # Entities that are made of entities can become gigabytes.
        raise _refuse("it has a <!DOCTYPE>; type it without")
    try:
        return ET.fromstring(config)
    except (ET.ParseError, UnicodeEncodeError) as error:
        raise _refuse(f"not well-formed XML: {error}") from error


def _name_labels(labels: ET.Element, model_labels: Sequence[str]) -> dict[str, LabelName]:
    """Find the labels of the model in a <Labels> tag.

    As in Label Studio's own library: what `predicted_values` lists, else the same name, else the same in other case.
    A label that has an alias is stored under it.
    """
    stored: dict[str, str] = {}
    for list_names in (_list_predicted_values, _list_names, _list_folded_names):
        for label in labels.iter("Label"):
            shown = label.get("alias") or label.get("value") or ""
            for name in list_names(label):
                stored.setdefault(name, shown)
    found = {label: stored.get(label, stored.get(label.casefold())) for label in model_labels}
    return {label: LabelName(labels.get("name", ""), name) for label, name in found.items() if name}


def _list_predicted_values(label: ET.Element) -> list[str]:
    return [value.strip() for value in label.get("predicted_values", "").split(",") if value.strip()]


def _list_names(label: ET.Element) -> list[str]:
    return [name for name in (label.get("value"), label.get("alias")) if name]


def _list_folded_names(label: ET.Element) -> list[str]:
    return [name.casefold() for name in _list_names(label)]


def _find_path(text: ET.Element) -> str:
    """Return the field of a task's data that a <Text> tag shows."""
    if text.get("valueType") == "url":
        raise _refuse(f"{_show(text, 'valueType')}: nothing is downloaded here; accepted are texts in the tasks")
    if text.get("encoding", "none") != "none":
        raise _refuse(f"{_show(text, 'encoding')}: accepted are texts as they are")
    match = FIELD.fullmatch(text.get("value", ""))
    if match is None:
        raise _refuse(f'{_show(text, "value")}: accepted is one field of the task, e.g. value="$text"')
    return match[1]


def _show(tag: ET.Element, key: str) -> str:
    return f'<{tag.tag} name="{show_name(tag.get("name", ""))}" {key}="{show_name(tag.get(key, ""))}">'


def _describe_objects(root: ET.Element) -> str:
    """Say what there is to mark where there is no <Text> with <Labels>."""
    if root.find(".//HyperText") is not None:
        return "it marks <HyperText>, where places are paths in HTML, and here plain text is marked"
    shown = sorted({tag.tag for tag in root.iter() if tag.get("name") and tag.get("value", "").startswith("$")})
    return f"it marks {_join(f'<{name}>' for name in shown)}" if shown else "it marks nothing"


def _list_labels(root: ET.Element) -> str:
    return _join(name for label in root.iter("Label") for name in _list_names(label)) or "it has none"


def _join(names: Iterable[str]) -> str:
    listed = [show_name(name) for name in islice(names, MOST_SHOWN + 1)]
    return ", ".join([*listed[:MOST_SHOWN], "..."] if len(listed) > MOST_SHOWN else listed)


def _refuse(problem: str) -> RequestError:
    return RequestError(UNPROCESSABLE, "label_config", f"label_config: {problem}")
