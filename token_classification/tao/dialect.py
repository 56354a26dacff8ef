"""The engine's hints in the words of this dialect: `--learning_rate 5e-5` becomes `model.optim.lr=5e-5`.

The engine speaks the flags of `run_ner.py` only. Its errors and log lines are rewritten at the edge of the commands
that have a spec, and nowhere else.
"""

from contextlib import AbstractContextManager

from token_classification.commands.wording import replace_flags, rewording

ONLY_RUN_NER = (
    *(
        "--adam_beta1",
        "--adam_beta2",
        "--adam_epsilon",
        "--annotator",
        "--augment",
        "--label_all_tokens",
        "--label_smoothing_factor",
    ),
    *("--report_to", "--warmup_steps"),
    *("--data_dir", "--data_seed", "--dataset_config_name", "--dataset_name", "--deepspeed", "--do_eval"),
    *("--do_export", "--do_predict", "--do_train", "--doc_stride"),
    *("--include_num_input_tokens_seen", "--label_column_name", "--long_sentences"),
    *("--max_eval_samples", "--max_predict_samples", "--max_train_samples"),
    *("--overwrite_output_dir", "--pack_windows", "--pad_to_max_length", "--resume_from_checkpoint", "--task_name"),
    *("--text_column_name", "--token", "--train_sampling_strategy", "--unlabelled_file"),
    *("--validation_split", "--distillation_alpha", "--distillation_temperature", "--hint_weight"),
    *("--teacher_confidence", "--teacher_spans"),
    *("--time_budget", "--lr_scheduler_type"),
)
"""What this dialect has no key for: whoever wants it types `run_ner.py`"""

