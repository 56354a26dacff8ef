"""What a run leaves beside the model, for people and programs to read."""

from dataclasses import dataclass, field


@dataclass
class ReportArguments:
    """What a run leaves beside the model, for people and programs to read."""

    report: bool = field(
        default=True,
        metadata={
            "help": "Write a report on each scored split to output_dir/report: scores with intervals, errors, slices, "
            "and a page of the sentences."
        },
    )
    calibrate: bool = field(
        default=True,
        metadata={
            "help": "After a training, fit on the validation data what makes probabilities of the model's scores, and "
            "keep it in the model's folder, as token_classification calibrate does."
        },
    )
    return_entity_level_metrics: bool = field(
        default=False,
        metadata={"help": "Add precision, recall, F1 and the number of entities of each type to the results."},
    )
    legacy_predictions: bool = field(
        default=False,
        metadata={
            "help": "Also write test_predictions.txt as the old script did: `word tag` on each line, or POS sentences."
        },
    )
