"""Generate the demo corpus of this folder (train.conll, dev.conll, test.conll) from names.py and the templates.

The output depends only on the seed: nothing but random.Random.random() is used, whose sequence Python keeps from
version to version, and every inventory is an ordered tuple.
"""

import argparse
import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import names
from plain_templates import PLAIN_TEMPLATES
from templates import NAMED_TEMPLATES

T = TypeVar("T")
Sentence = list[tuple[str, str]]
Pools = dict[str, tuple]

SPLIT_SIZES = {"train": 1600, "dev": 320, "test": 320}
SPLIT_BOUNDS = {"train": (0.0, 0.66), "dev": (0.66, 0.83), "test": (0.83, 1.0)}
DEFAULT_SEED = 20240917
PLAIN_SHARE = 0.17  # sentences without a name
HELD_OUT_SHARE = 0.17  # templates that train never sees
AMBIGUOUS_SHARE = 0.17  # names drawn from names.AMBIGUOUS where the slot allows one
SEEN_SHARE = 0.06  # names of dev and test that are built from the parts of train
MAX_TRIES = 200

SLOT_TYPES = {
    "PER": "PER", "FIRST": "PER", "LAST": "PER",
    "CITY": "LOC", "TOWN": "LOC", "COUNTRY": "LOC", "REGION": "LOC", "NATURE": "LOC", "FACILITY": "LOC", "ROAD": "LOC",
    "COMPANY": "ORG", "CLUB": "ORG", "INST": "ORG", "AGENCY": "ORG",
    "NAT": "MISC", "PEOPLE": "MISC", "LANG": "MISC", "EVENT": "MISC", "WORK": "MISC", "PRODUCT": "MISC",
}  # fmt: skip

SLOT_PATTERNS = {
    "FIRST": ("{first}",),
    "LAST": ("{last}",),
    "PER": (
        *("{first} {last}",) * 11,
        "{ambiguous_first} {last}",
        "{first} {ambiguous_last}",
        "{last}",
        "{last}",
        "{initial} {last}",
        "{initial} {initial} {last}",
    ),
    "CITY": ("{city}", "{city}", "{town}"),
    "TOWN": ("{town}",),
    "COUNTRY": ("{country}",),
    "REGION": ("{region}", "{region}", "{region}", "{region}"),
    "NATURE": names.NATURE_PATTERNS,
    "FACILITY": names.FACILITY_PATTERNS,
    "ROAD": names.ROAD_PATTERNS,
    "COMPANY": names.COMPANY_PATTERNS,
    "CLUB": names.CLUB_PATTERNS,
    "INST": names.INSTITUTE_PATTERNS,
    "AGENCY": names.AGENCY_PATTERNS,
    "NAT": ("{adjective}",),
    "PEOPLE": ("{people}",),
    "LANG": ("{language}",),
    "EVENT": names.EVENT_PATTERNS,
    "WORK": names.WORK_PATTERNS,
    "PRODUCT": names.PRODUCT_PATTERNS,
}

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
SPORTS = ("Soccer", "Tennis", "Cricket", "Cycling", "Rugby", "Athletics", "Golf", "Boxing", "Hockey")
CURRENCIES = ("dollars", "pounds", "marks", "francs", "crowns", "euros")

# words that keep "a" although they begin with a vowel letter : "a Ukrainian", "a university"
CONSONANT_SOUND = re.compile(r"(?i)(eu|uk|ug|uru|uni|one|use)")


@dataclass
class Namer:
    """What one split builds its names from; dev and test also hold the pools of train."""

    rng: random.Random
    pools: Pools
    train_pools: Pools


def pick(rng: random.Random, items: Sequence[T]) -> T:
    """Draw one item; use random() alone, whose sequence is the same in every Python version."""
    return items[int(rng.random() * len(items))]


def draw_number(rng: random.Random, low: int, high: int) -> int:
    """Draw an integer from low to high, both included."""
    return low + int(rng.random() * (high - low + 1))


