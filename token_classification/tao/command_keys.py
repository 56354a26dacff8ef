"""Which keys of the schema each command reads, and a spec written out with those."""

from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from token_classification.tao.settings import TEXT_TAG

COMMAND_KEYS: dict[str, tuple[str, ...]] = {
    "train": (
        *("restore_from", "data_dir", "model", "training_ds", "validation_ds", "trainer", "exp_manager"),
        "report",
    ),
    "finetune": (
        *("restore_from", "data_dir", "model.label_ids", "model.class_labels", "model.dataset", "model.optim"),
        *("training_ds", "validation_ds", "trainer", "exp_manager", "report"),
    ),
    "evaluate": ("restore_from", "data_dir", "model.dataset", "validation_ds", "test_ds", "trainer.gpus", "report"),
    "infer": (
        *("restore_from", "model.dataset", "input_batch", "input_file", "input_format", "output_format"),
        *("text_column", "threshold", "words", "backend", "resume"),
    ),
    "export": (
        *("restore_from", "model.dataset", "export_format", "export_to", "quantize", "calibration_file", "test_file"),
        "max_f1_drop",
    ),
    "dataset_convert": ("source_data_dir", "target_data_dir", "scheme"),
}
"""Command -> keys and sections that decide something there"""


LONGEST_LINE = 2**31
"""No text is folded into several lines"""


class SpecDumper(yaml.SafeDumper):
    """Writes every text so that it is read again as it was."""


def _write_text(dumper: SpecDumper, text: str) -> yaml.ScalarNode:
    # In single quotes the library breaks lines behind these, and reads blanks back.
    style = '"' if any(ending in text for ending in ("\x85", "\u2028", "\u2029")) else None
    return dumper.represent_scalar(TEXT_TAG, text, style)


SpecDumper.add_representer(str, _write_text)


def is_read(command: str, key: str) -> bool:
    """Whether a key, or something in a section, decides anything in a command."""
    return any(
        key == known or key.startswith(f"{known}.") or known.startswith(f"{key}.") for known in COMMAND_KEYS[command]
    )


def dump_spec(spec: DictConfig, command: str) -> str:
    """The spec as YAML: what the command reads, without the settings of optimizers that are not given.

    Read again as a spec, it gives the same settings.
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
    # OmegaConf writes YAML, too, but not the names of files that are not UTF-8.
    return yaml.dump(kept, Dumper=SpecDumper, sort_keys=False, allow_unicode=True, width=LONGEST_LINE)
