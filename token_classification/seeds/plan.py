"""A run with several seeds, cut into the runs that it consists of: a training with each, and a last one without."""

import copy
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.load import Corpus
from token_classification.errors import StoppedError, UserError
from token_classification.output_text import quote_path
from token_classification.training.survival.continuation import SETTINGS

logger = logging.getLogger(__name__)

LENGTH = (
    *("num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps", "eval_strategy"),
    *("early_stopping_patience", "load_best_model_at_end", "mixed_precision"),
)
"""What else decides which model a training ends with"""


@dataclass(frozen=True)
class SeedPlan:
    """The trainings of a run."""

    arguments: RunArguments
    """Those of the whole run"""
    seeds: tuple[int, ...]
    settings: dict[str, object]
    """What all trainings have in common; scores are of one sample only where it is the same"""

    @property
    def folder(self) -> Path:
        """The output folder of the run."""
        return self.arguments.training.folder

    def folder_of(self, seed: int) -> Path:
        """Return the output folder of a training."""
        return self.folder / f"seed-{seed}"

    def arguments_of(self, seed: int) -> RunArguments:
        """Return the arguments of a training. It goes on from its last checkpoint; the export waits."""
        training, folder = self.arguments.training, self.folder_of(seed)
        varies = "seed" if self.arguments.seeds.keeps_best else "data_seed"
        logs = training.logging_dir and str(Path(training.logging_dir) / folder.name)
        start = "false" if training.overwrite_output_dir else "auto"
        changed = _change(
            training,
            **{varies: seed},
            output_dir=str(folder),
            logging_dir=logs,
            resume_from_checkpoint=start,
            overwrite_output_dir=True,
        )
        export = replace(self.arguments.export, do_export=False)
        return replace(self.arguments, training=changed, export=export)

    def last_arguments(self) -> RunArguments:
        """Return the arguments of the run that evaluates and exports the model that is kept."""
        training = _change(self.arguments.training, do_train=False, resume_from_checkpoint=None)
        model = replace(
            self.arguments.model, model_name_or_path=str(self.folder), config_name=None, tokenizer_name=None
        )
        # What belongs to a training alone.
        data = replace(self.arguments.data, replay_file=None, old_test_file=None)
        # The trainings chose whether sentences are read in context, and the model remembers it.
        decoding = replace(self.arguments.decoding, context=None)
        return replace(self.arguments, training=training, model=model, data=data, decoding=decoding)


def check_seeds(arguments: RunArguments) -> None:
    """Check before anything is loaded that the run can have several seeds.

    Raises:
        UserError: it does not train, can't choose the best model, has a time budget, is to be pushed, or is to go on
            from a certain checkpoint.
    """
    training, keeps_best = arguments.training, arguments.seeds.keeps_best
    if not training.do_train:
        raise UserError(
            "--seeds: trains, but --do_train is not given; accepted with --do_train; add it, or leave it out."
        )
    if keeps_best and not training.do_eval:
        raise UserError(
            "--seeds: the best model is the one with the best score on the validation data, and --do_eval is not "
            "given; accepted: --do_eval with --validation_file FILE or --validation_split 0.1, or --keep_model "
            "average; add one of these."
        )
    if not keeps_best and arguments.learning.lora_rank is not None:
        raise UserError(
            f"--keep_model average and --lora_rank {arguments.learning.lora_rank}: the mean of adapters is not that "
            "of their models; accepted: --keep_model best with --do_eval; type that, or leave --lora_rank out."
        )
    if training.time_budget is not None:
        raise UserError(
            f"--seeds and --time_budget {training.time_budget}: the time is that of one training; give one of them."
        )
    if training.push_to_hub:
        folder = quote_path(training.folder)
        raise UserError(
            "--seeds and --push_to_hub: the folder holds all trainings, and would be pushed with them; accepted: one "
            f"of the two; push the model that is kept afterwards: hf upload NAME {folder} . --exclude 'seed-*' "
            "--exclude '_*'"
        )
    path = training.resume_from_checkpoint
    if path is not None and path.lower() not in ("true", "auto", "false"):
        raise UserError(
            f"--resume_from_checkpoint {path}: with --seeds each training goes on from the last checkpoint in its own "
            "folder; accepted is auto; leave the flag out."
        )


def plan_seeds(arguments: RunArguments, corpus: Corpus) -> SeedPlan:
    """Plan the trainings of a run with several seeds."""
    seeds = arguments.seeds.list_seeds(arguments.training.seed)
    return SeedPlan(arguments, seeds, describe_settings(arguments, corpus))


def describe_settings(arguments: RunArguments, corpus: Corpus) -> dict[str, object]:
    """Return what decides the model of a training, but for its seed."""
    training = arguments.training.to_dict()  # type: ignore[no-untyped-call]  # the library has no type for it
    varies = "seed" if arguments.seeds.keeps_best else "data_seed"
    given = {name: training[name] for name in (*SETTINGS, *LENGTH) if name in training and name != varies}
    given |= {**vars(arguments.decoding), **vars(arguments.learning), **vars(arguments.distillation)}
    return {
        "model_name_or_path": arguments.model.model_name_or_path,
        "varies": varies,
        **{name: str(value) for name, value in given.items()},
        **{f"{split} data": digest for split, digest in _digest(corpus).items()},
        **_digest_files(
            [*(arguments.distillation.unlabelled_file or ()), *(arguments.distillation.teacher_spans or ())]
        ),
    }


def _digest(corpus: Corpus) -> dict[str, str]:
    """Return a checksum of the words and tags of each split, with those of all levels."""
    digests = {}
    for split, sentences in corpus.splits.items():
        tags = [level.splits[split].tags for level in corpus.levels.values()] or [sentences.tags]
        content = json.dumps([sentences.tokens, sentences.doc_ids, tags]).encode(errors="surrogatepass")
        digests[split] = hashlib.sha256(content).hexdigest()
    return digests


def _digest_files(names: Sequence[str]) -> dict[str, object]:
    """Return a checksum of each file that is learnt from beside the corpus."""
    files = {name: Path(name) for name in names if Path(name).is_file()}
    return {f"content of {name}": hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def _change(training: NerTrainingArguments, **values: object) -> NerTrainingArguments:
    """Return a copy with some values; the checks of a new object would see settings that they have changed already."""
    changed = copy.copy(training)
    for name, value in {"hub_token": training.hub_token, **values}.items():
        setattr(changed, name, value)
    return changed


@contextmanager
def advising_on_stops(plan: SeedPlan) -> Iterator[None]:
    """Tell what to type after SIGTERM: the message of a training names its own folder.

    Raises:
        StoppedError: SIGTERM came.
    """
    try:
        yield
    except StoppedError:
        raise StoppedError(
            f"stopped by SIGTERM; what is trained is kept in {plan.folder}. To continue: the same command again, "
            "without --overwrite_output_dir."
        ) from None
