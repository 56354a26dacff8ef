#!/usr/bin/env bash
# The GermEval 2014 walk-through from download to scores:
#   bash scripts/germeval.sh
# Settings are environment variables: MAX_LENGTH BERT_MODEL OUTPUT_DIR BATCH_SIZE NUM_EPOCHS SAVE_STEPS SEED.
# Where the raw files come from: GERMEVAL_DIR, a folder with train.tsv, dev.tsv and test.tsv, or GERMEVAL_URL, an
# address of their folder; without both, the addresses of the walk-through. Further arguments go to run_ner.py.
set -euo pipefail

SCRIPTS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$SCRIPTS/setup.sh"
. "$SCRIPTS/walkthrough.sh"

export MAX_LENGTH="${MAX_LENGTH:-128}"
export BERT_MODEL="${BERT_MODEL:-bert-base-multilingual-cased}"
export OUTPUT_DIR="${OUTPUT_DIR:-germeval-model}"
export BATCH_SIZE="${BATCH_SIZE:-32}"
export NUM_EPOCHS="${NUM_EPOCHS:-3}"
export SAVE_STEPS="${SAVE_STEPS:-750}"
export SEED="${SEED:-1}"

DRIVE="https://drive.google.com/uc?export=download&id="
declare -A ADDRESS=(
  [train]="${DRIVE}1Jjhbal535VVz2ap4v4r_rN1UEHTdLK5P"
  [dev]="${DRIVE}1ZfRcQThdtAR5PPRjIDtrVP7BtXSCUBbm"
  [test]="${DRIVE}1u9mb7kNJHWQCWyweMDRMuTFoOHOfeBTH"
)

DATA=germeval-data
mkdir -p "$DATA"
for split in train dev test; do
  fetch_file "$DATA/$split.tsv" "${GERMEVAL_DIR:-}" "${GERMEVAL_URL:+$GERMEVAL_URL/$split.tsv}" "${ADDRESS[$split]}" \
    "GERMEVAL_DIR=FOLDER bash scripts/germeval.sh"
  # Four columns: number, word, outer tag, inner tag. Word and outer tag are kept; lines with # name the source.
  grep -v "^#" "$DATA/$split.tsv" | cut -f 2,3 | tr '\t' ' ' >"$DATA/$split.txt.tmp"
done
train_and_score "$DATA" "$@"
