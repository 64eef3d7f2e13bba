#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# smoke.sh PROGRAM PYTHON: the timings' program on the CPU with its smallest workload, and the table of what it prints,
# which must have a row with a time for each operation in strict.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
lines=$(mktemp)
trap 'rm -f "$lines" "$lines.md"' EXIT
"$1" --device=cpu --smoke >"$lines"
cat >>"$lines" <<'END'
{"kind": "rates", "name": "x", "torch": "0", "copy_gbs": 10, "strict_tflops": 1, "fast_tflops": 1, "bf16_tflops": 1}
{"kind": "peer", "op": "copy", "workload": "smoke", "precision": "strict", "engine": "eager", "us": 1000000}
{"kind": "forward", "workload": "smoke", "precision": "strict", "us": 1000, "distance": 1e-6}
{"kind": "unit", "step": "test", "unit": "made up", "status": "ok", "seconds": 1}
END
"$2" "$here/table.py" "$lines" >"$lines.md"
rows=$(sed -n '/smoke, strict/,/^### .*fast/p' "$lines.md" |
  grep -cE '^\| [a-z_0-9]+ \| [0-9.]+ \| [0-9.]+ \|.* \((memory|products|lanes)\)')
if [ "$rows" -ne 19 ]; then
  cat "$lines.md" >&2
  echo "smoke.sh: $rows operations have a row with times and a bound, expected 19" >&2
  exit 1
fi
for text in '^\| copy \|.* \| [0-9]{5,} \| - \|' '^\| smoke \| strict \| 1000 \|.* %' '^\| test \| made up \| ok'; do
  if ! grep -qE "$text" "$lines.md"; then
    cat "$lines.md" >&2
    echo "smoke.sh: no line like $text" >&2
    exit 1
  fi
done
# An option that does not exist is an error that says so.
if "$1" --nonsense 2>"$lines"; then
  echo "smoke.sh: --nonsense was accepted" >&2
  exit 1
fi
grep -q 'unknown option --nonsense' "$lines"
