#!/usr/bin/env python3
"""D10: what compilers made of the kernels. usage: objects.py BUILD_FOLDER

1. Built with MOTORIUM_NO_FUSE (fma written as a multiply and an add), no kernel source may contain a
   fused instruction: the compiler has contracted nothing by itself.
2. The joined object of each instruction set exports its entries only, and calls nothing but memory
   functions and, in double, the C library's mathematics.
3. PTX (where nvcc is): no fma that was not written, no approximation, no flushing, and no product or sum
   that ptxas may contract; SASS of a product and a sum (where nvdisasm is); the flags of the build.
Each detector is first shown something that it must find.
"""
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FUSED = re.compile(r"\bvfn?m(add|sub)\w*")
FUSED_PTX = re.compile(r"\bfma\.r\w(\.ftz)?\.f32\b|\b\w+\.approx\S*|\b\w+\.ftz\.f32\b")
# a product or sum without a rounding of its own: ptxas may contract it when it makes SASS
LOOSE_PTX = re.compile(r"\b(?:mul|add|sub)\.f(?:32|64)\b|\bmad\.f\w+")
FAST_FLAGS = re.compile(r"use_fast_math|-?-ftz=true|-?-prec-(div|sqrt)=false|-?-fmad=true")
DOUBLE_LIBRARY = {"sin", "cos", "tan", "exp", "log", "tanh", "atan2", "asin", "acos", "pow",
                  "sincos", "fmod", "floor", "ceil", "rint", "sqrt"}
PLAIN = {"memcpy", "memset", "memmove", "memcmp", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}
bad = []


def run(command, cwd=None):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"failed: {shlex.join(command)}\n{done.stderr}")
    return done.stdout


def fused_lines(path):
    return [line for line in run(["objdump", "-d", "--no-show-raw-insn", path]).splitlines()
            if FUSED.search(line)]


def check_sample(folder, include):
    """The detectors see a contraction when there is one, and none in our flags."""
    source = os.path.join(folder, "sample.cpp")
    with open(source, "w", encoding="utf-8") as f:
        f.write('#include "tests/style/sample_kernel.h"\n'
                "void sample_pack(motorium::Pack<8>* p) { p[2] = motorium::sample(p[0], p[1], p); }\n"
                "void sample_float(float* p) { p[2] = motorium::sample(p[0], p[1], p); }\n")
    for compiler in ("g++", "clang++-14"):
        if not shutil.which(compiler):
            print(f"SKIPPED objects of {compiler}: not installed")
            continue
        base = [compiler, "-std=c++20", "-O2", "-march=x86-64-v3", "-fno-math-errno", "-Wno-psabi",
                f"-I{include}", f"-I{ROOT}", "-DMOTORIUM_NO_FUSE", "-c", source, "-o"]
        ours = ["-ffp-contract=off"] + (["-fno-tree-slp-vectorize"] if compiler == "g++" else [])
        good, wrong = os.path.join(folder, "good.o"), os.path.join(folder, "wrong.o")
        run([*base, good, *ours])
        run([*base, wrong, "-ffp-contract=fast"])
        if not fused_lines(wrong):
            bad.append(f"{compiler}: the planted contraction was not found")
        if fused_lines(good):
            bad.append(f"{compiler}: the sample holds {fused_lines(good)[0].strip()}")
        symbols = run(["nm", "-u", good]).split()
        if any(s.endswith("f") and s[:-1] in DOUBLE_LIBRARY for s in symbols):
            bad.append(f"{compiler}: the sample calls the float library: {symbols}")
        print(f"objects: {compiler}, sample: no contraction")


