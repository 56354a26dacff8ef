"""Which labels a training keeps although its data may lack them: what its teachers and its own model knew before."""

from transformers import PreTrainedConfig

from token_classification.arguments.model import ModelArguments
from token_classification.arguments.run import RunArguments
from token_classification.data.labels import LabelSet
from token_classification.data.load import Corpus
from token_classification.data.splits import OLD_TEST, REPLAY
from token_classification.errors import UserError
from token_classification.inference.model_labels import read_label_set
from token_classification.modeling.build import load_config
from token_classification.modeling.label_names import read_model_labels


def find_kept_labels(arguments: RunArguments, corpus: Corpus, config: PreTrainedConfig) -> list[LabelSet]:
    """Return the labels of the teachers and, where old data are learnt again or scored, those of the model itself.

    Args:
        arguments: The settings of the run; without a training nothing is kept.
        corpus: All splits.
        config: That of the model.

    Raises:
        UserError: there is no old model, or one has labels on several levels.
    """
    name, data = arguments.model.model_name_or_path, arguments.data
    if not arguments.training.do_train:
        if data.replay_file or data.old_test_file:
            raise UserError(
                "--replay_file and --old_test_file belong to a training; accepted: with --do_train. To score a model "
                "as it is: --do_predict --test_file FILE."
            )
        return []
    kept = [
        read_label_set(load_config(ModelArguments(teacher)), teacher)
        for teacher in dict.fromkeys(arguments.distillation.teacher or ())
    ]
    if corpus.levels and not {REPLAY, OLD_TEST}.isdisjoint(corpus.splits):
        raise UserError(
            "--replay_file and --old_test_file: data with nested entities can't be replayed or compared yet; "
            "accepted: one column of tags."
        )
    if read_model_labels(config) is not None and not {REPLAY, OLD_TEST}.isdisjoint(corpus.splits):
        kept.append(read_label_set(config, name))
    elif OLD_TEST in corpus.splits:
        raise UserError(
            f"--old_test_file: {name} knows no labels yet, so there is nothing to compare with; accepted: a trained "
            "model as --model_name_or_path; to score the new one alone: --do_predict --test_file FILE."
        )
    return kept
