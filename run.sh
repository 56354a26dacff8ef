#!/usr/bin/env bash
# From a bare machine to a trained model:
#   bash run.sh              the documented example (bert-base-uncased on conll2003); without the Hub, the embedded one
#   bash run.sh sample       the embedded example: a small encoder on sample/, minutes on a CPU, no network
#   bash run.sh conll2003    the documented example
#   bash run.sh ARGUMENTS    python run_ner.py ARGUMENTS
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/scripts/setup.sh"

hub_answers() {
  [ "${HF_HUB_OFFLINE:-0}" = 0 ] && python - <<'PY' 2>/dev/null
import os, signal, urllib.request
signal.alarm(5)  # includes the name look-up, which urllib's own timeout does not
endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
urllib.request.urlopen(f"{endpoint}/api/models/bert-base-uncased", timeout=5)
PY
}

run_sample() {
  local encoder
  encoder="$(python "$ROOT/sample/encoder.py")"
  HF_HUB_OFFLINE=1 exec python "$ROOT/run_ner.py" \
    --model_name_or_path "$encoder" \
    --train_file "$ROOT/sample/train.conll" \
    --validation_file "$ROOT/sample/dev.conll" \
    --test_file "$ROOT/sample/test.conll" \
    --output_dir "$ROOT/runs/sample" --overwrite_output_dir \
    --per_device_train_batch_size 16 --learning_rate 1.5e-4 --num_train_epochs 3 \
    --save_strategy no --logging_steps 50 \
    --do_train --do_eval --do_predict
}

run_conll2003() {
  if ! python -c 'import sys, torch; sys.exit(not torch.accelerator.is_available())'; then
    echo "No accelerator found: this example takes hours on a CPU. The small one takes minutes: bash run.sh sample"
  fi
  exec python "$ROOT/run_ner.py" \
    --model_name_or_path bert-base-uncased \
    --dataset_name conll2003 \
    --output_dir "$ROOT/runs/conll2003" \
    --do_train --do_eval --do_predict
}

case "${1-}" in
  "")
    if hub_answers; then
      run_conll2003
    else
      echo "The Hugging Face Hub does not answer: running the embedded example instead (bash run.sh sample)."
      run_sample
    fi
    ;;
  sample) run_sample ;;
  conll2003) run_conll2003 ;;
  *) exec python "$ROOT/run_ner.py" "$@" ;;
esac
