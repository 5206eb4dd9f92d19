#!/usr/bin/env python3
"""make style: format, include directions, words that kernels must not contain.

Prints `path:line: finding` for each finding and exits with 1 if there is one; then the largest files
and functions, for information. `--fix` formats the files instead of complaining.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# folder -> folders whose headers it may include
MAY_INCLUDE = {
    "core": {"core"},
    "physics": {"core", "physics"},
    "policy": {"core", "physics", "policy"},
    "robots": {"core", "physics", "robots"},
    "viewer": {"core", "physics", "policy", "robots", "viewer"},
    "cli": {"core", "physics", "policy", "robots", "viewer", "cli"},
    "python": {"core", "physics", "policy", "robots", "viewer", "cli", "python"},
    "examples": {"core", "physics", "policy", "robots", "viewer"},
}

# what only build or compile a model, and what only host code may see
HOST_ONLY = re.compile(r"motorium/physics/(spec/|compile/|batch\.h)")

# in headers and sources that are compiled for every device
KERNEL_WORDS = [
    (r"\b(sin|cos|tan|exp|log|tanh|atan2?|acos|asin|pow|fabs|fmin|fmax|floor|ceil|round)f\s*\(",
     "a function of the C library: use core/math.h"),
    (r"\bstd::(sin|cos|exp|log|tanh|atan2|acos|asin|pow|sqrt|fma|abs|min|max|clamp|isnan|isinf|"
     r"isfinite|vector|array|string|function|sort)\b",
     "the standard library: its templates may run with the wrong instruction set"),
    (r"\b(isnan|isinf|isfinite)\s*\(", "folds under fast-math: use is_bad"),
    (r"\bs?rand\s*\(", "not keyed: use core/random.h"),
    (r"\bf?printf\s*\(", "kernels do not print"),
    (r"\b(throw|new|malloc)\b", "kernels neither throw nor allocate"),
    (r"\b(threadIdx|blockIdx|__syncthreads|__syncwarp|__CUDA_ARCH__)\b",
     "threads belong to the team"),
    (r"\b(rsqrtps|_mm\w*_r(sqrt|cp)\w*|__expf|__sinf|__cosf|__fdividef)\b",
     "hardware approximations differ between vendors"),
]
# the files that lay the ground for the others, and what they may contain
KERNEL_EXEMPT = {"core/real.h", "core/team.h", "core/math.h", "core/team_checks.h"}

findings = []
notes = []


def find(path, line, text):
    findings.append(f"{path}:{line}: {text}")


def our_files():
    """All files of the repository, committed or not, that are not ignored."""
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                         capture_output=True, text=True, check=True).stdout
    return sorted(p for p in set(out.splitlines()) if os.path.isfile(os.path.join(ROOT, p)))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def without_comments(text):
    """Comments and strings replaced by blanks of the same length, line ends kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    def blank(m):
        if m.group().startswith('"') and text[:m.start()].rsplit("\n", 1)[-1].lstrip().startswith(
                "#include"):
            return m.group()
        return re.sub(r"[^\n]", " ", m.group())
    return pattern.sub(blank, text)


