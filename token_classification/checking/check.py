"""The doctor's visit, once the files are read: examine, report, repair."""

from collections.abc import Iterable
from pathlib import Path

from token_classification.checking.doctor import examine
from token_classification.checking.files import CheckedData, ColumnChoice
from token_classification.checking.repair import Repair, repair_files
from token_classification.checking.report_html import format_html
from token_classification.checking.report_json import format_json
from token_classification.checking.report_text import format_head, format_text, summarise
from token_classification.checking.targets import CheckOptions, reserve_targets
from token_classification.data.problems import Problem, Severity
from token_classification.data.results_folder import lock_folder
from token_classification.data.whole_files import write_whole
from token_classification.output_text import make_printable_lines


def check_data(
    data: CheckedData,
    columns: ColumnChoice,
    options: CheckOptions,
    tokenizer_problems: Iterable[Problem] = (),
    inputs: Iterable[Path] = (),
) -> int:
    """Report what is wrong with files on stdout (and as JSON and HTML), write corrected copies where asked.

    Args:
        data: The files.
        columns: The columns that they were read with.
        options: Where reports and copies go.
        tokenizer_problems: What a model's tokenizer finds in the files (`sub_tokens.py`).
        inputs: Everything that was read for it.

    Returns:
        0: nothing but notes; 1: warnings; 2: errors. With a repair, what is left in the copies counts.

    Raises:
        UserError: files can't be written where they are asked for; none is written then.
    """
    reserve_targets(data, options, inputs)
    examination = examine(data, tokenizer_problems)
    print(format_text(examination))
    for path, format_report in ((options.json_file, format_json), (options.html_file, format_html)):
        if path is not None:
            write_whole(path, format_report(examination))
    if options.repair_folder is None:
        return examination.exit_code
    with lock_folder(options.repair_folder, "--repair"):
        repair = repair_files(
            data, examination.scheme, options.repair_folder, columns, target=options.scheme, discard=options.discard
        )
    print(f"\n{describe_repair(repair)}")
    return repair.examination.exit_code


def describe_repair(repair: Repair) -> str:
    """Return what was written, what was repaired in it, and what is left."""
    lines = []
    for path, counts, left_out in zip(repair.paths, repair.counts, repair.sentences_left_out, strict=True):
        done = ", ".join(f"{kind} {count:,}" for kind, count in counts.items() if count) or "nothing"
        dropped = f"; {left_out:,} sentence{'' if left_out == 1 else 's'} left out" if left_out else ""
        lines.append(f"{path}: repaired: {done}{dropped}; changes: {path.name}.diff")
    lines.append(f"Left in the copies: {summarise(repair.examination)}")
    lines += [
        f"  {format_head(finding)}; {finding.problems[0]}"
        for finding in repair.examination.findings
        if finding.kind.severity != Severity.NOTE
    ]
    return make_printable_lines("\n".join(lines))