def shuffle_items(rng: random.Random, items: Sequence[T]) -> list[T]:
    """Return the items in a random order."""
    keyed = [(rng.random(), index) for index in range(len(items))]
    return [items[index] for _, index in sorted(keyed)]


def divide_pools(rng: random.Random) -> dict[str, Pools]:
    """Divide every inventory of names.py between the splits; no entry is in two of them."""
    inventories = {
        "first": names.FIRST_NAMES,
        "last": names.SURNAMES,
        "city": names.CITIES,
        "town": tuple(stem + ending for stem in names.TOWN_STEMS for ending in names.TOWN_ENDINGS),
        "nation": names.NATIONS,
        "region": names.REGIONS,
        "nature": names.NATURE_STEMS,
        "coined": names.COINED,
        "field": names.FIELDS,
        "acronym": names.ACRONYMS,
        "language": names.LANGUAGES,
        "product": names.PRODUCTS,
        "work_adjective": names.WORK_ADJECTIVES,
        "noun": names.WORK_NOUNS,
    }
    divided: dict[str, Pools] = {split: {} for split in SPLIT_SIZES}
    for part, inventory in inventories.items():
        shuffled = shuffle_items(rng, inventory)
        for split, (start, end) in SPLIT_BOUNDS.items():
            divided[split][part] = tuple(shuffled[round(start * len(shuffled)) : round(end * len(shuffled))])
    return divided


def divide_templates(rng: random.Random) -> dict[str, dict[str, list[str]]]:
    """Return the templates of each split as "named" and "plain"; some of every group are held out of train."""
    divided: dict[str, dict[str, list[str]]] = {split: {"named": [], "plain": []} for split in SPLIT_SIZES}
    groups = [*(("named", group) for group in NAMED_TEMPLATES.values()), ("plain", PLAIN_TEMPLATES)]
    for kind, group in groups:
        shuffled = shuffle_items(rng, group)
        held_out = round(HELD_OUT_SHARE * len(shuffled))
        divided["train"][kind] += shuffled[held_out:]
        divided["dev"][kind] += shuffled
        divided["test"][kind] += shuffled
    return divided


def draw_part(rng: random.Random, pools: Pools, part: str) -> str:
    """Draw one part of a name, such as a surname, from the pools."""
    if part == "initial":
        return f"{pick(rng, 'ABCDEFGHJKLMNPRSTW')}."
    if part in ("country", "adjective", "people"):
        return pick(rng, pools["nation"])[("country", "adjective", "people").index(part)]
    if part in ("ambiguous_first", "ambiguous_last"):
        return draw_ambiguous(rng, part.removeprefix("ambiguous_").upper()) or ""
    if part == "suffix":
        return pick(rng, names.PRODUCT_SUFFIXES)
    return pick(rng, pools[part])


def draw_ambiguous(rng: random.Random, slot: str) -> str | None:
    """Draw one of the names with several types for a slot, None if the slot takes none of them."""
    slots = ("FIRST", "LAST") if slot == "PER" else (slot,)
    fitting = [name for name, allowed in names.AMBIGUOUS.items() if any(one in allowed for one in slots)]
    return pick(rng, fitting) if fitting else None


def make_name(namer: Namer, slot: str) -> str:
    """Make a name for a slot."""
    rng = namer.rng
    if rng.random() < AMBIGUOUS_SHARE:
        ambiguous = draw_ambiguous(rng, slot)
        if ambiguous is not None:
            return ambiguous
    pools = namer.train_pools if rng.random() < SEEN_SHARE else namer.pools
    pattern = pick(rng, SLOT_PATTERNS[slot])
    name = re.sub(r"\{(\w+)\}", lambda found: draw_part(rng, pools, found[1]), pattern)
    inner_article = name.startswith("the ") and slot != "COUNTRY"
    return " ".join((name[4:] if inner_article else name).split())


