# Sourced by germeval.sh and wnut17.sh: the steps that both walk-throughs share.

# fetch_file FILE FOLDER URL DEFAULT_URL HINT: make FILE from a local folder or an address. An existing file is not
# downloaded again, and an interrupted download leaves nothing behind.
fetch_file() {
  local file="$1" folder="$2" url="${3:-$4}" hint="$5" name
  name="$(basename "$file")"
  if [ -n "$folder" ]; then
    [ -f "$folder/$name" ] || fail "$folder has no $name; accepted: a folder with the three raw files: $hint"
    cp "$folder/$name" "$file.part"
  elif [ -s "$file" ]; then
    echo "$file exists already; to download it again, remove it."
    return
  else
    echo "Fetching $name from $url ..."
    if ! curl --fail --location --silent --show-error --connect-timeout 15 --output "$file.part" "$url"; then
      rm -f "$file.part"
      fail "$name could not be fetched from $url. Without a network: $hint"
    fi
    # Instead of the file, there may be a page about cookies or quotas.
    if head -c 300 "$file.part" | grep -qi '<html\|<!doctype'; then
      rm -f "$file.part"
      fail "$url returned a web page instead of $name: download it with a browser, then: $hint"
    fi
  fi
  if [ ! -s "$file.part" ]; then
    rm -f "$file.part"
    fail "$name from ${folder:-$url} is empty; accepted: a raw file of the corpus. Fetch it again, then: $hint"
  fi
  mv "$file.part" "$file"
}

# train_and_score FOLDER ARGUMENTS: preprocess, list the labels, train, evaluate and predict.
train_and_score() {
  local data="$1" split
  shift
  for split in train dev test; do
    python3 "$ROOT/scripts/preprocess.py" "$data/$split.txt.tmp" "$BERT_MODEL" "$MAX_LENGTH" >"$data/$split.txt.part"
    mv "$data/$split.txt.part" "$data/$split.txt"
  done
  cat "$data/train.txt" "$data/dev.txt" "$data/test.txt" |
    cut -d " " -f 2 | grep -v "^$" | LC_ALL=C sort | uniq >"$data/labels.txt"
  python3 "$ROOT/run_ner.py" \
    --data_dir "$data" \
    --labels "$data/labels.txt" \
    --model_name_or_path "$BERT_MODEL" \
    --output_dir "$OUTPUT_DIR" \
    --max_seq_length "$MAX_LENGTH" \
    --num_train_epochs "$NUM_EPOCHS" \
    --per_device_train_batch_size "$BATCH_SIZE" \
    --save_steps "$SAVE_STEPS" \
    --seed "$SEED" \
    --return_entity_level_metrics \
    --do_train --do_eval --do_predict \
    "$@"
}
