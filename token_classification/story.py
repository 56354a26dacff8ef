"""The whole story of a run, one call per station: what `run_ner.py` starts and what both dialects walk through."""

import logging
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from accelerate import PartialState
from transformers import PreTrainedConfig, set_seed
from transformers.trainer_utils import speed_metrics

from token_classification.alignment.align import AlignedSplit, Aligner, fit_aligner
from token_classification.alignment.coherence import keep_coherent_context
from token_classification.arguments.command_line import parse_command_line
from token_classification.arguments.decoding import fill_in_decoder, record_decoding, settle_decoding
from token_classification.arguments.run import RunArguments
from token_classification.checking.check_run import check_run
from token_classification.data.levels import Labels, choose_labels, fit_levels
from token_classification.data.load import Corpus, load_corpus, used_splits
from token_classification.data.perturbations.augment import augment_training
from token_classification.data.replay import add_replay
from token_classification.data.results_folder import lock_folder
from token_classification.data.schemes import Scheme
from token_classification.data.splits import OLD_TEST
from token_classification.distillation.kept_labels import find_kept_labels
from token_classification.distillation.lessons import prepare_lessons
from token_classification.errors import UserError
from token_classification.export.export_model import check_export_arguments, export_run
from token_classification.hardware import keep_freed_memory
from token_classification.inference.engine import open_engine
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.label_names import read_known_labels
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.modeling.vocabulary import check_vocabulary
from token_classification.recipe import DEFAULT_RECIPE, Recipe
from token_classification.reporting.ending import describe_ending
from token_classification.reporting.kept_promises import compare_promises
from token_classification.reporting.logs import logging_of_run
from token_classification.reporting.old_test import report_old_test, tag_old_test
from token_classification.reporting.outputs import check_outputs, claim_outputs
from token_classification.reporting.report import write_report
from token_classification.reporting.run_calibration import TRAINED_BACKEND, calibrate_run
from token_classification.scoring.evaluate import SplitResults
from token_classification.scoring.metrics_file import write_metrics
from token_classification.seeds.keep import adopt_card, keep_model
from token_classification.seeds.plan import advising_on_stops, check_seeds, plan_seeds
from token_classification.seeds.record import add_scores, begin_record, finish_record, open_record
from token_classification.training.adaptation import check_adaptation
from token_classification.training.build import build_trainer
from token_classification.training.flags import build_recipe
from token_classification.training.loss import weigh_classes
from token_classification.training.survival.checkpoints import find_checkpoint
from token_classification.training.survival.failures import explain_write_errors
from token_classification.training.trainer import NerTrainer

logger = logging.getLogger(__name__)

PREFIXES = {"validation": "eval", "test": "predict"}
"""Split -> what the names of its results begin with"""


def main(argv: list[str] | None = None) -> int:
    """Parse the command line (None: that of the process) and walk the story, or only check the data (--check_only).

    Returns:
        The exit code.
    """
    arguments, notices = parse_command_line(sys.argv[1:] if argv is None else argv)
    with logging_of_run(arguments.training):
        for notice in notices:
            logger.warning(notice)
        if arguments.data.check_only:
            return check_run(arguments)
        with lock_output(arguments):
            results = tell(arguments)
            if arguments.training.process_index == 0:
                print(f"\n{describe_ending(arguments, results)}")
    return 0


def lock_output(arguments: RunArguments) -> AbstractContextManager[None]:
    """Keep other commands out of the output folder; the first process does it for all of them."""
    training = arguments.training
    return lock_folder(training.folder, "--output_dir") if training.process_index == 0 else nullcontext()


def score_export(arguments: RunArguments, *, corpus: Corpus) -> dict[str, SplitResults]:
    """Score an exported model with the loop and the metrics of `walk`, and leave the files that it leaves.

    Returns:
        What the model makes of the splits that the arguments name.

    Raises:
        UserError: something wrong with the model, or files in the output folder that are not this tool's.
    """
    check_outputs(arguments, DEFAULT_RECIPE)
    decoding, folder = arguments.decoding, arguments.training.folder
    engine = open_engine(
        arguments.model.model_name_or_path,
        max_seq_length=decoding.max_seq_length,
        decoder=decoding.decoder,
        show_progress=True,
        streams=None,
    )
    corpus = fit_levels(corpus, engine.label_set.names, is_training=False)
    results = {}
    for split in used_splits(arguments.training):
        start, prefix = time.time(), PREFIXES[split]
        results[split] = engine.evaluate(corpus.splits[split], corpus.sources[split])
        metrics = {f"{prefix}_{name}": value for name, value in results[split].metrics.items()}
        metrics |= speed_metrics(prefix, start, num_samples=len(results[split].tags))
        claim_outputs(arguments, DEFAULT_RECIPE)
        write_metrics(folder, prefix, metrics)
    write_report(arguments, DEFAULT_RECIPE, corpus, engine.label_set, engine.aligner.window_length, results)
    model = Path(arguments.model.model_name_or_path)
    compare_promises(model, engine.backend, engine.decoder_name, corpus, engine.label_set, results)
    return results


