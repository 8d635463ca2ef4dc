#!/usr/bin/env bash
# Both environments from one uv.lock: .venv (gateway, Python 3.11 or newer) and .venv-rasa (worker, Python 3.10).
# Does nothing when both are there and the lock has not changed.
set -euo pipefail
cd "$(dirname "$0")/../.."

stamp=.venv-rasa/.lotse-complete
if [[ -f $stamp && $stamp -nt uv.lock && $stamp -nt pyproject.toml && -x .venv/bin/lotse ]]; then exit 0; fi

say() { printf '%s\n' "$*" >&2; }

find_uv() {
  # A pyenv shim may stand for a uv that is not there, so it has to answer.
  if uv --version > /dev/null 2>&1; then command -v uv; return; fi
  if [[ ! -x .tools/bin/uv ]]; then
    say "uv wird eingerichtet …"
    python3 -m venv .tools || { say "Es fehlt das Modul venv (Debian: apt-get install python3-venv)."; return 1; }
    .tools/bin/pip install --quiet --disable-pip-version-check "uv>=0.9"
  fi
  printf '%s\n' .tools/bin/uv
}

is_version() { [[ -x $1 || -n $(command -v "$1") ]] && "$1" -c "import sys; sys.exit(not ($2))" > /dev/null 2>&1; }

find_python310() {
  local candidate
  local fits='sys.version_info[:2] == (3, 10)'
  for candidate in python3.10 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*/bin/python /root/.pyenv/versions/3.10.*/bin/python; do
    if is_version "$candidate" "$fits"; then printf '%s\n' "$candidate"; return; fi
  done
  if command -v pyenv > /dev/null; then
    for candidate in "$(pyenv root)"/versions/3.10.*/bin/python; do
      if is_version "$candidate" "$fits"; then printf '%s\n' "$candidate"; return; fi
    done
  fi
  if "$uv" python find 3.10 2> /dev/null; then return; fi
  say "Python 3.10 wird geladen …"
  if "$uv" python install 3.10 >&2 && "$uv" python find 3.10; then return; fi
  say "Für das Sprachmodell fehlt Python 3.10. Bitte installieren Sie es (zum Beispiel: pyenv install 3.10)."
  return 1
}

find_python311() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11; do
    if is_version "$candidate" 'sys.version_info >= (3, 11)'; then command -v "$candidate"; return; fi
  done
  say "Es fehlt Python 3.11 oder neuer."
  return 1
}

uv=$(find_uv)
python311=$(find_python311)
python310=$(find_python310)

say "Umgebung des Gateways wird eingerichtet …"
UV_PROJECT_ENVIRONMENT=.venv "$uv" sync --quiet --frozen --compile-bytecode --python "$python311" --group gateway --group dev
say "Umgebung des Sprachmodells wird eingerichtet (rund 1,9 GB) …"
UV_PROJECT_ENVIRONMENT=.venv-rasa "$uv" sync --quiet --frozen --compile-bytecode --python "$python310" --group worker --group worker-dev
touch "$stamp"
