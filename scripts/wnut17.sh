#!/usr/bin/env bash
# The WNUT'17 (emerging and rare entities) walk-through from download to scores:
#   bash scripts/wnut17.sh
# Settings are environment variables: MAX_LENGTH BERT_MODEL OUTPUT_DIR BATCH_SIZE NUM_EPOCHS SAVE_STEPS SEED.
# Where the raw files come from: WNUT17_DIR, a folder with train.conll, dev.conll and test.conll, or WNUT17_URL, an
# address of their folder; without both, the addresses of the walk-through. Further arguments go to run_ner.py.
set -euo pipefail

SCRIPTS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$SCRIPTS/setup.sh"
. "$SCRIPTS/walkthrough.sh"

export MAX_LENGTH="${MAX_LENGTH:-128}"
export BERT_MODEL="${BERT_MODEL:-bert-large-cased}"
export OUTPUT_DIR="${OUTPUT_DIR:-wnut17-model}"
export BATCH_SIZE="${BATCH_SIZE:-32}"
export NUM_EPOCHS="${NUM_EPOCHS:-3}"
export SAVE_STEPS="${SAVE_STEPS:-425}"
export SEED="${SEED:-1}"

GITHUB="https://github.com/leondz/emerging_entities_17/raw/master"
declare -A ADDRESS=(
  [train]="$GITHUB/wnut17train.conll"
  [dev]="$GITHUB/emerging.dev.conll"
  [test]="$GITHUB/emerging.test.annotated"
)

DATA=wnut17-data
mkdir -p "$DATA"
for split in train dev test; do
  fetch_file "$DATA/$split.conll" "${WNUT17_DIR:-}" "${WNUT17_URL:+$WNUT17_URL/$split.conll}" "${ADDRESS[$split]}" \
    "WNUT17_DIR=FOLDER bash scripts/wnut17.sh"
  # No grep for #: a tweet may begin with it. A word with two tags (in test) keeps the first, the outer one.
  tr '\t' ' ' <"$DATA/$split.conll" | sed 's/^\([^ ]* [^ ,]*\),.*$/\1/' >"$DATA/$split.txt.tmp"
done
train_and_score "$DATA" "$@"
