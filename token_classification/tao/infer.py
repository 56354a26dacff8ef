"""`infer` with a spec: its settings become the options of the command, which does the work."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from token_classification.commands.flags import list_typed
from token_classification.commands.infer import InferOptions, infer, list_texts
from token_classification.data.text_lines import read_lines
from token_classification.inference.input_lines import STDIN, comes_once
from token_classification.inference.input_names import list_inputs
from token_classification.inference.read_records import recognise_file
from token_classification.tao.commands import run_with_spec
from token_classification.tao.models import open_model
from token_classification.tao.schema import Spec
from token_classification.tao.translate import translate_decoding

NO_THRESHOLD = Spec.threshold


def run(namespace: argparse.Namespace) -> int:
    """Read the spec and do the work in the results folder."""
    texts = list_texts(namespace)
    typed = list_typed(InferOptions, namespace) | ({} if texts is None else {"texts": texts})

    def work(spec: DictConfig, results: Path, key: str | None) -> None:
        options = translate_infer(spec, results, typed, has_spec_file=namespace.experiment_spec is not None)
        with open_model(options.model, key) as folder:
            infer(replace(options, model=str(folder)))

    return run_with_spec(namespace, work)


def translate_infer(spec: DictConfig, results: Path, typed: Mapping[str, Any], *, has_spec_file: bool) -> InferOptions:
    """Return the options of a spec, with what was typed as flags over them."""
    texts, input_file, decoding = spec.input_batch, spec.input_file, translate_decoding(spec)
    if "texts" in typed or "input_file" in typed:
        texts, input_file = None, None
    elif texts is None and input_file is not None and "to" not in typed and not is_bulk(spec, has_spec_file):
        lines = read_lines(Path(input_file))
        texts, input_file = lines[:-1] if lines[-1] == "" else lines, None
    threshold = OmegaConf.to_container(spec)["threshold"]
    if threshold == NO_THRESHOLD and (spec.operating_point is not None or "operating_point" in typed):
        # Whole specs hold the default: it asks for nothing.
        threshold = None
    options = {
        "model": spec.restore_from,
        "max_seq_length": decoding.max_seq_length,
        "decoder": decoding.decoder,
        "texts": None if texts is None else list(texts),
        "input_file": None if input_file is None else [input_file],
        "input_format": spec.input_format,
        "output_format": spec.output_format,
        "text_column_name": spec.text_column,
        "threshold": threshold,
        "operating_point": spec.operating_point,
        "words": spec.words,
        "backend": spec.backend,
        "resume": spec.resume,
        "num_workers": spec.trainer.gpus,
        "pad_label": spec.model.dataset.pad_label,
    }
    return InferOptions(**options | dict(typed) | {"results_dir": results})


def is_bulk(spec: DictConfig, has_spec_file: bool) -> bool:
    """Whether the answers go to a file only: all files do, but a plain text file that a spec (-e) is given for.

    Those lines are answered on the screen, as the texts of `input_batch` are.
    """
    if not has_spec_file or spec.resume or spec.output_format is not None or spec.input_format is not None:
        return True
    if comes_once(spec.input_file):
        return spec.input_file == STDIN
    names = list_inputs([spec.input_file])
    return len(names) > 1 or recognise_file(names[0], spec.text_column) != "text"
