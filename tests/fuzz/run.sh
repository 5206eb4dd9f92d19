#!/bin/bash
# Builds the fuzzers with clang and runs each for FUZZ_SECONDS (20); what breaks is left in
# build/fuzz/crash-<kind>-*: fix it, then keep the input in tests/fuzz/<kind>.
#   tests/fuzz/run.sh [KIND ...]
set -u
cd "$(dirname "$0")/../.."
if ! command -v clang++ > /dev/null; then
  echo "SKIPPED fuzz: no clang++"
  exit 0
fi
cmake --preset fuzz > build/fuzz-configure.log 2>&1 || { cat build/fuzz-configure.log; exit 1; }
cmake --build build/fuzz -j "${JOBS:-$(nproc)}" --target fuzzers || exit 1
kinds=("$@")
[ ${#kinds[@]} -gt 0 ] || kinds=(mjcf urdf stl obj msh png safetensors)
worst=0
for kind in "${kinds[@]}"; do
  corpus=build/fuzz/corpus/$kind
  mkdir -p "$corpus"
  seeds=()
  for folder in tests/fuzz/$kind tests/malformed/$kind; do [ -d $folder ] && seeds+=("$folder"); done
  [ "$kind" = mjcf ] && seeds+=(tests/parity/models)
  options=()
  [ -f tests/fuzz/$kind.dict ] && options+=(-dict=tests/fuzz/$kind.dict)
  log=build/fuzz/$kind.log
  build/fuzz/fuzz_$kind -max_total_time="${FUZZ_SECONDS:-20}" -timeout=20 -rss_limit_mb=2048 -max_len=65536 \
    -artifact_prefix="build/fuzz/crash-$kind-" "${options[@]}" "$corpus" "${seeds[@]}" > "$log" 2>&1
  status=$?
  echo "fuzz $kind: $(grep -oE 'Done [0-9]+ runs in [0-9]+ second' "$log" || echo "FAILED, see $log")"
  if [ $status -ne 0 ]; then
    worst=$status
    grep -E -m3 'ERROR|SUMMARY|Test unit' "$log"
  fi
done
exit $worst