def tell(arguments: RunArguments, *, corpus: Corpus | None = None) -> dict[str, SplitResults]:
    """Walk the story as often as the run trains: once, or with each of `--seeds`; see `walk`."""
    return (walk if arguments.seeds.seeds is None else walk_seeds)(arguments, corpus=corpus)


def walk_seeds(arguments: RunArguments, *, corpus: Corpus | None = None) -> dict[str, SplitResults]:
    """Walk the story with each seed that has no finished training, and at last with the model that is kept.

    Args:
        arguments: As for `walk`.
        corpus: Data that is loaded already, instead of what the arguments name.

    Returns:
        What the model that is kept makes of the splits.
    """
    check_seeds(arguments)
    # That of the folder in which one model is kept; each training checks its own.
    check_adaptation(arguments, DEFAULT_RECIPE)
    set_seed(arguments.training.seed)
    corpus = corpus or load_corpus(arguments)
    plan, writes = plan_seeds(arguments, corpus), arguments.training.process_index == 0
    record = open_record(plan)
    # Who looks later would take what the first process writes for somebody else's.
    PartialState().wait_for_everyone()
    if writes:
        begin_record(plan, record)
    for number, seed in enumerate(plan.seeds, start=1):
        if seed in record.scores:
            logger.info("Training %s of %s, seed %s, is finished already.", number, len(plan.seeds), seed)
            continue
        logger.info("Training %s of %s, seed %s, in %s.", number, len(plan.seeds), seed, plan.folder_of(seed))
        with advising_on_stops(plan):
            walk(plan.arguments_of(seed), corpus=corpus)
        if writes:
            add_scores(plan, record, seed)
    table = ""
    if writes:
        table = finish_record(plan, record, keep_model(plan, record))
        adopt_card(plan, record, table)
    PartialState().wait_for_everyone()
    last = plan.last_arguments()
    steps = (last.training.do_eval, last.training.do_predict, last.export.do_export)
    results = walk(last, corpus=corpus) if any(steps) else {}
    if writes:
        print(f"\n{table}", end="")
    return results


def prepare(arguments: RunArguments, recipe: Recipe) -> str | None:
    """Check what can be checked before anything is loaded.

    Returns:
        The checkpoint that a training continues from; None where it starts from the beginning.

    Raises:
        UserError: there is nothing to do, the output folder holds what would be lost, or no adapters can be trained.
    """
    training = arguments.training
    steps = (training.do_train, training.do_eval, training.do_predict, arguments.export.do_export)
    if not any(steps):
        raise UserError(
            "nothing to do: no step is asked for. Accepted: one or several of --do_train, --do_eval, --do_predict and "
            "--do_export; or --check_only to look at the data."
        )
    if training.keep_freed_memory:
        keep_freed_memory()
    if arguments.export.do_export:
        check_export_arguments(arguments)
    check_adaptation(arguments, recipe)
    set_seed(training.seed)
    checkpoint = find_checkpoint(training) if training.do_train else None
    check_outputs(arguments, recipe)
    return checkpoint


def settle_labels(arguments: RunArguments, corpus: Corpus, config: PreTrainedConfig) -> tuple[Corpus, Labels]:
    """Choose the labels of a run; of a training those, too, that a trained model is to keep.

    Returns:
        The corpus with the levels of nested entities that the model has, and the labels.
    """
    data, is_training = arguments.data, arguments.training.do_train
    known = read_known_labels(config, arguments.model.model_name_or_path)
    corpus = fit_levels(corpus, known, is_training=is_training)
    kept = find_kept_labels(arguments, corpus, config)
    labels = choose_labels(
        corpus,
        task=data.task_name,
        labels_file=data.labels,
        model_labels=known,
        is_training=is_training,
        kept=kept,
    )
    return corpus, labels


def align_splits(aligner: Aligner, corpus: Corpus, splits: list[str]) -> dict[str, AlignedSplit]:
    """Align some splits of a corpus, and log what became of their words."""
    aligned = {split: aligner.align_corpus(corpus, split) for split in splits}
    for split, rows in aligned.items():
        logger.info("%s: %s", split, rows.describe())
    return aligned


