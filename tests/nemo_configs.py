"""Keys and values of NeMo's own configuration of this task, version by version; paths are left open as there."""

SPLIT = {"shuffle": False, "num_samples": -1, "batch_size": 64}
DEV = {"text_file": "text_dev.txt", "labels_file": "labels_dev.txt", **SPLIT}
TRAIN = {"text_file": "text_train.txt", "labels_file": "labels_train.txt", **SPLIT, "shuffle": True}
CLASS_LABELS = {"class_labels": {"class_labels_file": "label_ids.csv"}}
CACHED = {"use_cache": True}

OLD_TRAINER = {"gpus": 1, "accelerator": "ddp", "checkpoint_callback": False, "resume_from_checkpoint": None}
NEW_TRAINER = {"devices": 1, "accelerator": "gpu", "enable_checkpointing": False}


def build_config(
    trainer: dict, model: dict | None = None, cached: bool = True, language_model: dict | None = None
) -> dict:
    """A configuration: what all versions share, with what is particular to one."""
    return {
        "pretrained_model": None,
        "trainer": {
            "num_nodes": 1,
            "max_epochs": 5,
            "max_steps": None,
            "accumulate_grad_batches": 1,
            "gradient_clip_val": 0.0,
            "precision": 16,
            "logger": False,
            "log_every_n_steps": 1,
            "val_check_interval": 1.0,
            **trainer,
        },
        "exp_manager": {
            "exp_dir": None,
            "name": "token_classification_model",
            "create_tensorboard_logger": True,
            "create_checkpoint_callback": True,
        },
        "model": {
            "label_ids": None,
            "dataset": {
                "data_dir": "???",
                "class_balancing": None,
                "max_seq_length": 128,
                "pad_label": "O",
                "ignore_extra_tokens": False,
                "ignore_start_end": False,
                "use_cache": cached,
                "num_workers": 2,
                "pin_memory": False,
                "drop_last": False,
            },
            "train_ds": TRAIN,
            "validation_ds": DEV,
            "tokenizer": {
                "tokenizer_name": "${model.language_model.pretrained_model_name}",
                "vocab_file": None,
                "tokenizer_model": None,
                "special_tokens": None,
            },
            "language_model": {
                "pretrained_model_name": "bert-base-uncased",
                "lm_checkpoint": None,
                "config_file": None,
                "config": None,
                **(language_model or {}),
            },
            "head": {
                "num_fc_layers": 2,
                "fc_dropout": 0.5,
                "activation": "relu",
                "use_transformer_init": True,
            },
            "optim": {
                "name": "adam",
                "lr": 5e-5,
                "weight_decay": 0.0,
                "sched": {
                    "name": "WarmupAnnealing",
                    "warmup_steps": None,
                    "warmup_ratio": 0.1,
                    "last_epoch": -1,
                    "monitor": "val_loss",
                    "reduce_on_plateau": False,
                },
            },
            **(model or {}),
        },
        "hydra": {"run": {"dir": "."}, "job_logging": {"root": {"handlers": None}}},
    }


NEMO_CONFIGS = {
    "1.0.0b3": build_config(OLD_TRAINER | {"amp_level": "O0"}, {"nemo_path": None}),
    "1.0.0b4": build_config(OLD_TRAINER | {"amp_level": "O0"}, {"nemo_path": None, **CLASS_LABELS}),
    "1.0.0": build_config(OLD_TRAINER | {"amp_level": "O0"}, {"test_ds": DEV, **CLASS_LABELS}),
    "1.6.2": build_config(OLD_TRAINER, {"test_ds": DEV, **CLASS_LABELS}, language_model={"nemo_file": None}),
    "1.10.0": build_config(
        NEW_TRAINER | {"resume_from_checkpoint": None}, {"test_ds": DEV, **CLASS_LABELS}, cached=False
    ),
    "1.23.0": build_config(NEW_TRAINER | {"max_steps": -1}, {"test_ds": DEV, **CLASS_LABELS}, cached=False),
}
"""Version of NeMo -> its `token_classification_config.yaml`"""

PUNCTUATION_CONFIGS = {
    "old": {"model": {"punct_label_ids": None, "capit_label_ids": None, "punct_head": {"punct_num_fc_layers": 1}}},
    "heads": {"model": {"punct_head": {"num_fc_layers": 1}, "capit_head": {"num_fc_layers": 1}}},
    "labels": {"model": {"class_labels": {"punct_labels_file": "punct_label_ids.csv"}}},
    "new": {"model": {"common_dataset_parameters": {"pad_label": "O"}, "train_ds": {"tokens_in_batch": 15000}}},
}
"""What tells the configurations of punctuation and capitalization, version by version"""

TAO_DUMP = {
    "exp_dir": None,
    "explicit_log_dir": "/results/train",
    "name": "trained-model",
    "version": None,
    "use_datetime_version": True,
    "resume_if_exists": True,
    "resume_past_end": False,
    "resume_ignore_no_checkpoint": True,
    "create_tensorboard_logger": False,
    "summary_writer_kwargs": None,
    "create_wandb_logger": False,
    "wandb_logger_kwargs": None,
    "create_checkpoint_callback": True,
    "checkpoint_callback_params": {
        "filepath": None,
        "monitor": "val_loss",
        "verbose": True,
        "save_last": True,
        "save_top_k": 3,
        "save_weights_only": False,
        "mode": "auto",
        "period": 1,
        "prefix": None,
        "postfix": ".tlt",
        "save_best_model": False,
        "always_save_nemo": False,
    },
    "files_to_copy": None,
}
"""`exp_manager` as TAO writes it into its log"""
