"""Registers, spills and occupancy of the CUDA kernels as the compiler reports them: no GPU needed.

    python bench/cuda_registers.py BUILD_FOLDER [--arch 90 ... | --all] [--write] [--check]

Compiles every kernels_cuda*.cu as the build does, for each architecture, and reads ptxas' report: minutes
for each, seconds where ccache has seen it. --write rewrites these architectures in
bench/results/cuda_registers.csv; --check fails where a kernel spills more, or needs more registers or memory,
than kept there (a stack frame is no spill), and where nothing is kept.
CI checks sm_90, `make registers` all four. Occupancy counts blocks of 128 threads and static shared memory.
"""

import argparse
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import kept_table

TABLE = pathlib.Path(__file__).resolve().parent / "results" / "cuda_registers.csv"
COLUMNS = ["kernel", "arch", "registers", "spill_stores", "spill_loads", "stack", "shared", "warps_per_sm",
           "occupancy"]  # fmt: skip
GROWN = ("registers", "spill_stores", "spill_loads", "stack", "shared")
# what an SM has: registers; warps and bytes of shared memory (CUDA programming guide, compute capabilities)
REGISTERS = 65536
WARPS = {80: 64, 90: 64, 100: 64, 120: 48}
SHARED = {80: 164 << 10, 90: 228 << 10, 100: 228 << 10, 120: 100 << 10}


def commands_of(build):
    """(command, folder) of every file of CUDA kernels."""
    with open(build / "compile_commands.json", encoding="utf-8") as file:
        entries = [e for e in json.load(file) if re.search(r"(^|/)kernels_cuda\w*\.cu$", e["file"])]
    return [(shlex.split(e["command"]), e["directory"]) for e in sorted(entries, key=lambda e: e["file"])]


def warps(registers, shared, arch, warps_per_block=4):
    """Resident warps: registers are given out 256 at a time to a warp, blocks come whole and take 1 KiB more."""
    each = -(-registers * 32 // 256) * 256
    blocks = min(REGISTERS // each // warps_per_block, WARPS[arch] // warps_per_block)
    if shared:
        blocks = min(blocks, SHARED[arch] // (shared + 1024))
    return blocks * warps_per_block


def report(command, directory, arch):
    """What `ptxas -v` says about the entry kernels."""
    words = [w for w in command if not w.startswith("--generate-code")]
    with tempfile.TemporaryDirectory() as folder:
        words[words.index("-o") + 1] = str(pathlib.Path(folder) / "kernels.o")
        if shutil.which("ccache") and not words[0].endswith("ccache"):
            words.insert(0, "ccache")
        words += [f"--generate-code=arch=compute_{arch},code=sm_{arch}", "-Xptxas=-v"]
        done = subprocess.run(words, cwd=directory, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"nvcc for sm_{arch} failed:\n{done.stderr[-3000:]}")
    return done.stderr


def rows_of(text, arch):
    """One row a kernel. The stages that the kernels of a file call are functions of their own, which ptxas
    reports after the last kernel: what they spill counts for every kernel of the file."""
    rows, kernel, inside, stages = [], None, False, [0, 0]
    for line in text.splitlines():
        if found := re.search(r"Compiling entry function '(\S+)'", line):
            kernel = found.group(1)
        elif found := re.search(r"Function properties for (\S+)", line):
            inside = found.group(1) == kernel
        elif found := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            numbers = [int(n) for n in found.groups()]
            if inside:
                frame = numbers
            else:
                stages = [stages[0] + numbers[1], stages[1] + numbers[2]]
        elif (found := re.search(r"Used (\d+) registers", line)) and kernel:
            shared = re.search(r"(\d+) bytes smem", line)
            used = int(found.group(1))
            name = subprocess.run(["c++filt", kernel], capture_output=True, text=True).stdout.strip()
            name = name.replace("(anonymous namespace)::", "").removeprefix("void ")
            name = re.sub(r"\([^()]*\)$", "", name)  # arguments; those of a template stay
            name = re.sub(r"> (?=>)", ">", name)
            memory = int(shared.group(1)) if shared else 0
            resident = warps(used, memory, arch)
            rows.append({"kernel": name.replace("(int)", "").replace("motorium::", "").replace("(TaskStage)", ""), "arch": arch,
                         "registers": used, "spill_stores": frame[1], "spill_loads": frame[2], "stack": frame[0],
                         "shared": memory, "warps_per_sm": resident,
                         "occupancy": f"{100 * resident / WARPS[arch]:.0f}%"})  # fmt: skip
    for row in rows:
        row["spill_stores"] += stages[0]
        row["spill_loads"] += stages[1]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--arch", type=int, nargs="*", default=[90], choices=WARPS)
    parser.add_argument("--all", action="store_true", help="sm_80, sm_90, sm_100, sm_120")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    o = parser.parse_args()
    commands = commands_of(o.build.resolve())
    if not commands:
        print("SKIPPED cuda registers: the build has no CUDA (no nvcc)")
        return 0
    kept = kept_table.read(TABLE, COLUMNS[:2])
    worse = 0
    for arch in WARPS if o.all else o.arch:
        rows = [row for command, folder in commands for row in rows_of(report(command, folder, arch), arch)]
        if not rows:
            sys.exit(f"sm_{arch}: ptxas reported no kernel")
        for row in rows:
            before = kept.get((row["kernel"], str(arch)))
            words = "  ".join(f"{k} {row[k]}" for k in COLUMNS[1:])
            verdict = ""
            if before is None:
                verdict = "  NOT KEPT"
            elif grown := [k for k in GROWN if int(row[k]) > int(before[k])]:
                verdict = f"  MORE THAN KEPT: {', '.join(f'{k} {before[k]}' for k in grown)}"
            worse += bool(verdict)
            print(f"{row['kernel']}  {words}{verdict}", flush=True)
            kept[row["kernel"], str(arch)] = row
    if o.write:
        kept_table.write(TABLE, COLUMNS, kept)
    if o.check and worse:
        print(f"{worse} kernels need more than bench/results/cuda_registers.csv says: find out why, then --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
