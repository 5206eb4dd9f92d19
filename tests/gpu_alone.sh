#!/bin/bash
# What `make pack-gpu` packed, on a machine that has a GPU and neither compilers' packages nor a network:
# bits, speed, compute-sanitizer, counters, each with a limit, ten minutes at most in all. Files in OUT are whole
# at any moment; the last lines say how each part ended.
#
#   tests/gpu_alone.sh ARCHIVE [OUT]
set -u
archive=$(realpath "$1")
cd "$(dirname "$0")/.."
out=${2:-${OUT:-/tmp/gpu}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
tar -C "$work" -xJf "$archive" || exit 1
bin=$work/gpu
export LD_LIBRARY_PATH=$bin/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# the programs look for files where the repository was when they were built
root=$(cat "$bin/root")
[ -e "$root" ] || { mkdir -p "$(dirname "$root")" && ln -s "$PWD" "$root"; }
ended=()

# part NAME SECONDS FILE COMMAND: its output goes to the file and to the screen
part() {
  local name=$1 limit=$2 file=$out/$3 start=$SECONDS status
  shift 3
  echo "== $name"
  timeout -k 10 "$limit" "$@" 2>&1 | tee -a "$file"
  status=${PIPESTATUS[0]}
  [ "$status" -eq 124 ] && status="not done after $limit s"
  ended+=("$name: $([ "$status" = 0 ] && echo ok || echo "FAILED ($status)"), $((SECONDS - start)) s")
}
tool() { command -v "$1" || ls "/usr/local/cuda/bin/$1" 2> /dev/null; }

nvidia-smi > "$out/machine.txt" 2>&1
uname -a >> "$out/machine.txt"
cat "$bin/version" >> "$out/machine.txt"

# bits; the quick ones first
part "bits: policies" 40 tests.log "$bin/test_policy" --gtest_brief=1 --gtest_filter='*Device*'
part "bits: physics" 140 tests.log "$bin/test_physics" --gtest_brief=1 --gtest_filter='*Device*:Gpu.*:-*DeathTest*'
part "bits: tasks and learning" 110 tests.log "$bin/test_robots" --gtest_brief=1 --gtest_filter='*Device*'
grep -q 'SKIPPED on CUDA' "$out/tests.log" && ended+=("bits: FAILED, the tests did not find the GPU")

# speed: our robots and scenes, then iterations of learning
scenes=(robots/quad/robot.xml)
for name in figure_on_boxes pile deep; do scenes+=("tests/physics/scenes/$name.xml"); done
scenes+=(tests/parity/models/collide_mesh_mesh.xml)
part speed 140 speed.csv "$bin/device_bench" cuda 100 "${scenes[@]}" quad-velocity-flat

# a device that is lost, in a process of its own
part "a lost device" 20 tests.log "$bin/test_physics" --gtest_brief=1 --gtest_filter='GpuDeathTest.*'

# counters of two launches of ten steps
if ncu=$(tool ncu); then
  part counters 45 counters.csv "$ncu" --csv --clock-control none --kill yes --kernel-name regex:step_worlds \
    --launch-skip 25 --launch-count 2 --print-units base \
    --metrics smsp__inst_executed.sum,dram__bytes.sum,smsp__issue_active.avg.pct_of_peak_sustained_active,l1tex__t_sector_hit_rate.pct,lts__t_sector_hit_rate.pct,sm__warps_active.avg.pct_of_peak_sustained_active,gpu__time_duration.sum \
    "$bin/device_bench" cuda 60 robots/quad/robot.xml
else
  ended+=("counters: SKIPPED, no ncu")
fi

# memory, races, barriers, uninitialised reads, side by side, of one width
if sanitizer=$(tool compute-sanitizer); then
  for kind in memcheck racecheck synccheck initcheck; do
    (
      MOTORIUM_LANES=16 timeout 90 "$sanitizer" --tool "$kind" --error-exitcode 9 "$bin/test_physics" --gtest_brief=1 \
        --gtest_filter='Device.SubsetsStepAlone:Device.ReportsFrozen*:Device.SearchesSee*'
      case $? in
        0) echo "compute-sanitizer $kind: ok" ;;
        124) echo "compute-sanitizer $kind: SKIPPED, not done in time" ;;
        *) echo "compute-sanitizer $kind: FAILED" ;;
      esac
    ) > "$work/$kind" 2>&1 &
  done
  wait
  for kind in memcheck racecheck synccheck initcheck; do
    cat "$work/$kind" >> "$out/sanitizer.log"
    grep 'SUMMARY' "$work/$kind"
    ended+=("$(tail -n 1 "$work/$kind")")
  done
else
  ended+=("compute-sanitizer: SKIPPED, not installed")
fi

printf '%s\n' "== summary" "${ended[@]}" | tee "$out/summary.txt"
! printf '%s\n' "${ended[@]}" | grep -q FAILED