def check_format(files, fix):
    tool = shutil.which("clang-format-14")
    cpp = [p for p in files if p.endswith((".h", ".cpp", ".cu"))]
    if tool is None:
        notes.append("SKIPPED format: no clang-format-14")
    else:
        def run(path):
            if fix:
                subprocess.run([tool, "-i", path], cwd=ROOT, check=True)
                return
            done = subprocess.run([tool, "--dry-run", "--Werror", path], cwd=ROOT,
                                  capture_output=True, text=True)
            lines = re.findall(r":(\d+):\d+: error", done.stderr)
            if done.returncode != 0:
                find(path, lines[0] if lines else 1,
                     f"not formatted ({max(len(lines), 1)} places): make format")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(run, cpp))

    ruff = os.path.join(ROOT, ".venv/bin/ruff")
    py = [p for p in files if p.endswith((".py", ".pyi"))]
    if not os.path.exists(ruff):
        notes.append("SKIPPED ruff: not in .venv")
    elif py:
        options = ["--no-cache", "--line-length", "100"]
        command = [ruff, "check", "--select", "E9,F", *options, "--output-format", "concise"]
        if fix:
            command.append("--fix")
        done = subprocess.run([*command, *py], cwd=ROOT, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            m = re.match(r"(\S+?):(\d+):\d+: (.*)", line)
            if m:
                find(m.group(1), m.group(2), m.group(3))


def check_includes(files):
    for path in files:
        folder = path.split("/")[0]
        if not path.endswith((".h", ".cpp", ".cu")) or folder not in MAY_INCLUDE:
            continue
        for i, line in enumerate(read(path).splitlines(), 1):
            m = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if not m:
                continue
            target = m.group(1)
            if not target.startswith("motorium/"):
                if target.startswith("tests/") or "/" not in target and folder != "python":
                    find(path, i, f'include "{target}": write it from the root, "motorium/..."')
                continue
            other = target.split("/")[1]
            if other not in MAY_INCLUDE[folder]:
                find(path, i, f"{folder}/ may not include {other}/")


def is_kernel(path, code):
    """Compiled for every device: a source of kernels, or a header with FN or STAGE functions."""
    if os.path.basename(path).startswith("kernels_") and path.endswith((".cpp", ".cu")):
        return True
    return path.endswith((".h", ".cu")) and re.search(r"^\s*(FN|STAGE|template <.*> *(FN|STAGE))\b",
                                                      code, re.M) is not None


def check_words(files):
    for path in files:
        if not path.endswith((".h", ".cpp", ".cu")):
            continue
        text = read(path)
        code = without_comments(text)
        lines = code.splitlines()
        if path.endswith(".h") and "#pragma once" not in text:
            find(path, 1, "a header without #pragma once")
        for i, line in enumerate(lines, 1):
            if path.endswith((".h", ".cu")) and re.search(r"\busing\s+namespace\b", line):
                find(path, i, "`using namespace` in a header or .cu")
        folder = path.split("/")[0]
        if folder in ("tests", "bench", "examples") or path in KERNEL_EXEMPT:
            continue
        if not is_kernel(path, code):
            continue
        for i, line in enumerate(lines, 1):
            if HOST_ONLY.search(line):
                find(path, i, "a kernel includes host code of physics/")
            for pattern, why in KERNEL_WORDS:
                m = re.search(pattern, line)
                if m and not (path.endswith(".cu") and "threads belong" in why):
                    find(path, i, f"`{m.group().strip()}` in a kernel: {why}")


def check_readme():
    """The C++ program of README.md is the example that is built and run."""
    example = "examples/step_robot.cpp"
    blocks = re.findall(r"```cpp\n(.*?)```", read("README.md"), re.S)
    if read(example) not in blocks:
        find("README.md", 1, f"its C++ program differs from {example}")


def largest(files):
    """The ten largest files and functions. Functions: a rough count by indentation."""
    sizes, functions = [], []
    for path in files:
        if not path.endswith((".h", ".cpp", ".cu")):
            continue
        lines = read(path).splitlines()
        sizes.append((len(lines), path))
        start = None
        for i, line in enumerate(lines):
            if start is None and re.match(r"^(  )?[A-Za-z~].*\)( const| noexcept| override)* \{$", line):
                start, indent = i, len(line) - len(line.lstrip())
                name = line.strip()[:60]
            elif start is not None and line == " " * indent + "}":
                functions.append((i - start + 1, f"{path}:{start + 1}: {name}"))
                start = None
    print("largest files:")
    for n, path in sorted(sizes, reverse=True)[:10]:
        print(f"  {n:5} {path}")
    print("longest functions:")
    for n, where in sorted(functions, reverse=True)[:10]:
        print(f"  {n:5} {where}")


def main():
    fix = "--fix" in sys.argv[1:]
    files = our_files()
    check_format(files, fix)
    check_includes(files)
    check_words(files)
    check_readme()
    largest(files)
    for line in notes + sorted(findings):
        print(line)
    checked = sum(p.endswith((".h", ".cpp", ".cu", ".py", ".pyi")) for p in files)
    print(f"style: {checked} files checked, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
