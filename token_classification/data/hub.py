"""Load a dataset by its Hub name or from a folder; whatever goes wrong on the way is said with what to type next."""

import ast
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from datasets import ClassLabel, Dataset, DatasetDict, Features, load_dataset, load_from_disk
from datasets.exceptions import DatasetsError
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import httpx

from token_classification.errors import UserError
from token_classification.output_text import dump_json, quote_argument, quote_path

logger = logging.getLogger(__name__)

PARQUET_BRANCH = "refs/convert/parquet"
"""Where the Hub keeps its own Parquet copy of a dataset, as `{config}/{split}/0000.parquet`."""

HUB_ADDRESS = "hf://datasets/"
"""Before a name: the dataset on the Hub, whatever folder of that name is here."""

UNREACHABLE = (ConnectionError, LocalEntryNotFoundError, httpx.TransportError)
"""What the libraries raise when the Hub can't be reached, offline mode included."""

LOCAL_FILES = "--train_file FILE --validation_file FILE"

WNUT17_FILES = "https://raw.githubusercontent.com/leondz/emerging_entities_17/master"

REPLACEMENTS = {
    "conll2003": ["--dataset_name tomaarsen/conll2003", "--dataset_name lhoestq/conll2003"],
    "wnut_17": [
        f"curl -L {WNUT17_FILES}/wnut17train.conll -o train.conll &&\n"
        f"    curl -L {WNUT17_FILES}/emerging.dev.conll -o dev.conll &&\n"
        f"    curl -L {WNUT17_FILES}/emerging.test.annotated -o test.conll"
        "   # then: --train_file train.conll --validation_file dev.conll --test_file test.conll"
    ],
    "germeval_14": ["bash scripts/germeval.sh"],
}
"""For well-known script datasets, by their name without owner: what gives the same data without a script."""


def load_hub_dataset(
    name: str,
    config_name: str | None,
    *,
    cache_dir: str | None = None,
    token: str | None = None,
    trust_remote_code: bool = False,
) -> DatasetDict:
    """Load every split of a dataset: a Hub name, a folder of data files or a folder written by `save_to_disk`.

    A Hub dataset that is a loading script is read from the Hub's Parquet copy of it. `trust_remote_code` can't bring
    scripts back, it is only answered in the message.

    Raises:
        UserError: the dataset can't be found, reached, opened or read; or it is a script without a Parquet copy.
    """
    try:
        if is_saved_to_disk(Path(name)):
            return load_saved_dataset(name, config_name)
        if Path(name).is_file() and not name.endswith(".py"):
            raise UserError(f"--dataset_name {name}: this is a file. Type: --train_file {quote_path(name)}")
        return load_by_name(find_full_name(name, token), config_name, cache_dir, token, trust_remote_code)
    except (OSError, ValueError, DatasetsError, httpx.HTTPError) as error:
        raise UserError(explain_failure(error, name, config_name)) from error


def load_by_name(
    name: str, config_name: str | None, cache_dir: str | None, token: str | None, trust_remote_code: bool
) -> DatasetDict:
    """Load what `load_dataset` can load; for a loading script on the Hub, its Parquet copy.

    Raises:
        UserError: it is a script without a Parquet copy, or the copy has no such configuration.
        OSError, ValueError, DatasetsError, httpx.HTTPError: whatever else the libraries found.
    """
    try:
        return load_dataset(name, config_name, cache_dir=cache_dir, token=token)
    except RuntimeError as error:
        if "Dataset scripts are no longer supported" not in str(error):
            raise
        if Path(name).is_dir() or name.endswith(".py"):
            raise UserError(explain_local_script(name, config_name)) from error
        repo = name.removeprefix(HUB_ADDRESS)
        data_files = find_parquet_copy(repo, config_name, token)
        if data_files is None:
            raise UserError(explain_hub_script(repo, config_name, trust_remote_code)) from error
    return load_dataset("parquet", data_files=data_files, cache_dir=cache_dir, token=token)


def class_label_names(features: Features, column: str) -> list[str] | None:
    """Return the tag names that the dataset declares for a column of label ids; None for any other kind of column.

    Raises:
        KeyError: there is no such column.
    """
    item = getattr(features[column], "feature", None)
    return list(item.names) if isinstance(item, ClassLabel) else None


