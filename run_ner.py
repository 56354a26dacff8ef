#!/usr/bin/env python
r"""Fine-tune, evaluate and apply a token-classification model (NER, POS, chunking).

python run_ner.py --model_name_or_path bert-base-uncased --dataset_name conll2003 \
    --output_dir ner-model --do_train --do_eval
python run_ner.py --model_name_or_path MODEL --train_file train.conll --validation_file dev.conll \
    --test_file test.conll --output_dir ner-model --do_train --do_eval --do_predict
python run_ner.py config.yaml --seed 1
"""

import logging
import sys
from pathlib import Path

from transformers import set_seed

from token_classification.alignment.align import build_aligner
from token_classification.alignment.batches import build_collator
from token_classification.alignment.windows import find_window_length
from token_classification.arguments import DataArguments, ModelArguments, NerTrainingArguments
from token_classification.command_line import parse_command_line, run_command
from token_classification.data.labels import choose_label_set
from token_classification.data.load import load_corpus
from token_classification.modeling.build import load_config, load_model, read_model_labels
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.reporting.logs import configure_logging
from token_classification.reporting.model_card import write_model_card
from token_classification.reporting.predictions import write_legacy_predictions, write_predictions
from token_classification.reporting.run_record import write_run_record
from token_classification.reporting.tables import format_scores
from token_classification.scoring.decode import build_viterbi
from token_classification.training.checkpoints import find_checkpoint
from token_classification.training.trainer import NerTrainer

logger = logging.getLogger("run_ner")


def main(argv: list[str]) -> None:
    """Parse the command line and walk the story."""
    arguments, notices = parse_command_line(argv)
    configure_logging(arguments[2])
    for notice in notices:
        logger.warning(notice)
    walk(*arguments)


def walk(model_args: ModelArguments, data_args: DataArguments, training_args: NerTrainingArguments) -> None:
    """The whole story: load -> label set -> model -> align -> train -> evaluate -> predict -> report."""
    set_seed(training_args.seed)
    checkpoint = find_checkpoint(training_args) if training_args.do_train else None

    # 1. Load: every split as sentences of words and tags.
    corpus = load_corpus(data_args, model_args, training_args)

    # 2. Label set: what the data says, in the order that the model knows.
    config = load_config(model_args)
    label_set = choose_label_set(
        corpus,
        task=data_args.task_name,
        labels_file=data_args.labels,
        model_labels=read_model_labels(config),
        is_training=training_args.do_train,
    )

    # 3. Model: tokenizer and encoder with a head for these labels.
    tokenizer = load_tokenizer(model_args)
    model = load_model(model_args, config, label_set)

    # 4. Align: words to sub-tokens to windows; each word owned once.
    window_length = find_window_length(data_args.max_seq_length, tokenizer, model)
    aligner = build_aligner(
        tokenizer,
        label_set,
        window_length=window_length,
        doc_stride=data_args.doc_stride,
        long_sentences=data_args.long_sentences,
        label_all_tokens=data_args.label_all_tokens,
    )
    aligned = {split: aligner.align(sentences, corpus.sources[split]) for split, sentences in corpus.splits.items()}
    for split, rows in aligned.items():
        logger.info("%s: %s windows; %s", split, f"{len(rows):,}", rows.ledger)

    trainer = NerTrainer(
        model=model,
        args=training_args,
        tokenizer=tokenizer,
        label_set=label_set,
        collator=build_collator(tokenizer, aligner.special, window_length if data_args.pad_to_max_length else None),
        window_length=window_length,
        train_split=aligned.get("train"),
        eval_split=aligned.get("validation"),
        decoder=build_viterbi(label_set) if data_args.decoder == "viterbi" else None,
        with_type_metrics=data_args.return_entity_level_metrics,
    )
    folder = Path(training_args.output_dir)
    results = {}

    # 5. Train.
    if training_args.do_train:
        train_result = trainer.train(resume_from_checkpoint=checkpoint)
        trainer.save_model()
        metrics = {**train_result.metrics, "train_samples": len(corpus.splits["train"])}
        trainer.log_metrics("train", metrics)
        trainer.save_metrics("train", metrics)
        trainer.save_state()

    # 6. Evaluate.
    if training_args.do_eval:
        results["validation"], metrics = trainer.predict_split(aligned["validation"], "eval")
        trainer.log_metrics("eval", metrics)
        trainer.save_metrics("eval", metrics)

    # 7. Predict: every word of the test file gets a tag, scored where it has gold.
    if training_args.do_predict:
        results["test"], metrics = trainer.predict_split(aligned["test"], "predict")
        trainer.log_metrics("predict", metrics)
        trainer.save_metrics("predict", metrics)

    # 8. Report.
    if trainer.is_world_process_zero():
        arguments = (model_args, data_args, training_args)
        if "test" in results:
            write_predictions(folder, corpus.splits["test"], results["test"].tags)
            if data_args.legacy_predictions:
                write_legacy_predictions(folder, corpus.splits["test"], results["test"].tags, data_args.task_name)
        write_run_record(folder, arguments, corpus, label_set, window_length)
        write_model_card(folder, arguments, label_set, window_length, results)
        for split, result in results.items():
            if "f1" in result.metrics:
                print(f"\n{format_scores(split, result.metrics, result.types)}")
    if training_args.push_to_hub:
        trainer.push_to_hub()


def run() -> int:
    """The command: exit code 0, or 2 where the user has to put something right."""
    return run_command(main, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
