#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
usage() {
  cat <<'END'
bench/gpu/run.sh [build] [test] [sanitize] [bench] [peers]

The GPU suite on a machine with nvcc, CMake, ninja and a Python with PyTorch; bench/gpu/README.md says what a step does.
Without a step all of them run in this order until GPU_BUDGET_S seconds are used up. A step begins where it stopped the
last time: what succeeded with the same programs is not repeated.

Results are lines of JSON appended to .gpu-build/gpu.jsonl, logs are in .gpu-build/logs; where OUT names a folder, both
are copied there after each step. Status 0 where nothing failed, also where something was skipped or time ran out.

  GPU_BUDGET_S=1500   seconds for all steps together
  GPU_STEP_S=470      seconds for one step at most
  GPU_DEVICE=cuda:0   the device; cpu tries the suite out, without a GPU
  GPU_WORKLOADS=W1,large,W3,W2,W4   what bench and peers measure, in this order
  GPU_ENCODERS=terramind_base_b64   encoders, of which they measure the whole forward only
  GPU_PRECISIONS=strict,fast,bf16
  GPU_ARCH            what CUDA code is compiled for, such as 90a; else what nvidia-smi says
  GPU_PYTHON=python3  a Python with PyTorch
END
}

began=$SECONDS
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$(dirname "$here")")
stuff=$root/.gpu
work=$root/.gpu-build
result=$work/gpu.jsonl
logs=$work/logs
java=$work/java/bin/java
device=${GPU_DEVICE:-cuda:0}
python=${GPU_PYTHON:-python3}
IFS=, read -ra workloads <<<"${GPU_WORKLOADS:-W1,large,W3,W2,W4}"
IFS=, read -ra encoders <<<"${GPU_ENCODERS-terramind_base_b64}"
IFS=, read -ra precisions <<<"${GPU_PRECISIONS:-strict,fast,bf16}"
steps=(build test sanitize bench peers)
failures=0
unfinished=0

for argument in "$@"; do
  case " ${steps[*]} " in
    *" $argument "*) ;;
    *)
      usage
      [ "$argument" = --help ] && exit
      exit 2
      ;;
  esac
done

# Text as part of a JSON string.
plain() {
  tr -d '\000-\037"\\' <<<"$1" | cut -c 1-300
}

# record STEP UNIT STATUS SECONDS REASON
record() {
  printf '{"kind": "unit", "step": "%s", "unit": "%s", "stamp": "%s", "status": "%s"' "$1" "$2" "$stamp" "$3" >>"$result"
  printf ', "seconds": %d, "reason": "%s"}\n' "$4" "$(plain "$5")" >>"$result"
  printf '  %-10s %-32s %4d s  %s\n' "$3" "$2" "$4" "$5"
}

# unit STEP NAME LIMIT COMMAND...: runs the command for at most so many seconds, with its output in a log, and records
# how it ended: 0 ok, 77 skipped. Lines of JSON on its standard output are results.
unit() {
  local step=$1 name=$2 limit=$3 status=0 start=$SECONDS left=$((deadline - SECONDS)) log word reason
  shift 3
  if grep -qF "\"step\": \"$step\", \"unit\": \"$name\", \"stamp\": \"$stamp\", \"status\": \"ok\"" "$result"; then
    return
  fi
  if [ "$left" -lt 5 ]; then
    unfinished=$((unfinished + 1))
    record "$step" "$name" "no time" 0 "run this step again"
    return
  fi
  [ "$limit" -le "$left" ] || limit=$left
  log=$logs/$step.$name
  timeout --kill-after=10 "$limit" "$@" >"$log.out" 2>"$log.err" || status=$?
  grep '^{.*}$' "$log.out" >>"$result" || true
  cat "$log.err" "$log.out" >"$log.log"
  rm "$log.out" "$log.err"
  reason=$(grep -aE '^FAILED|failed:|^skipped|[Ee]rror|ERROR SUMMARY|^[0-9]+ ok, ' "$log.log" | head -n 1 || true)
  case $status in
    0) word=ok reason=$(grep -aE '^[0-9]+ ok, ' "$log.log" || true) ;;
    77) word=skipped ;;
    124 | 137) word="no time" reason="stopped after $limit s" unfinished=$((unfinished + 1)) ;;
    *) word=FAILED reason="status $status: $reason" failures=$((failures + 1)) ;;
  esac
  record "$step" "$name" "$word" $((SECONDS - start)) "$reason"
}

