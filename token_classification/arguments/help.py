"""`--help` shows the flags that decide a run, `--help_all` every flag; both in groups.

`--help` answers at once, because nothing that it reads needs a library.
"""

import dataclasses
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from fnmatch import fnmatch
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

from token_classification.arguments.data import DataArguments
from token_classification.arguments.decoding import DecodingArguments
from token_classification.arguments.export import ExportArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.report import ReportArguments
from token_classification.arguments.seeds import SeedsArguments
from token_classification.arguments.shown_flags import SHOWN, TRAINING_FLAGS, Flag

TRAINING_GROUPS = {
    "steps": ("do_train", "do_eval", "do_predict"),
    "output": ("output_dir", "overwrite_output_dir", "save_only_model"),
    "training: data and batches": (
        *("num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps"),
        *("auto_find_batch_size", "train_sampling_strategy", "length_column_name", "pack_windows", "dataloader_*"),
        *("seed", "data_seed", "full_determinism"),
    ),
    "training: optimizer and loss": (
        *("learning_rate", "head_learning_rate", "layerwise_lr_decay", "lr_scheduler_*", "warmup_*", "optim*"),
        *("adam_*", "weight_decay"),
        *("max_grad_norm", "label_smoothing_factor", "neftune_*"),
    ),
    "training: evaluation and checkpoints": (
        *("eval_*", "per_device_eval_*", "early_stopping_*", "metric_for_best_model", "greater_is_better"),
        *("load_best_*", "save_*", "resume_*", "restore_*", "ignore_data_skip", "enable_jit_checkpoint"),
    ),
    "training: speed and memory": (
        *("mixed_precision", "bf16*", "fp16*", "tf32", "torch_*", "*_checkpointing*", "use_liger_*", "liger_*"),
        *("use_cpu", "tune_for_cpu", "keep_freed_memory"),
    ),
    "training: several processes": (
        *("ddp_*", "fsdp*", "deepspeed", "accelerator_config", "parallelism_config", "local_rank"),
        *("average_tokens_*", "*_on_each_node"),
    ),
    "training: logs and trackers": (
        *("logging_*", "log_*", "report_to", "run_name", "project", "trackio_*", "disable_tqdm"),
        *("include_num_*", "skip_memory_metrics", "debug"),
    ),
    "training: the Hub": ("push_to_hub", "hub_*"),
}
"""Where `--help_all` shows the flags of a training; flags that match no pattern come last"""
OTHER_GROUP = "training: other flags of transformers.TrainingArguments"

VALUE_NAMES: dict[object, str] = {bool: "{true,false}", int: "N", float: "X"}
"""Type -> placeholder for its values"""

LIGHT_PARTS = (DataArguments, DecodingArguments, ExportArguments, ModelArguments, ReportArguments, SeedsArguments)
HELP_COMMAND = "python run_ner.py --help_all"
"""Command that shows all flags"""

HELP_COLUMN, LEAST_WIDTH, GREATEST_WIDTH = 30, 60, 110
LONGEST_METAVAR = 40


def print_asked_help(argv: Sequence[str], introduction: str) -> bool:
    """Print the help if the command line asks for it.

    Args:
        argv: The command line.
        introduction: Text above the flags.

    Returns:
        Whether it does.
    """
    if "--help_all" in argv:
        print(format_help(introduction, group_all_flags()), end="")
    elif "--help" in argv or "-h" in argv:
        print(format_help(introduction, group_shown_flags()), f"All flags: {HELP_COMMAND}", sep="\n")
    else:
        return False
    return True


def group_shown_flags() -> dict[str, dict[str, Flag]]:
    """Return the flags that decide a run, by group and name."""
    flags = dict(TRAINING_FLAGS)
    for part in LIGHT_PARTS:
        flags |= describe_flags(part)
    return {group: {name: flags[name] for name in names} for group, names in SHOWN.items()}


def group_all_flags() -> dict[str, dict[str, Flag]]:
    """Return every flag, by group and name."""
    # Imported here, because it needs transformers.
    from token_classification.arguments.run import PARTS

    shown = {name: group for group, names in SHOWN.items() for name in names}
    groups: dict[str, dict[str, Flag]] = {group: {} for group in (*SHOWN, *TRAINING_GROUPS)}
    for part_name, part in PARTS.items():
        for name, flag in describe_flags(part).items():
            group = _choose_training_group(name) if part_name == "training" else shown.get(name, part_name)
            groups.setdefault(group, {})[name] = TRAINING_FLAGS.get(name, flag)
    if rest := groups.pop(OTHER_GROUP, None):
        groups[OTHER_GROUP] = rest
    return {group: flags for group, flags in groups.items() if flags}


def _choose_training_group(name: str) -> str:
    for group, patterns in TRAINING_GROUPS.items():
        if any(fnmatch(name, pattern) for pattern in patterns):
            return group
    return OTHER_GROUP


def describe_flags(part: type) -> dict[str, Flag]:
    """Return the flags of a dataclass by name."""
    types = get_type_hints(part)
    return {
        field.name: Flag(
            field.metadata.get("metavar") or _name_value(types[field.name]),
            field.metadata.get("help", "").replace("%%", "%"),
            None if field.default is dataclasses.MISSING else field.default,
        )
        for field in dataclasses.fields(part)
        if field.init
    }


def _name_value(kind: object) -> str:
    """Return the placeholder for the values of a type, which lists them if they are fixed."""
    if kind is bool:
        return ""
    kinds = (
        [one for one in get_args(kind) if one is not NoneType] if get_origin(kind) in (Union, UnionType) else [kind]
    )
    if get_origin(kinds[0]) is Literal:
        return _list_choices(get_args(kinds[0]))
    if isinstance(kinds[0], type) and issubclass(kinds[0], Enum):
        return _list_choices(member.value for member in kinds[0])
    return VALUE_NAMES.get(kinds[0], "TEXT")


def _list_choices(values: Iterable[object]) -> str:
    return f"{{{','.join(map(str, values))}}}"


def format_help(introduction: str, groups: Mapping[str, Mapping[str, Flag]]) -> str:
    """Lay out flags in groups, as wide as the terminal."""
    width = max(LEAST_WIDTH, min(shutil.get_terminal_size().columns, GREATEST_WIDTH))
    lines = [introduction.strip()]
    for group, flags in groups.items():
        lines += ["", f"{group}:"]
        for name, flag in flags.items():
            lines += _format_flag(name, flag, width)
    return "\n".join(lines) + "\n"


def _format_flag(name: str, flag: Flag, width: int) -> list[str]:
    """Return the lines of a flag: its name, and its help in a column of its own."""
    text = flag.help
    if flag.default is True:
        text += f" (on; turn it off with --no_{name})"
    elif flag.default not in (None, False, ""):
        default = flag.default.value if isinstance(flag.default, Enum) else flag.default
        text += f" (default: {default})"
    metavar = flag.metavar
    if len(metavar) > LONGEST_METAVAR:
        metavar, text = "NAME", f"{text} One of: {metavar[1:-1].replace(',', ', ')}."
    indent = " " * HELP_COLUMN
    typed = f"  --{name} {metavar}".rstrip()
    lines = textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent)
    if len(typed) < HELP_COLUMN - 1:
        return [typed.ljust(HELP_COLUMN) + lines[0].lstrip(), *lines[1:]]
    return [typed, *lines]