WORDS = {
    "--learning_rate": "model.optim.lr",
    "--optim_args": "model.optim",
    "--optim": "model.optim.name",
    "--head_layers": "model.head.num_fc_layers",
    "--lora_rank": "model.lora.rank",
    "--lora_alpha": "model.lora.alpha",
    "--head_dropout": "model.head.fc_dropout",
    "--head_activation": "model.head.activation",
    "--class_weights": "model.dataset.class_balancing",
    "--max_steps": "trainer.max_steps",
    "--dataloader_num_workers": "model.dataset.num_workers",
    "--report_to tensorboard": "exp_manager.create_tensorboard_logger=true",
    "--report_to wandb": "exp_manager.create_wandb_logger=true",
    "--metric_for_best_model": "exp_manager.checkpoint_callback_params.monitor",
    "--weight_decay": "model.optim.weight_decay",
    "--head_learning_rate": "model.optim.head_lr",
    "--layerwise_lr_decay": "model.optim.layer_decay",
    "--early_stopping_patience": "exp_manager.early_stopping_callback_params.patience",
    "--num_train_epochs": "trainer.max_epochs",
    "--gradient_accumulation_steps": "trainer.accumulate_grad_batches",
    "--max_grad_norm": "trainer.gradient_clip_val",
    "--logging_steps": "trainer.log_every_n_steps",
    "--num_workers": "-g",
    "--seed": "trainer.seed",
    "--mixed_precision": "trainer.precision",
    "--mixed_precision no": "trainer.precision=32",
    "--mixed_precision fp16": "trainer.precision=16",
    "--fp16": "trainer.precision=16",
    "--bf16": "trainer.precision=bf16",
    "--max_seq_length": "model.dataset.max_seq_length",
    "--max_seq_length -1": "model.dataset.max_seq_length=-1",
    "--labels": "model.label_ids",
    "--replay_file": "replay_file",
    "--old_test_file": "old_test_file",
    "--teacher": "teacher",
    "--train_file": "training_ds.text_file",
    "--validation_file": "validation_ds.text_file",
    "--test_file": "test_ds.text_file",
    "--per_device_train_batch_size": "training_ds.batch_size",
    "--per_device_eval_batch_size": "validation_ds.batch_size",
    "--save_total_limit": "exp_manager.checkpoint_callback_params.save_top_k",
    "--export_format": "export_format",
    "--input_file": "input_file",
    "--input_format": "input_format",
    "--output_format": "output_format",
    "--quantize": "quantize",
    "--max_f1_drop": "max_f1_drop",
    "--output_dir": "-r",
    "--check_only": "token_classification check",
    "--model_name_or_path": "-m",
    # The same command continues by itself; a fresh start takes another folder.
    " (run_ner.py: with --resume_from_checkpoint auto)": "",
    " with --resume_from_checkpoint auto": "",
    " --overwrite_output_dir": " and another -r",
    "Starting over (--overwrite_output_dir)": "With another -r",
    "To start over: --overwrite_output_dir without --resume_from_checkpoint": "To start over: another -r, or "
    "exp_manager.resume_if_exists=false",
    "--train_sampling_strategy: auto there, sequential here": "training_ds.shuffle: true there, false here",
    "--train_sampling_strategy: sequential there, auto here": "training_ds.shuffle: false there, true here",
    "--dataloader_drop_last": "model.dataset.drop_last",
    "Give another folder, --overwrite_output_dir to train from scratch and write over it, or "
    "--resume_from_checkpoint true": "Give another -r, or exp_manager.resume_if_exists=true",
    "--resume_from_checkpoint true:": "exp_manager.resume_ignore_no_checkpoint=false:",
    "--resume_from_checkpoint auto then trains from the start": "exp_manager.resume_ignore_no_checkpoint=true then "
    "trains from the start",
    "--resume_from_checkpoint auto takes the last good one": "exp_manager.resume_if_exists=true takes the last good "
    "one",
    "To continue: the same command (run_ner.py) with --model_name_or_path": "To score it: token_classification "
    "evaluate -e SPEC -r RESULTS -m",
    " and without --do_train": "",
    # Choices that have no key here are left out.
    ", or --auto_find_batch_size true": "",
    "; with --return_entity_level_metrics also those of each type": "",
    "; or leave out --do_train": "",
    ", --gradient_checkpointing true": "",
    " --eval_strategy epoch": "",
    ", or use --task_name pos to score every tag by itself": "",
    # Commands of the other dialect.
    "(--trust_remote_code no longer": "(run_ner.py --trust_remote_code no longer",
    "python run_ner.py --do_train --train_file FILE": "token_classification train -e SPEC -r RESULTS data_dir=FOLDER",
    " (--do_train --train_file FILE), or give the names in the model's order with --labels FILE": ": "
    "token_classification train -e SPEC -r RESULTS data_dir=FOLDER",
} | {flag: f"run_ner.py {flag}" for flag in ONLY_RUN_NER}
"""Flag, with the words around it where those change, too -> what is typed here"""

WORDS_OF_COMMANDS = {
    "evaluate": {"--per_device_eval_batch_size": "test_ds.batch_size"},
    "infer": {
        "--text_column_name": "text_column",
        "--text": "input_batch",
    },
    "export": {
        "--train_file": "calibration_file",
        "--validation_file": "test_file",
        "--test_file": "test_file",
        "--export_to": "export_to",
    },
}
"""Command -> what is typed differently there"""


def rewrite_flags(text: str, command: str) -> str:
    """Replace the flags of `run_ner.py` by what is typed in this dialect.

    Args:
        text: A message of the engine.
        command: The command that its reader typed: `train`, `evaluate` ...

    >>> rewrite_flags("Give --learning_rate 5e-5, or a smaller --max_seq_length.", "train")
    'Give model.optim.lr=5e-5, or a smaller model.dataset.max_seq_length.'
    """
    return replace_flags(text, WORDS | WORDS_OF_COMMANDS.get(command, {}))


def speaking_tao(command: str) -> AbstractContextManager[None]:
    """Rewrite the messages of errors that leave this block; their kind, cause and traceback stay."""
    return rewording(WORDS | WORDS_OF_COMMANDS.get(command, {}))