# A result is that of these programs: another build makes other ones.
take_stamp() {
  stamp=$(find "$work/native" "$work/bench" "$stuff/lib" "$stuff/tests" -type f \
    \( -name 'lib*.so' -o -path '*/test_*' -perm -u+x -o -name gatun_bench -o -name '*.jar' -o -name '*.class' \) \
    -print0 2>/dev/null | sort -z | xargs -0 -r sha256sum | sha256sum | cut -c 1-12)
}

gpu_facts() {
  nvidia-smi --query-gpu="$1" --format=csv,noheader 2>/dev/null | head -n 1 || true
}

describe_run() {
  printf '{"kind": "run", "date": "%s", "commit": "%s", "gpu": "%s", "nvcc": "%s", "device": "%s"}\n' \
    "$(date -u +%FT%TZ)" "$(cat "$stuff/commit" 2>/dev/null || git -C "$root" describe --always --dirty 2>/dev/null)" \
    "$(plain "$(gpu_facts name,driver_version,clocks.max.sm,clocks.max.mem)")" \
    "$(plain "$(nvcc --version 2>/dev/null | tail -n 1 || true)")" "$device" >>"$result"
}

step_build() {
  local cuda=ON capability arch=${GPU_ARCH:-}
  [ "$device" != cpu ] || cuda=OFF
  capability=$(gpu_facts compute_cap | tr -d .)
  [ -n "$arch" ] || case $capability in
    "" | 8*) arch=$capability ;;
    *) arch=${capability}a ;;
  esac
  unit build configure 120 cmake -G Ninja -S "$root" -B "$work" -DCMAKE_BUILD_TYPE=Release -DGATUN_CUDA=$cuda \
    -DGATUN_GPU_BENCH=ON -DBUILD_TESTING=ON ${arch:+"-DGATUN_CUDA_ARCHITECTURES=$arch"}
  # The programs that run on a device, not those of the CPU alone.
  local targets
  targets=$(ninja -C "$work" -t targets all 2>/dev/null | sed -nE \
    's#^(native/test/test_[a-z_0-9]+|bench/gpu/gatun_bench|native/libgatun_cuda.so): CXX_.*#\1#p' |
    grep -vE '_wide$|test_runtime$' || true)
  # shellcheck disable=SC2086
  unit build compile "$step_limit" cmake --build "$work" --target $targets -- -k 0
}

# The programs of the native tests that run on a device; the others are of the CPU alone.
native_tests() {
  find "$work/native/test" -maxdepth 1 -type f -name 'test_*' -perm -u+x \
    ! -name '*_wide' ! -name test_header ! -name test_runtime 2>/dev/null | sort
}

# Java's runtime and class path; false where they did not travel.
have_java() {
  local module
  [ -f "$stuff/runtime.tar.xz" ] || return 1
  if [ ! -x "$java" ] || [ "$stuff/runtime.tar.xz" -nt "$java" ]; then
    rm -rf "$work/java"
    tar -C "$work" -xJf "$stuff/runtime.tar.xz" 2>"$logs/unpack.log" ||
      "$python" -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' \
        "$stuff/runtime.tar.xz" "$work" || return 1
    touch "$java"
  fi
  class_path=$stuff/lib/*
  test_folders=()
  for module in "$stuff"/tests/*; do
    test_folders+=("$module")
    class_path=$class_path:$module:$root/java/$(basename "$module")/src/test/resources
  done
}

# java_tests NAME TAG PATTERN
java_tests() {
  unit test "$1" 300 "$java" -Xmx4g --enable-native-access=ALL-UNNAMED -Dgatun.root="$root" \
    -Dgatun.library.path="$work/native" -cp "$class_path" RunTests "$2" "$3" "${test_folders[@]}"
}

step_test() {
  local program
  if [ -z "$(native_tests)" ]; then
    record test native skipped 0 "nothing is built; run.sh build"
  fi
  for program in $(native_tests); do
    unit test "$(basename "$program")" 200 "$program"
  done
  if ! have_java; then
    record test java skipped 0 "no Java runtime in .gpu; bench/gpu/prepare.sh makes it"
    return
  fi
  if [ -d "$stuff/golden" ]; then
    export GATUN_GOLDEN=$stuff/golden
  fi
  export GATUN_DEVICE=$device
  if [ "$device" = cpu ]; then
    java_tests java.golden any '.*GoldenTest'
  else
    java_tests java.golden gpu '.*GoldenTest'
    java_tests java.gpu gpu '(?!.*GoldenTest).*'
  fi
}

step_sanitize() {
  local sanitizer tool program
  sanitizer=$(command -v compute-sanitizer || true)
  if [ -z "$sanitizer" ]; then
    sanitizer=$(find -L ${CUDA_HOME:+"$CUDA_HOME/bin"} /usr/local/cuda*/bin -name compute-sanitizer 2>/dev/null |
      head -n 1 || true)
  fi
  if [ -z "$sanitizer" ] || [ "$device" = cpu ]; then
    record sanitize all skipped 0 "compute-sanitizer was not found, or the device is the CPU"
    return
  fi
  for tool in memcheck racecheck; do
    for program in $(native_tests); do
      case $(basename "$program") in
        test_stress | test_determinism | test_memory) continue ;;  # the same kernels, far more often
      esac
      unit sanitize "$tool.$(basename "$program")" 150 "$sanitizer" --tool "$tool" --error-exitcode 86 "$program"
    done
  done
}