def draw_money(rng: random.Random) -> str:
    """Draw a sum of money, several words long."""
    amount = f"{draw_number(rng, 1, 90)}.{draw_number(rng, 1, 9)} million"
    return f"$ {amount}" if rng.random() < 0.4 else f"{amount} {pick(rng, CURRENCIES)}"


def draw_ordinal(rng: random.Random) -> str:
    """Draw an ordinal number such as 42nd."""
    number = draw_number(rng, 4, 90)
    suffix = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def draw_date(rng: random.Random) -> str:
    """Draw a date such as 1996-08-22."""
    return f"{draw_number(rng, 1990, 2019)}-{draw_number(rng, 1, 12):02}-{draw_number(rng, 1, 28):02}"


FILLERS: dict[str, Callable[[random.Random], str]] = {
    "NUM": lambda rng: str(draw_number(rng, 2, 98)),
    "NTH": draw_ordinal,
    "DIGIT": lambda rng: str(draw_number(rng, 2, 9)),
    "BIG": lambda rng: f"{draw_number(rng, 1, 98)},{draw_number(rng, 1, 9)}00",
    "AGE": lambda rng: str(draw_number(rng, 18, 79)),
    "YEAR": lambda rng: str(draw_number(rng, 1952, 2019)),
    "MONTH": lambda rng: pick(rng, MONTHS),
    "DAY": lambda rng: pick(rng, WEEKDAYS),
    "PCT": lambda rng: f"{draw_number(rng, 1, 19)}.{draw_number(rng, 1, 9)}",
    "SCORE": lambda rng: f"{draw_number(rng, 1, 5)}-{draw_number(rng, 0, 4)}",
    "TIME": lambda rng: f"{draw_number(rng, 6, 23)}:{draw_number(rng, 10, 59)}",
    "DATE": draw_date,
    "MONEY": draw_money,
    "SPORT": lambda rng: pick(rng, SPORTS),
}


def expand_template(rng: random.Random, template: str) -> str:
    """Draw the alternatives and the untagged slots of a template; the slots of names stay."""
    chosen = re.sub(r"\[([^\[\]]*)\]", lambda found: pick(rng, found[1].split("|")), template)
    return re.sub(r"\{(\w+)\}", lambda found: FILLERS[found[1]](rng) if found[1] in FILLERS else found[0], chosen)


def tag_name(name: str, entity_type: str) -> Sentence:
    """Return the words of a name with their tags; the article of "the Netherlands" is not part of it."""
    words = name.split()
    article: Sentence = [("the", "O")] if words[0] == "the" else []
    words = words[len(article) :]
    return article + [(word, f"{'I' if index else 'B'}-{entity_type}") for index, word in enumerate(words)]


def make_new_name(namer: Namer, slot: str, used: list[str]) -> str:
    """Make a name that is not in the sentence yet, and add it to used."""
    for _ in range(MAX_TRIES):
        name = make_name(namer, slot)
        if name not in used:
            used.append(name)
            return name
    raise RuntimeError(f"no new name for the slot {slot} after {MAX_TRIES} tries: add entries to names.py")


def correct_articles(sentence: Sentence) -> Sentence:
    """Turn "a" into "an" before a vowel."""
    corrected = list(sentence)
    for index, ((word, tag), (following, _)) in enumerate(pairwise(sentence)):
        vowel = following[0].lower() in "aeiou" and not CONSONANT_SOUND.match(following)
        if word in ("a", "A") and tag == "O" and vowel:
            corrected[index] = (word + "n", tag)
    return corrected


def make_sentence(namer: Namer, template: str) -> Sentence:
    """Make one tagged sentence from a template."""
    upper = template.startswith("{UPPER}")
    used: list[str] = []
    sentence: Sentence = []
    for word in expand_template(namer.rng, template.removeprefix("{UPPER}")).split():
        slot = word[1:-1] if word.startswith("{") and word.endswith("}") else None
        if slot is None:
            sentence.append((word, "O"))
        else:
            sentence += tag_name(make_new_name(namer, slot, used), SLOT_TYPES[slot])
    sentence = correct_articles(sentence)
    first, tag = sentence[0]
    sentence[0] = (first[0].upper() + first[1:], tag)
    return [(word.upper(), tag) for word, tag in sentence] if upper else sentence