def check_sources(build, folder):
    """Every kernel source of the build, once more without fma."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        commands = json.load(f)
    launcher = ["ccache"] if shutil.which("ccache") else []
    for entry in commands:
        if not os.path.basename(entry["file"]).startswith("kernels_cpu_"):
            continue
        command = [w for w in shlex.split(entry["command"]) if not w.endswith("ccache")]
        name = command[command.index("-o") + 1]
        out = os.path.join(folder, re.sub(r"\W", "_", name) + ".o")
        command[command.index("-o") + 1] = out
        run([*launcher, *command, "-DMOTORIUM_NO_FUSE"], cwd=entry["directory"])
        fused = fused_lines(out)
        label = os.path.relpath(entry["file"], ROOT) + " " + " ".join(
            w for w in command if w.startswith("-march"))
        if fused:
            bad.append(f"{label}: {len(fused)} fused instructions, first {fused[0].strip()}")
        print(f"objects: {label}: {len(fused)} fused")
        os.remove(out)


def check_symbols(build):
    for path in sorted(glob.glob(os.path.join(build, "*_v[0-9]*.o"))):
        name = os.path.basename(path)
        exports = [line.split()[-1] for line in
                   run(["nm", "-g", "--defined-only", path]).splitlines() if line.strip()]
        strange = [s for s in exports if not s.startswith("motorium_")]
        if not exports or strange:
            bad.append(f"{name}: exports {strange[:5] or 'nothing'}")
        calls = {line.split()[-1] for line in run(["nm", "-u", path]).splitlines()}
        sanitizer = any(c.startswith(("__asan", "__tsan", "__ubsan")) for c in calls)
        other = sorted(calls - PLAIN - DOUBLE_LIBRARY)
        if other and not sanitizer and not name.startswith("test_"):
            bad.append(f"{name}: calls {', '.join(other[:8])}")
        print(f"objects: {name}: exports {len(exports)}, calls {', '.join(sorted(calls)) or 'nothing'}")


def check_cuda_flags(build):
    """Every CUDA source of the build is compiled without contraction and without fast mathematics."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        commands = [e for e in json.load(f) if e["file"].endswith(".cu")]
    for entry in commands:
        words = shlex.split(entry["command"])
        if "--fmad=false" not in words or FAST_FLAGS.search(entry["command"]):
            bad.append(f"{entry['file']}: flags: {entry['command']}")
    print(f"ptx: flags of {len(commands)} sources of the build")


def check_sass(folder):
    """What ptxas makes of a product and a sum: nothing fused with our flag, something without it."""
    if shutil.which("nvdisasm") is None:
        print("SKIPPED sass: no nvdisasm")
        return
    source, out = os.path.join(folder, "product.cu"), os.path.join(folder, "product.cubin")
    with open(source, "w", encoding="utf-8") as f:
        f.write("__global__ void product(float* p) { p[0] = p[1] * p[2] + p[3]; }\n")

    def fused(*options):
        run(["nvcc", "-arch=sm_90", "-cubin", "-o", out, *options, source])
        return "FFMA" in run(["nvdisasm", out])

    if not fused():
        bad.append("sass: the planted contraction was not found")
    if fused("--fmad=false"):
        bad.append("sass: a product and a sum were contracted in spite of --fmad=false")
    print("sass: a product and a sum stay two instructions")


def check_ptx(folder, include):
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        print("SKIPPED ptx: no nvcc")
        return
    sample = os.path.join(folder, "sample.cu")
    with open(sample, "w", encoding="utf-8") as f:
        f.write('#include "tests/style/sample_kernel.h"\n'
                "__global__ void run_sample(float* p) { p[2] = motorium::sample(p[0], p[1], p); }\n")
    base = [nvcc, "-std=c++20", "-arch=sm_90", f"-I{include}", f"-I{ROOT}", "-DMOTORIUM_NO_FUSE",
            "-ptx", "-o"]
    out = os.path.join(folder, "out.ptx")

    def found(source, *options):
        run([*base, out, *options, source])
        with open(out, encoding="utf-8") as f:
            text = f.read()
        return FUSED_PTX.findall(text), LOOSE_PTX.findall(text)

    # the detectors see both kinds where contraction is allowed
    if not all(found(sample)):
        bad.append("ptx: the planted contraction was not found")
    sources = [sample, *(os.path.join(ROOT, p) for p in run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.cu"], cwd=ROOT).split()
        if not p.startswith("bench/"))]
    for source in sources:
        # kernels of tiles are compiled for each number of lanes
        with open(source, encoding="utf-8") as f:
            tiles = "MOTORIUM_CUDA_LANES>" in f.read() and "kernels_cuda" in source
        for lanes in (8, 16, 32, 64, 128) if tiles else (16,):
            hits, loose = found(source, "--fmad=false", f"-DMOTORIUM_CUDA_LANES={lanes}")
            label = f"{source} of {lanes} lanes" if tiles else source
            if hits:
                bad.append(f"{label}: {len(hits)} fused or approximate instructions in the PTX")
            if loose:
                bad.append(f"{label}: {len(loose)} products or sums in the PTX that ptxas may contract: {loose[0]}")
            print(f"ptx: {os.path.relpath(label, ROOT)}: {len(hits)} fused or approximate, {len(loose)} loose")


def main():
    build = os.path.abspath(sys.argv[1])
    include = os.path.join(build, "include")
    with tempfile.TemporaryDirectory() as folder:
        check_sample(folder, include)
        check_cuda_flags(build)
        check_ptx(folder, include)
        check_sass(folder)
        check_symbols(build)
        if "--quick" not in sys.argv:
            check_sources(build, folder)
    for line in bad:
        print("BAD", line)
    print(f"objects: {len(bad)} findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
