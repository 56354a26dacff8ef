"""Flags of older releases of transformers and of its script without a Trainer: they still work, with a notice each."""

from collections.abc import Sequence

RENAMED = {
    "evaluation_strategy": "eval_strategy",
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
    "warmup_ratio": "warmup_steps",
    "push_to_hub_model_id": "hub_model_id",
    "push_to_hub_token": "hub_token",
    "xpu_backend": "ddp_backend",
    "torchdynamo": "torch_compile_backend",
    "max_length": "max_seq_length",
    "max_train_steps": "max_steps",
    "num_warmup_steps": "warmup_steps",
}
"""Old name -> today's name; the value is passed on. `warmup_steps` below 1 is a share of all steps. The last three
come from `run_ner_no_trainer.py`."""

SWITCHES = {
    "no_cuda": ["--use_cpu"],
    "group_by_length": ["--train_sampling_strategy", "group_by_length"],
    "adafactor": ["--optim", "adafactor"],
    "evaluate_during_training": ["--eval_strategy", "steps"],
    "include_inputs_for_metrics": ["--include_for_metrics", "inputs"],
    "with_tracking": ["--report_to", "all"],
}
"""Old on/off flag -> what it is today; with `false` it is dropped. If the new flag is given too, that one wins."""

NO_EFFECT = {
    "save_safetensors": "models are always saved as safetensors",
    "fp16_backend": "torch's own mixed precision is used",
    "half_precision_backend": "torch's own mixed precision is used",
    "fp16_opt_level": "torch's own mixed precision is used",
    "use_mps_device": "the device is found automatically",
    "use_ipex": "torch's own CPU kernels are used",
    "jit_mode_eval": "use --torch_compile",
    "past_index": "it has no meaning for token classification",
    "use_legacy_prediction_loop": "there is one prediction loop",
    "tpu_num_cores": "the launcher decides",
    "mp_parameters": "use accelerate's configuration",
    "ray_scope": "it belongs to hyper-parameter search",
    "sharded_ddp": "use --fsdp",
    "fsdp_min_num_params": "use --fsdp_config",
    "fsdp_transformer_layer_cls_to_wrap": "use --fsdp_config",
    "include_tokens_per_second": "use --include_num_input_tokens_seen",
    "use_fast": "fast tokenizers are always used",
    "model_type": "the model's config names its type, and every training starts from --model_name_or_path",
}
"""Old flag -> why it is not needed; it is dropped with its value."""

SPECIAL = ("use_auth_token", "checkpointing_steps", "debug")
"""Old flags whose value decides what becomes of them"""
OLD_FLAGS = (*RENAMED, *SWITCHES, *NO_EFFECT, *SPECIAL)

TRUE_WORDS = {"true", "t", "1", "yes", "y"}
FALSE_WORDS = {"false", "f", "0", "no", "n"}


def translate_old_flags(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Rewrite old flags as today's.

    Returns:
        The new argument list, and one notice per old flag found.

    >>> translate_old_flags(["--evaluation_strategy", "epoch", "--no_cuda"])[0]
    ['--eval_strategy', 'epoch', '--use_cpu']
    """
    translated: list[str] = []
    notices: list[str] = []
    rest = list(argv)
    while rest:
        argument = rest.pop(0)
        name, equals, value = argument.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if not argument.startswith("--") or name not in OLD_FLAGS:
            translated.append(argument)
            continue
        values = [value] if equals else []
        while not equals and rest and not rest[0].startswith("--"):
            values.append(rest.pop(0))
        if name == "debug" and values:
            # Trainer's own flag, which always has a value.
            translated += [argument, *([] if equals else values)]
            continue
        flags, notice = _translate(name, values)
        if name in SWITCHES and flags and _names_flag(argv, flags[0]):
            flags = []
        translated += flags
        notices.append(notice)
    return translated, notices


def _translate(name: str, values: list[str]) -> tuple[list[str], str]:
    """Return what an old flag and its values are today, and the notice about it."""
    if name in RENAMED:
        new = RENAMED[name]
        return [f"--{new}", *values], f"--{name} is now called --{new}; please use that name."
    if name in SWITCHES:
        return [] if _is_off(values) else SWITCHES[name], f"--{name} is now written {' '.join(SWITCHES[name])}."
    if name == "use_auth_token":
        given = [value for value in values if value.lower() not in TRUE_WORDS | FALSE_WORDS]
        notice = "--use_auth_token is now --token TOKEN; without a value, the token stored by `hf auth login` is used."
        return ["--token", *given] if given else [], notice
    if name == "checkpointing_steps":
        flags = ["--save_strategy", "epoch"] if values == ["epoch"] else ["--save_steps", *values]
        return flags, f"--{name} is now written {' '.join(flags)}."
    if name == "debug":
        notice = (
            "--debug alone shows tracebacks; to try a little data: --max_train_samples 100 --max_eval_samples 100."
        )
        return [], notice
    return [], f"--{name} is no longer needed: {NO_EFFECT[name]}."


def _names_flag(argv: Sequence[str], flag: str) -> bool:
    """Return whether a flag of today is on the command line."""
    return any(argument.partition("=")[0].replace("-", "_") == flag.replace("-", "_") for argument in argv)


def _is_off(values: Sequence[str]) -> bool:
    return bool(values) and values[0].lower() in FALSE_WORDS
