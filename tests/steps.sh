#!/bin/bash
# The stages behind the Makefile. Each may fail without hiding the next: what was skipped is one line
# `SKIPPED what: why`, what ran is printed at the end, and the exit status is the worst of all.
set -u
cd "$(dirname "$0")/.."
# a clone elsewhere finds the same entries in the compiler cache
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
preset=${PRESET:-default}
jobs=${JOBS:-$(nproc)}
build=build/$preset
notes=()    # lines for the end
times=()
worst=0

skip() { echo "SKIPPED $1: $2"; notes+=("SKIPPED $1: $2"); }

# runs a command as a named stage and keeps its time
stage() {
  local name=$1 start=$SECONDS status=0
  shift
  echo "== $name"
  "$@" || status=$?
  times+=("$name $((SECONDS - start)) s")
  return $status
}

finish() {
  echo "== summary ($preset)"
  local line
  for line in "${notes[@]:-}"; do [ -n "$line" ] && echo "$line"; done
  if [ ${#times[@]} -gt 0 ]; then
    echo "times: $(printf '%s, ' "${times[@]}" | sed 's/, $//')"
  fi
  for line in "${closing[@]:-}"; do [ -n "$line" ] && echo "$line"; done
  exit "$worst"
}
closing=()  # the runners' own closing lines, printed last

# ---- packages of the system ---------------------------------------------------------------------
install_packages() {
  local names missing=() name
  names=$(grep -v '^#' packages.txt)
  if ! command -v dpkg-query > /dev/null; then
    echo "SKIPPED packages: not a Debian system; needed are:" $names
    return
  fi
  for name in $names; do
    dpkg-query -W -f '${Status}\n' "$name" 2> /dev/null | grep -q 'ok installed' ||
      missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo > /dev/null; then
      echo "SKIPPED packages: neither root nor sudo; missing are: ${missing[*]}"
      return
    fi
    sudo=(sudo)
  fi
  local start=$SECONDS
  echo "== install ${missing[*]}"
  "${sudo[@]}" apt-get update -q -o Acquire::Retries=1 -o Acquire::http::Timeout=20
  if ! "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -q -y --no-install-recommends "${missing[@]}"; then
    echo "SKIPPED packages: apt-get could not install: ${missing[*]}"
  fi
  echo "install took $((SECONDS - start)) s"
}

# ---- .venv ---------------------------------------------------------------------------------------
install_python() {
  local stamp=.stamps/python wanted start=$SECONDS
  mkdir -p .stamps
  rm -f .stamps/python-skipped .stamps/oracle-skipped
  wanted=$(cat python/requirements-dev.txt python/requirements-oracle.txt | sha256sum)
  if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2> /dev/null)" = "$wanted" ]; then return; fi
  echo "== python packages"
  if [ ! -x .venv/bin/python ] && ! /usr/bin/python3 -m venv .venv; then
    rm -rf .venv
    echo "no virtual environment: is python3-venv installed?" > .stamps/python-skipped
  else
    local pip=(.venv/bin/python -m pip install -q --disable-pip-version-check --retries 2
      --timeout 20)
    if ! "${pip[@]}" -r python/requirements-dev.txt; then
      echo "pip could not install python/requirements-dev.txt" > .stamps/python-skipped
    elif ! "${pip[@]}" --no-deps -r python/requirements-oracle.txt; then
      echo "pip could not install python/requirements-oracle.txt" > .stamps/oracle-skipped
    else
      echo "$wanted" > "$stamp"
    fi
  fi
  [ -f .stamps/python-skipped ] && echo "SKIPPED python: $(cat .stamps/python-skipped)"
  [ -f .stamps/oracle-skipped ] && echo "SKIPPED oracle: $(cat .stamps/oracle-skipped)"
  echo "python packages took $((SECONDS - start)) s"
}

# .venv-peers: what only the peer tests need
install_peers() {
  local stamp=.stamps/peers wanted start=$SECONDS
  mkdir -p .stamps
  rm -f .stamps/peers-skipped
  wanted=$(sha256sum < python/requirements-peers.txt)
  if [ -x .venv-peers/bin/python ] && [ "$(cat "$stamp" 2> /dev/null)" = "$wanted" ]; then return; fi
  echo "== packages of peers"
  if ! .venv/bin/python -m venv .venv-peers ||
      ! .venv-peers/bin/python -m pip install -q --disable-pip-version-check --retries 2 --timeout 60 \
        -r python/requirements-peers.txt; then
    echo "pip could not install python/requirements-peers.txt" > .stamps/peers-skipped
    return 1
  fi
  echo "$wanted" > "$stamp"
  echo "packages of peers took $((SECONDS - start)) s"
}

# ---- build ---------------------------------------------------------------------------------------
configure() {
  mkdir -p "$build"
  cmake --preset "$preset" > "$build/configure.log" 2>&1
  local status=$?
  [ $status -ne 0 ] && cat "$build/configure.log"
  local line
  while read -r line; do notes+=("$line"); done < \
    <(sed -n 's/^-- \(SKIPPED .*\)/\1/p' "$build/configure.log" | grep -v 'SKIPPED python')
  return $status
}

# $@: targets; a source that does not compile does not keep the other programs from being built
compile() {
  local targets=()
  [ $# -gt 0 ] && targets=(--target "$@")
  cmake --build "$build" -j "$jobs" "${targets[@]}" -- -k 0
}

# ---- tests ---------------------------------------------------------------------------------------
run_ctest() {
  local log=$build/ctest.log
  ctest --preset "$preset" -j "$jobs" 2>&1 | tee "$log"
  local status=${PIPESTATUS[0]}
  closing+=("$(grep -E 'tests passed|No tests were found' "$log" | tail -1)")
  # tests that the machine cannot run, by name
  local line
  while read -r line; do notes+=("SKIPPED test: $line"); done < \
    <(sed -n 's/^[[:space:]]*[0-9]* - \(.*\) (Skipped)$/\1/p' "$log")
  return "$status"
}

run_pytest() {
  local log=$build/pytest.log folders=() folder
  for folder in tests/python tests/parity; do
    ls $folder/test_*.py > /dev/null 2>&1 && folders+=("$folder")
  done
  if [ ! -x .venv/bin/python ] || [ -f .stamps/python-skipped ]; then
    skip python "$(cat .stamps/python-skipped 2> /dev/null || echo 'no .venv: run make python')"
  elif ! ls "$build"/python/motorium/_core*.so > /dev/null 2>&1; then
    if [ "$preset" != asan ] && [ "$preset" != tsan ]; then
      skip python "the module _core was not built; $(sed -n 's/^-- SKIPPED python: //p' "$build/configure.log")"
    fi
  elif [ ${#folders[@]} -eq 0 ]; then
    skip python "no tests yet"
  else
    [ -f .stamps/oracle-skipped ] && skip parity "$(cat .stamps/oracle-skipped)"
    PYTHONPATH=$PWD/$build/python stage pytest .venv/bin/python -m pytest -q -p no:cacheprovider \
      "${folders[@]}" > "$log" 2>&1
    local status=$?
    cat "$log"
    closing+=("$(grep -E '[0-9]+ (passed|failed|skipped|error)' "$log" | tail -1)")
    return $status
  fi
}

note_gpu() {
  if ! grep -q SKIPPED.cuda "$build/configure.log" && ! nvidia-smi -L > /dev/null 2>&1; then
    notes+=("SKIPPED gpu: no NVIDIA driver or device")
  fi
}

# what needs a GPU says so and ends, where there is none
need_gpu() {
  nvidia-smi -L > /dev/null 2>&1 && return
  skip "$1" "no NVIDIA driver or device"
  closing+=("nothing ran: no GPU")
  finish
}

# the Python that has these modules: of .venv, else of the machine
python_with() {
  local python
  for python in .venv/bin/python python3; do
    PYTHONPATH=$PWD/$build/python "$python" -c "import $1" 2> /dev/null && { echo "$python"; return; }
  done
}

# what the Python side needs; without it the C++ side runs all the same
compile_module() {
  ninja -C "$build" -t query _core > /dev/null 2>&1 && compile _core && return
  skip python "the module _core was not built; $(sed -n 's/^-- SKIPPED python: //p' "$build/configure.log")"
  return 1
}

# bits of the CPU on the GPU; a test that hangs ends after a time
test_gpu() {
  local log=$build/gpu.log status=0 python_status=0 python
  ctest --preset "$preset" -R 'Device|Gpu' -j 4 --timeout 200 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  closing+=("$(grep -E 'tests passed|No tests were found' "$log" | tail -1)")
  grep -q 'SKIPPED on CUDA' "$build/Testing/Temporary/LastTest.log" && {
    closing+=("FAILED: the tests did not find the GPU")
    status=1
  }
  python=$(python_with 'pytest, numpy, motorium')
  [ -n "$python" ] || { skip "tests of Python" "no Python with pytest, NumPy and the module _core"; return "$status"; }
  PYTHONPATH=$PWD/$build/python timeout 300 "$python" -m pytest -q -rs -p no:cacheprovider \
    tests/python/test_device.py 2>&1 | tee "$log"
  python_status=${PIPESTATUS[0]}
  closing+=("$(grep -E '[0-9]+ (passed|failed|skipped|error)' "$log" | tail -1)")
  return $((status > python_status ? status : python_status))
}

# $1 seconds for a tool of compute-sanitizer, which slows kernels down by far; the tools run side by side
sanitize_gpu() {
  local tool worst_of=0 kind status limit=$1 pids=() kinds=(memcheck racecheck synccheck initcheck)
  tool=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2> /dev/null)
  [ -n "$tool" ] || { skip compute-sanitizer "not installed"; return 0; }
  for kind in "${kinds[@]}"; do
    (
      MOTORIUM_LANES=16 timeout "$limit" "$tool" --tool "$kind" --error-exitcode 9 "$build/test_physics" \
        --gtest_filter='Device.SubsetsStepAlone:Device.ReportsFrozen*:Device.ResetsTo*:Device.SearchesSee*' &&
        timeout "$limit" "$tool" --tool "$kind" --error-exitcode 9 "$build/test_robots" \
          --gtest_filter='All/DeviceLearn.HasTheBitsOfTheCpu/cart'
    ) > "$build/sanitizer-$kind.log" 2>&1 &
    pids+=($!)
  done
  for kind in "${kinds[@]}"; do
    wait "${pids[0]}"
    status=$?
    pids=("${pids[@]:1}")
    if [ $status -eq 124 ]; then
      skip "compute-sanitizer $kind" "not done after $limit s"
    elif grep -q 'Device not supported\|Unable to find injection library' "$build/sanitizer-$kind.log"; then
      skip "compute-sanitizer $kind" "it refuses this machine"
    elif [ $status -ne 0 ]; then
      tail -n 40 "$build/sanitizer-$kind.log"
      closing+=("FAILED: compute-sanitizer $kind, see $build/sanitizer-$kind.log")
      worst_of=1
    else
      closing+=("compute-sanitizer $kind: $(grep 'ERROR SUMMARY\|RACECHECK SUMMARY' "$build/sanitizer-$kind.log" | tail -1)")
    fi
  done
  return $worst_of
}

# programs without the Python side, stripped, with their libraries: tests/gpu_alone.sh runs them
pack_gpu() {
  local folder=$build/gpu program
  rm -rf "$folder" "$folder.tar.xz"
  mkdir -p "$folder/lib"
  for program in test_physics test_policy test_robots device_bench; do
    strip -o "$folder/$program" "$build/$program" || return 1
    ldd "$build/$program" | grep -oE '/\S*lib(pugixml|qhull_r|png16|z)\.so\S*' | xargs -I{} cp -L {} "$folder/lib"
  done
  echo "$PWD" > "$folder/root"
  git describe --always --dirty > "$folder/version" 2> /dev/null || echo unknown > "$folder/version"
  # the kernels are in three programs: one copy in the archive
  XZ_OPT=--lzma2=preset=6,dict=128MiB tar -C "$build" -cJf "$folder.tar.xz" gpu || return 1
  closing+=("$folder.tar.xz: $(du -h "$folder.tar.xz" | cut -f1); there: tests/gpu_alone.sh $folder.tar.xz")
}

case ${1:-} in
  packages) install_packages ;;
  python) install_python ;;
  build)
    stage configure configure || exit 1
    stage build compile || worst=1
    finish
    ;;
  test)
    stage configure configure || { worst=1; closing+=("no test ran: configure failed"); finish; }
    stage build compile || { worst=1; notes+=("FAILED build: the tests below are of what did build"); }
    stage ctest run_ctest || worst=1
    run_pytest || worst=1
    note_gpu
    finish
    ;;
  peers)
    install_peers || { skip peers "$(cat .stamps/peers-skipped)"; closing+=("no test ran"); finish; }
    PYTHONPATH=$PWD/$build/python stage peers .venv-peers/bin/python -m pytest -q \
      -p no:cacheprovider tests/peers 2>&1 | tee "$build/peers.log"
    worst=${PIPESTATUS[0]}
    closing+=("$(grep -E '[0-9]+ (passed|failed|skipped|error)' "$build/peers.log" | tail -1)")
    finish
    ;;
  test-gpu)
    need_gpu test-gpu
    stage configure configure || exit 1
    stage build compile test_physics test_robots test_policy || worst=1
    stage module compile_module
    stage test-gpu test_gpu || worst=1
    stage sanitizer sanitize_gpu "${SANITIZER_SECONDS:-100}" || worst=1
    finish
    ;;
  pack-gpu)
    stage configure configure || exit 1
    stage build compile test_physics test_policy test_robots device_bench || { worst=1; finish; }
    stage pack pack_gpu || worst=1
    finish
    ;;
  bench-gpu)
    need_gpu bench-gpu
    stage configure configure || exit 1
    stage module compile_module || finish
    python=$(python_with 'numpy, motorium')
    [ -n "$python" ] || { skip bench-gpu "no Python with NumPy and the module _core"; finish; }
    PYTHONPATH=$PWD/$build/python stage bench-gpu "$python" bench/gpu_bench.py \
      --out "${OUT:-bench/results}" ${GPU_BENCH:-} || worst=1
    finish
    ;;
  demo)
    stage configure configure || { worst=1; finish; }
    stage build compile motorium_command || { worst=1; finish; }
    # the command reads DEMO and DEMO_SECONDS
    stage demo "$build/motorium" demo || worst=1
    finish
    ;;
  *)
    echo "usage: tests/steps.sh packages|python|build|test|peers|test-gpu|pack-gpu|bench-gpu|demo" >&2
    exit 2
    ;;
esac