step_bench() {
  local workload precision
  for workload in "${workloads[@]}"; do
    for precision in "${precisions[@]}"; do
      unit bench "kernels.$workload.$precision" 120 "$work/bench/gpu/gatun_bench" --device="$device" \
        --workloads="$workload" --precisions="$precision"
    done
  done
  if ! have_java; then
    record bench forward skipped 0 "no Java runtime in .gpu; bench/gpu/prepare.sh makes it"
    return
  fi
  for workload in "${workloads[@]}" "${encoders[@]}"; do
    for precision in "${precisions[@]}"; do
      unit bench "forward.$workload.$precision" 150 "$python" "$here/peers.py" --device="$device" ours "$workload" \
        "$precision" -- "$java" -Xmx8g --enable-native-access=ALL-UNNAMED -Dgatun.library.path="$work/native" \
        -cp "$class_path"
    done
  done
}

step_peers() {
  local workload precision
  export TORCHINDUCTOR_CACHE_DIR=$work/inductor
  unit peers golden 100 "$python" "$here/peers.py" --device="$device" golden "$stuff/golden/climanet_seed"
  unit peers rates 100 "$python" "$here/peers.py" --device="$device" rates
  for workload in "${workloads[@]}" "${encoders[@]}"; do
    unit peers "eager.$workload" 150 "$python" "$here/peers.py" --device="$device" eager "$workload"
  done
  for workload in "${workloads[@]}" "${encoders[@]}"; do
    case $workload in
      W2 | W3 | W4) continue ;;
    esac
    for precision in "${precisions[@]}"; do
      unit peers "compile.$workload.$precision" 240 "$python" "$here/peers.py" --device="$device" compile "$workload" \
        "$precision"
    done
  done
}

mkdir -p "$logs"
touch "$result"
budget=${GPU_BUDGET_S:-1500}
step_limit=${GPU_STEP_S:-470}
if [ "$device" != cpu ]; then
  export GATUN_TEST_DEVICE=cuda
fi
stamp=""
describe_run
[ $# -gt 0 ] || set -- "${steps[@]}"
for step in "$@"; do
  left=$((budget - SECONDS + began))
  if [ "$left" -lt 10 ]; then
    echo "run.sh: the budget of $budget s is used up before $step"
    break
  fi
  echo "$step"
  deadline=$((SECONDS + (left < step_limit ? left : step_limit)))
  # What is compiled decides over the stamp of all else; compiling again costs nothing.
  if [ "$step" = build ]; then
    stamp=build$(date +%s)
  else
    take_stamp
  fi
  "step_$step"
  if [ -n "${OUT:-}" ] && [ -d "$OUT" ]; then
    cp -r "$result" "$logs" "$OUT/"
  fi
done
"$python" "$here/table.py" "$result" >"$work/gpu.md" || echo "run.sh: no table could be made of $result"
[ -z "${OUT:-}" ] || [ ! -d "$OUT" ] || cp "$work/gpu.md" "$OUT/" 2>/dev/null || true
echo "$result, $work/gpu.md; $failures failed, $unfinished without time: run their steps again"
[ "$failures" -eq 0 ]