def order_templates(rng: random.Random, templates: Sequence[str], count: int) -> list[str]:
    """Return count templates, every one about equally often."""
    ordered: list[str] = []
    while len(ordered) < count:
        ordered += shuffle_items(rng, templates)
    return ordered[:count]


def generate_split(namer: Namer, templates: dict[str, list[str]], size: int, seen: set[str]) -> list[Sentence]:
    """Generate the sentences of one split; seen contains every sentence so far; no sentence occurs twice."""
    plain = round(PLAIN_SHARE * size)
    chosen = order_templates(namer.rng, templates["named"], size - plain)
    chosen += order_templates(namer.rng, templates["plain"], plain)
    sentences = []
    for template in shuffle_items(namer.rng, chosen):
        for _ in range(MAX_TRIES):
            sentence = make_sentence(namer, template)
            text = " ".join(word for word, _ in sentence).casefold()
            if text not in seen:
                break
        else:
            raise RuntimeError(f"no new sentence after {MAX_TRIES} tries: give this template more slots: {template}")
        seen.add(text)
        sentences.append(sentence)
    return sentences


def format_sentences(sentences: list[Sentence]) -> str:
    """Format sentences as lines of word TAB tag, a blank line after each sentence."""
    return "".join("".join(f"{word}\t{tag}\n" for word, tag in sentence) + "\n" for sentence in sentences)


def generate_corpus(seed: int) -> dict[str, str]:
    """Generate the corpus: the text of each file, by name."""
    rng = random.Random(seed)
    pools, templates = divide_pools(rng), divide_templates(rng)
    seen: set[str] = set()
    corpus = {}
    for split, size in SPLIT_SIZES.items():
        namer = Namer(rng, pools[split], pools["train"])
        corpus[f"{split}.conll"] = format_sentences(generate_split(namer, templates[split], size, seen))
    return corpus


def find_difference(path: Path, text: str) -> str | None:
    """Say where a file first differs from a text; None if it does not."""
    if not path.is_file():
        return f"{path} is missing: run generate.py without --check to write it"
    content = path.read_bytes()
    if content == text.encode("utf-8"):
        return None
    found, expected = content.decode("utf-8", errors="replace").split("\n"), text.split("\n")
    for number, (one, other) in enumerate(zip(found, expected, strict=False), start=1):
        if one != other:
            return f"{path}, line {number}: found {one!r}, generated {other!r}"
    return f"{path}: found {len(found)} lines, generated {len(expected)}"


def write_corpus(output_dir: Path, corpus: dict[str, str]) -> None:
    """Write the files of the corpus."""
    output_dir.mkdir(parents=True, exist_ok=True)
    for name, text in corpus.items():
        (output_dir / name).write_bytes(text.encode("utf-8"))
        print(f"wrote {output_dir / name}: {SPLIT_SIZES[name.removesuffix('.conll')]} sentences")


def check_corpus(output_dir: Path, corpus: dict[str, str]) -> int:
    """Compare the files with the corpus; print the first difference and return 1, or return 0."""
    for name, text in corpus.items():
        difference = find_difference(output_dir / name, text)
        if difference is not None:
            print(difference, file=sys.stderr)
            return 1
    print(f"{output_dir}: {len(corpus)} files as generated")
    return 0


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Generate the demo corpus.")
    parser.add_argument(
        "--output_dir", type=Path, default=Path(__file__).resolve().parent, help="default: this folder"
    )
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="default: %(default)s, the committed files")
    parser.add_argument("--check", action="store_true", help="compare instead of writing; exit 1 at a difference")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = parse_arguments(arguments)
    corpus = generate_corpus(options.seed)
    if options.check:
        return check_corpus(options.output_dir, corpus)
    write_corpus(options.output_dir, corpus)
    return 0


if __name__ == "__main__":
    sys.exit(main())