def walk(
    arguments: RunArguments,
    *,
    recipe: Recipe | None = None,
    corpus: Corpus | None = None,
) -> dict[str, SplitResults]:
    """Walk the whole story: load, label set, model, align, train, evaluate, predict, report, calibrate, export.

    Args:
        arguments: Which model, which data, how to train, and which steps to take.
        recipe: How to learn; None: as the flags say.
        corpus: Data that is loaded already, instead of what the arguments name.

    Returns:
        What the model made of the splits that were evaluated ("validation") and predicted ("test").
    """
    recipe = recipe or build_recipe(arguments)
    checkpoint = prepare(arguments, recipe)
    model_args, training = arguments.model, arguments.training

    # 1. Load: every split as sentences of words and tags.
    corpus = corpus or load_corpus(arguments)

    # 2. Label set: what the data says, in the order that the model knows; one for each level of nested entities.
    config = load_config(model_args)
    corpus, label_set = settle_labels(arguments, corpus, config)
    if corpus.levels:
        check_outputs(arguments, recipe, [*corpus.levels])

    # 3. Model: tokenizer and encoder with a head for these labels.
    tokenizer = load_tokenizer(model_args)
    check_vocabulary(tokenizer, config, model_args.model_name_or_path)
    model = load_model(model_args, config, label_set, recipe)

    # 4. Align: words, also those of perturbed copies and of old data, to sub-tokens to windows; each word owned once.
    asked = fill_in_decoder(arguments.decoding, config, training.do_train and label_set.scheme != Scheme.PLAIN)
    asked = keep_coherent_context(asked, config, corpus) if training.do_train else asked
    arguments = replace(arguments, decoding=settle_decoding(asked, config))
    aligner = fit_aligner(tokenizer, model, label_set, arguments.decoding, recipe)
    if training.do_train:
        record_decoding(model.config, asked.max_seq_length, aligner.window_length, asked.decoder, asked.context)
    learnt = add_replay(augment_training(corpus, arguments, label_set))
    aligned = align_splits(aligner, learnt, used_splits(training))

    with explain_write_errors(training.folder):
        # 5. Train. What the model makes of an old test set before is for the report.
        old = tag_old_test(arguments, corpus)
        class_weights = weigh_classes(corpus, label_set) if recipe.balances_classes else None
        is_taught = training.do_train and arguments.distillation.names
        lessons = prepare_lessons(arguments, learnt, model, aligner, aligned["train"]) if is_taught else None
        trainer = build_trainer(model, aligner, aligned, arguments, recipe, class_weights, lessons)
        claim_outputs(arguments, recipe, [*corpus.levels])
        if training.do_train:
            trainer.learn(checkpoint, len(learnt.splits["train"]), recipe.model_folder)

        # 6. Evaluate, and 7. predict: every word of the test file gets a tag, scored where it has gold.
        scored = [split for split, asks in zip(PREFIXES, (training.do_eval, training.do_predict), strict=True) if asks]
        results = {split: trainer.report_split(aligned[split], PREFIXES[split]) for split in scored}

        # 8. Report.
        if old is not None:
            report_old_test(old, recipe.model_folder or training.folder, arguments, corpus.sources[OLD_TEST])
        if trainer.is_world_process_zero():
            log_history = trainer.state.log_history
            write_report(arguments, recipe, corpus, label_set, aligner.window_length, results, log_history)

        # 9. Calibrate: scores of the new model that are probabilities; and are promises of the model kept?
        if training.do_train and arguments.report.calibrate:
            tag = partial(tag_validation, trainer, aligner, aligned, corpus, results)
            calibrate_run(arguments, recipe, corpus, label_set, tag)
        source = (recipe.model_folder or training.folder) if training.do_train else Path(model_args.model_name_or_path)
        if trainer.is_world_process_zero():
            compare_promises(source, TRAINED_BACKEND, str(arguments.decoding.decoder), corpus, label_set, results)
    if training.push_to_hub:
        trainer.push_to_hub()

    # 10. Export: the model that this run trained or was given, for a faster runtime.
    if arguments.export.do_export and trainer.is_world_process_zero():
        export_run(str(source), corpus, arguments)
    return results


def tag_validation(
    trainer: NerTrainer,
    aligner: Aligner,
    aligned: Mapping[str, AlignedSplit],
    corpus: Corpus,
    results: Mapping[str, SplitResults],
) -> SplitResults:
    """Return what a trained model makes of the validation split, which is tagged only if nobody has done so."""
    if "validation" in results:
        return results["validation"]
    split = aligned.get("validation")
    if split is None:
        split = aligner.align_corpus(corpus, "validation")
    return trainer.find_results(split, PREFIXES["validation"])[0]