def is_saved_to_disk(folder: Path) -> bool:
    """Tell whether `Dataset.save_to_disk` or `DatasetDict.save_to_disk` wrote the folder."""
    return (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()


def load_saved_dataset(folder: str, config_name: str | None) -> DatasetDict:
    """Load a folder written by `save_to_disk`; a single dataset becomes the split "train".

    Raises:
        UserError: a configuration is asked for; such a folder has none.
    """
    if config_name is not None:
        raise UserError(
            f"--dataset_config_name {config_name}: {folder} was written by save_to_disk and has no configurations. "
            "Leave --dataset_config_name out."
        )
    dataset = load_from_disk(folder)
    return DatasetDict({"train": dataset}) if isinstance(dataset, Dataset) else dataset


def find_full_name(name: str, token: str | None) -> str:
    """Return `eriktks/conll2003` for `conll2003`; any other name, and a local folder, as it is.

    The Hub forwards names from before it had owners, but the libraries read data files under full names only.
    """
    if "/" in name or Path(name).exists():
        return name
    try:
        return HfApi().dataset_info(name, token=token, timeout=constants.HF_HUB_ETAG_TIMEOUT).id
    except UNREACHABLE:
        return name  # load_dataset may have it in its cache


def find_parquet_copy(repo: str, config_name: str | None, token: str | None) -> dict[str, list[str]] | None:
    """List the files of each split in the Hub's Parquet copy of a dataset; None when there is no full copy.

    The files are named one by one because `load_dataset` takes the whole branch for a single configuration called
    "default": asked for another name it fails, asked for none it mixes the rows of all configurations.

    Raises:
        UserError: the copy holds several configurations and not the one asked for.
    """
    try:
        paths = HfApi().list_repo_files(repo, repo_type="dataset", revision=PARQUET_BRANCH, token=token)
    except RevisionNotFoundError:
        return None
    copies: dict[str, dict[str, list[str]]] = {}
    for path in sorted(paths):
        if path.endswith(".parquet") and path.count("/") == 2:
            config, split, _ = path.split("/")
            url = f"{HUB_ADDRESS}{repo}@{quote(PARQUET_BRANCH, safe='')}/{path}"
            copies.setdefault(config, {}).setdefault(split, []).append(url)
    if not copies:
        return None
    config = choose_config(repo, config_name, list(copies))
    if any(split.startswith("partial-") for split in copies[config]):
        return None  # the Hub copies only the beginning of a very large dataset
    logger.warning(
        "%s is a loading script, which datasets no longer runs: reading the Hub's Parquet copy of it (%s, folder %s)",
        repo,
        PARQUET_BRANCH,
        config,
    )
    return copies[config]


def choose_config(name: str, config_name: str | None, available: list[str]) -> str:
    """Choose a folder of the Parquet copy, where a dataset's only configuration is often called "default".

    Raises:
        UserError: which one is meant is open.
    """
    if config_name in available:
        return config_name
    if available == ["default"] or (config_name is None and "default" in available):
        return "default"
    if config_name is None and len(available) == 1:
        return available[0]
    raise UserError(explain_config(name, config_name, available))


def explain_failure(error: Exception, name: str, config_name: str | None) -> str:
    """Say what went wrong and what to type next."""
    text = str(error)
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    available = read_config_names(text)
    if available is not None:
        return explain_config(name, config_name, available)
    if isinstance(error, UNREACHABLE):
        return explain_unreachable(name, config_name, text)
    if "is a gated dataset" in text or isinstance(error, GatedRepoError):
        page = f"{constants.ENDPOINT}/datasets/{name.removeprefix(HUB_ADDRESS)}"
        return (
            f"--dataset_name {name}: the Hub gives access on request only. Ask for it on {page}, then type "
            "`hf auth login` (or pass --token TOKEN) and run again."
        )
    if "doesn't exist on the Hub or cannot be accessed" in text or status in (401, 403, 404):
        return (
            f"--dataset_name {name}: there is no such dataset on the Hub that you may read, and no such folder here. "
            f"Check the name (owner/name) on {constants.ENDPOINT}/datasets; for a private dataset type "
            f"`hf auth login`; for files of your own: {LOCAL_FILES}"
        )
    if isinstance(error, HFValidationError):
        return f"--dataset_name {name}: no name that the Hub could have, and no such folder here. Type: {LOCAL_FILES}"
    reason = f"{text} ({error.__cause__})" if error.__cause__ else text
    return f"--dataset_name {name}: could not be read: {reason}\nWith files of your own: {LOCAL_FILES}"


def read_config_names(text: str) -> list[str] | None:
    """Read the configurations that an error message of `load_dataset` lists; None where it lists none."""
    if listed := re.search(r"(?:Available|available configs|configs in the cache): (\[.*\])", text):
        return ast.literal_eval(listed[1])
    if cached := re.search(r"configurations in the cache: (.+)", text):
        return cached[1].split(", ")
    return None


def explain_config(name: str, config_name: str | None, available: list[str]) -> str:
    """Say which configurations there are (without the Hub: which of them are in the cache)."""
    wrong = "needs a configuration" if config_name is None else f"has no configuration {config_name!r}"
    where = " in the cache, and HF_HUB_OFFLINE=1 is set" if constants.HF_HUB_OFFLINE else ""
    if available == ["default"]:
        return f"--dataset_name {name} {wrong}{where}: there is only one. Leave --dataset_config_name out."
    return f"--dataset_name {name} {wrong}{where}. Type --dataset_config_name with one of: {', '.join(available)}"


def explain_unreachable(name: str, config_name: str | None, reason: str) -> str:
    """Say how to go on without the Hub."""
    cause = "HF_HUB_OFFLINE=1 is set" if constants.HF_HUB_OFFLINE else reason
    # Our own loader, not load_dataset: it also saves what is read from a Parquet copy.
    arguments = _spell_arguments(name, config_name)
    code = (
        "from token_classification.data.hub import load_hub_dataset; "
        f'load_hub_dataset({arguments}).save_to_disk("FOLDER")'
    )
    save = f"python -c {quote_argument(code)}"
    commands = [LOCAL_FILES, f"{save}   # where there is a network; then here: --dataset_name FOLDER"]
    if "/" not in name:
        commands.append(f"--dataset_name OWNER/{name}   # if it was loaded before: the cache knows full names only")
    return join_commands(
        f"--dataset_name {name}: not in the cache, and the Hub can't be reached ({cause}). Type one of:", commands
    )


def explain_local_script(name: str, config_name: str | None) -> str:
    """Say that a local script was found, and that its folder hides the Hub's dataset of the same name."""
    script = name if name.endswith(".py") else f"{name}/{Path(name).name}.py"
    problem = f"--dataset_name {name}: found the loading script {script}, which datasets 4 and later no longer run."
    commands = [*known_replacement(name), LOCAL_FILES, run_script_command(name, config_name)]
    if not name.endswith(".py") and re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", name):
        problem += f" The local folder {name} hides the Hub's dataset of that name."
        hub_name = name if "/" in name else f"OWNER/{name}"
        commands.insert(0, f"--dataset_name {HUB_ADDRESS}{hub_name}   # the Hub's dataset")
    return join_commands(f"{problem} Type one of:", commands)


def explain_hub_script(name: str, config_name: str | None, trust_remote_code: bool) -> str:
    """Say that a Hub dataset is nothing but a script, and what works in its place."""
    trust = " (--trust_remote_code no longer changes that)" if trust_remote_code else ""
    return join_commands(
        f"--dataset_name {name}: a loading script, which datasets 4 and later no longer run{trust}, and the Hub has "
        f"no complete Parquet copy of it. Type one of:",
        [
            *known_replacement(name),
            LOCAL_FILES,
            run_script_command(name, config_name),
            f'pip install "datasets<4" && datasets-cli convert_to_parquet {quote_argument(name)} --trust_remote_code'
            "   # elsewhere; offers its owner a copy without script",
        ],
    )


def known_replacement(name: str) -> list[str]:
    """Return the commands for a well-known dataset; an empty list for any other."""
    return REPLACEMENTS.get(Path(name).name.removesuffix(".py"), [])


def run_script_command(name: str, config_name: str | None) -> str:
    """Return the command that runs a loading script where an old `datasets` is installed."""
    arguments = _spell_arguments(name, config_name)
    load = f'load_dataset({arguments}, trust_remote_code=True).save_to_disk("FOLDER")'
    code = f"from datasets import load_dataset; {load}"
    return (
        f'pip install "datasets<4" && python -c {quote_argument(code)}'
        "   # in an environment of its own; then here: --dataset_name FOLDER"
    )


def _spell_arguments(name: str, config_name: str | None) -> str:
    """Arguments as Python reads them, without a single quote, so that a shell's quotes go around them."""
    return ", ".join("None" if value is None else dump_json(value, indent=None) for value in (name, config_name))


def join_commands(problem: str, commands: Iterable[str]) -> str:
    """Put the commands below the problem, one per line."""
    return "\n".join([problem, *(f"  {command}" for command in commands)])
