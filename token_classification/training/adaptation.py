"""Whether a training can learn adapters (`--lora_rank`), found out before anything is loaded."""

from pathlib import Path

from accelerate.utils import parse_flag_from_env

from token_classification.arguments.run import RunArguments
from token_classification.errors import UserError
from token_classification.modeling.adapter_base import read_adapter
from token_classification.output_text import quote_path
from token_classification.recipe import Recipe


def check_adaptation(arguments: RunArguments, recipe: Recipe) -> None:
    """Check that the encoder can be found again when its adapter is loaded, and is whole in each process.

    Raises:
        UserError: it starts from random or other weights, is an adapter itself, is in the folder that is written to,
            or is sharded.
    """
    training, rank, name = arguments.training, arguments.learning.lora_rank, arguments.model.model_name_or_path
    if rank is None or not training.do_train:
        return
    flag, folder = f"--lora_rank {rank}", recipe.model_folder or training.folder
    if recipe.from_scratch or recipe.encoder_checkpoint:
        raise UserError(
            f"{flag}: adapters learn beside an encoder that is found again when they are loaded; accepted: one in a "
            "folder or on the Hub as it is, with no other weights or config; leave it out"
        )
    if read_adapter(Path(name)) is not None:
        raise UserError(
            f"{flag}: {name} is an adapter itself; accepted: a whole model; type: token_classification merge -m "
            f"{quote_path(name)} -r OTHER_FOLDER, and start from that"
        )
    if folder.resolve() == Path(name).resolve():
        raise UserError(
            f"{flag}: the model would be written over {folder}, and the adapter needs the encoder there; accepted: "
            "another --output_dir"
        )
    shards = training.fsdp or training.deepspeed
    if shards or any(map(parse_flag_from_env, ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED"))):
        raise UserError(
            f"{flag}: adapters are not trained where processes share the weights of a model (FSDP, DeepSpeed); "
            "accepted: a whole model in each process; leave one of them out"
        )
