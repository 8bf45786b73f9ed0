#!/usr/bin/env bash
# Prints the path of a Python 3.10, which Rasa 3.6 needs, or says how to get one.
set -u
candidates=()
[ -n "${WAYMARK_PYTHON:-}" ] && candidates+=("$WAYMARK_PYTHON")
candidates+=("$(command -v python3.10 2>/dev/null)" "$HOME"/.pyenv/versions/3.10*/bin/python "${PYENV_ROOT:-/nonexistent}"/versions/3.10*/bin/python "$HOME"/.local/share/uv/python/cpython-3.10*/bin/python3.10 "$(command -v python3 2>/dev/null)")
for python in "${candidates[@]}"; do
  [ -n "$python" ] && [ -x "$python" ] || continue
  found=$("$python" -c 'import sys; print(sys.executable if sys.version_info[:2] == (3, 10) else "")' 2>/dev/null) || continue
  [ -n "$found" ] && { echo "$found"; exit 0; }
done
echo "Waymark needs Python 3.10, and none was found. Install it (“pyenv install 3.10”, or “uv python install 3.10”), or name one: WAYMARK_PYTHON=/path/to/python3.10 make setup" >&2
exit 1
