"""What a training learns from trained models: the teachers, further text for them, and how much they count."""

from dataclasses import dataclass, field
from typing import Literal

from token_classification.arguments.values import check_values
from token_classification.errors import UserError


@dataclass
class DistillationArguments:
    """What a training learns from trained models."""

    teacher: list[str] | None = field(
        default=None,
        metadata={
            "help": "Trained models, exported ones too, with any tokenizer, whose probabilities for each word the "
            "model learns beside the tags of the training file; of several their mean."
        },
    )
    teacher_spans: list[str] | None = field(
        default=None,
        metadata={
            "help": "Texts with spans and their scores that something else has found, GLiNER or a language model, in "
            "any format with spans of characters, as one more teacher. The model learns the texts, too."
        },
    )
    unlabelled_file: list[str] | None = field(
        default=None,
        metadata={
            "help": "Texts without tags, in any format that `infer` reads, which are learnt from the teachers alone. "
            "Texts of the validation and test files are left out."
        },
    )
    unlabelled_words: Literal["punctuation", "whitespace"] = field(
        default="punctuation",
        metadata={
            "help": "How words are found in raw text of --unlabelled_file and --teacher_spans, as --words of `infer`."
        },
    )
    distillation_temperature: float = field(
        default=2.0,
        metadata={"help": "What the logits of teachers and model are divided by before they are compared."},
    )
    distillation_alpha: float = field(
        default=0.8,
        metadata={"help": "Weight of the teachers in the loss, from 0 to 1; the tags of the file have the rest."},
    )
    hint_weight: float = field(
        default=0.0,
        metadata={
            "help": "Weight of hints in the loss: the states of the model's encoder at each word are brought near "
            "those of the teachers, whatever their widths; 0: none."
        },
    )
    teacher_confidence: float = field(
        default=0.0,
        metadata={
            "help": "Leave out unlabelled texts in which the teachers' highest probability falls below this for any "
            "word, from 0 to 1."
        },
    )

    def __post_init__(self) -> None:
        check_values(self)
        if self.unlabelled_file and not self.teacher:
            raise UserError("--unlabelled_file: only a teacher can say what is in it; give --teacher MODEL, too.")
        if self.hint_weight and not self.teacher:
            raise UserError("--hint_weight: hints are a teacher's; give --teacher MODEL, too.")

    @property
    def names(self) -> list[str]:
        """All teachers: models, then files."""
        return [*(self.teacher or ()), *(self.teacher_spans or ())]
