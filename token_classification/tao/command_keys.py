"""Writes a spec out with the keys that a command reads."""

from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from token_classification.tao.schema import COMMAND_KEYS
from token_classification.tao.settings import TEXT_TAG

LONGEST_LINE = 2**31
"""Long enough that no text is folded into several lines"""


class SpecDumper(yaml.SafeDumper):
    """Writes every text so that it is read back as it was."""


def _write_text(dumper: SpecDumper, text: str) -> yaml.ScalarNode:
    # In single quotes, the library breaks lines after these, and reads blanks back.
    style = '"' if any(ending in text for ending in ("\x85", "\u2028", "\u2029")) else None
    return dumper.represent_scalar(TEXT_TAG, text, style)


SpecDumper.add_representer(str, _write_text)


def dump_spec(spec: DictConfig, command: str) -> str:
    """Return the spec as YAML: what the command reads, without settings of optimizers that are not given.

    Read as a spec again, it gives the same settings.
    """
    kept: dict[str, Any] = {}
    for key in COMMAND_KEYS[command]:
        *sections, name = key.split(".")
        source, target = OmegaConf.to_container(spec), kept
        for section in sections:
            source, target = source[section], target.setdefault(section, {})
        target[name] = source[name]
    if "optim" in kept.get("model", {}):
        optim = kept["model"]["optim"]
        kept["model"]["optim"] = {name: optim[name] for name in optim if name == "sched" or optim[name] is not None}
    # OmegaConf writes YAML, too, but not file names that are not UTF-8.
    return yaml.dump(kept, Dumper=SpecDumper, sort_keys=False, allow_unicode=True, width=LONGEST_LINE)
