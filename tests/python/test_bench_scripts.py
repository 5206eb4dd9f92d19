"""The scripts of bench/ run: small cases of each, and what they refuse."""

import csv
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"


def script(name):
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(BENCH))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCH))
    return module


def run(name, *arguments):
    done = subprocess.run([sys.executable, BENCH / f"{name}.py", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def binary():
    found = pathlib.Path(os.environ.get("PYTHONPATH", "").split(":")[0]).parent / "motorium"
    if not found.exists():
        pytest.skip("SKIPPED: the command motorium is not beside the Python package")
    return found


def test_physics_bench_measures_a_scene(tmp_path):
    pytest.importorskip("mujoco", reason="SKIPPED: MuJoCo is not installed")
    if script("scenes").path("go1_feet") is None:
        pytest.skip("SKIPPED: the corpora are not installed and cannot be fetched")
    table = tmp_path / "table.csv"
    out = run("physics_bench", "go1_feet", "--worlds", "16", "--steps", "20", "--repeat", "1", "--csv", table)
    assert "motorium is" in out
    with open(table, newline="") as file:
        ours, theirs = csv.DictReader(file)
    assert (ours["engine"], theirs["engine"]) == ("motorium", "mujoco")
    assert float(ours["residual_median"]) < 1e-4 and int(theirs["steps_per_second"]) > 0


def test_growth_draws_curves(tmp_path):
    out = run("growth", "few", "--csv", tmp_path / "growth.csv", "--svg", tmp_path)
    assert out.count("s a step") >= 7
    assert (tmp_path / "growth_few.svg").read_text().count("<circle") == 7


def test_instructions_repeat_and_a_change_is_found(binary, tmp_path, monkeypatch, capsys):
    if shutil.which("valgrind") is None:
        pytest.skip("SKIPPED: valgrind is not installed")
    counts = script("instructions")
    cartpole = ROOT / "robots/cartpole/robot.xml"
    count = counts.count(str(binary), cartpole)
    # the report of a run prints its seconds: more or fewer digits of them are a few instructions
    again = counts.count(str(binary), cartpole)
    assert count > 100 and abs(again - count) <= 0.002 * count

    # a table that says 3 % less
    compiler = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout
    compiler = compiler.split("gcc ")[1].split(",")[0] if "gcc" in compiler else None
    if compiler is None:
        pytest.skip("SKIPPED: built by another compiler than gcc")
    table = tmp_path / "instructions.csv"
    table.write_text(f"scene,compiler,instructions\ncartpole,gcc {compiler},{round(count / 1.03)}\n")
    monkeypatch.setattr(counts, "TABLE", table)
    monkeypatch.setattr(counts, "scene_files", lambda: {"cartpole": cartpole})
    monkeypatch.setattr(sys, "argv", ["instructions", "--binary", str(binary), "--check"])
    assert counts.main() == 1
    assert "BEYOND 2 %" in capsys.readouterr().out


def test_reports_of_ptxas_are_read():
    report = """
ptxas info    : Compiling entry function '_Z4stepILi16EEvPf' for 'sm_90'
ptxas info    : Function properties for _Z4stepILi16EEvPf
    96 bytes stack frame, 4 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 168 registers, used 1 barriers, 96 bytes cumulative stack size, 512 bytes smem
ptxas info    : Compiling entry function '_Z4moveILi8EEvPf' for 'sm_90'
ptxas info    : Function properties for _Z4moveILi8EEvPf
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 32 registers, used 0 barriers
ptxas info    : Function properties for _Z5stagePf
    0 bytes stack frame, 12 bytes spill stores, 0 bytes spill loads
ptxas info    : Function properties for _Z5otherPf
    0 bytes stack frame, 1 bytes spill stores, 2 bytes spill loads
"""
    # what the stages behind the kernels spill counts for both
    step, move = script("cuda_registers").rows_of(report, 90)
    assert step == {"kernel": "step<16>", "arch": 90, "registers": 168, "spill_stores": 17, "spill_loads": 10,
                    "stack": 96, "shared": 512, "warps_per_sm": 12, "occupancy": "19%"}  # fmt: skip
    assert (move["kernel"], move["registers"], move["spill_stores"]) == ("move<8>", 32, 13)


def test_occupancy_is_that_of_the_scarcest():
    warps = script("cuda_registers").warps
    assert [warps(r, 0, 90) for r in (32, 64, 128, 129, 255)] == [64, 32, 16, 12, 8]
    assert [warps(32, 0, arch) for arch in (80, 90, 100, 120)] == [64, 64, 64, 48]
    assert [warps(32, 48 << 10, arch) for arch in (80, 90, 120)] == [12, 16, 8]


def test_kernels_that_grow_are_found(tmp_path, monkeypatch, capsys):
    registers = script("cuda_registers")
    report = """
ptxas info    : Compiling entry function '_Z4stepILi16EEvPf' for 'sm_90'
ptxas info    : Function properties for _Z4stepILi16EEvPf
    96 bytes stack frame, 4 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 130 registers, used 1 barriers
"""
    table = tmp_path / "table.csv"
    (tmp_path / "compile_commands.json").write_text(
        '[{"file": "physics/kernels_cuda.cu", "command": "nvcc -o x", "directory": "."}]'
    )
    monkeypatch.setattr(registers, "TABLE", table)
    monkeypatch.setattr(registers, "report", lambda command, directory, arch: report)

    def check(*options):
        monkeypatch.setattr(sys, "argv", ["cuda_registers", str(tmp_path), *options])
        return registers.main(), capsys.readouterr().out

    kept = "kernel,arch,registers,spill_stores,spill_loads,stack,shared,warps_per_sm,occupancy\n"
    table.write_text(kept)
    assert check("--check")[0] == 1  # a kernel of which nothing is kept
    table.write_text(kept + "step<16>,90,128,4,8,96,0,16,25%\n")
    code, out = check("--check")
    assert code == 1 and "MORE THAN KEPT: registers 128" in out
    assert check("--write")[0] == 0 and check("--check")[0] == 0
    assert "step<16>,90,130,4,8,96,0,12,19%" in table.read_text()



def test_gpu_bench_measures_a_device(tmp_path):
    pytest.importorskip("mujoco", reason="SKIPPED: MuJoCo is not installed")
    if script("scenes").path("go1_feet") is None:
        pytest.skip("SKIPPED: the corpora are not installed and cannot be fetched")
    out = run("gpu_bench", "go1_feet", "--worlds", "3,9", "--steps", "10", "--repeat", "2", "--device", "emulated",
              "--peers", "mujoco-warp", "--train", "", "--out", tmp_path)  # fmt: skip
    assert "SKIPPED mujoco-warp" in out
    (table,) = tmp_path.glob("*/steps.csv")
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(r["worlds"]) for r in rows] == [3, 9]
    assert all(float(r["residual_median"]) < 1e-4 and int(r["steps_per_second"]) > 0 for r in rows)


def test_gpu_bench_goes_on_where_a_peer_fails(tmp_path):
    gpu_bench = script("gpu_bench")
    own = type("Own", (gpu_bench.peers.MotoriumCuda,), {"device": "emulated"})

    class Broken(own):
        name = "broken"

        def run(self):
            raise RuntimeError("out of something\nand more")

    class Slow(own):
        name = "slow"

    scene = gpu_bench.peers.Scene(gpu_bench.path_of("quad"), 2, 10)
    gpu_bench.SLOW_START = 0
    rows, notes, out = gpu_bench.measure(gpu_bench.Tiled(scene, 4), [own, Broken, Slow], 1)
    assert [r["engine"] for r in rows] == ["motorium-cuda", "slow"]
    assert "SKIPPED broken in 4 worlds: out of something" in notes and {"broken", "slow"} <= out

    # tables are whole after every row, and time that is over is said
    table = gpu_bench.Table(tmp_path / "some/steps.csv", gpu_bench.COLUMNS)
    table.add(rows[:1]), table.add(rows[1:])
    assert len(table.file.read_text().splitlines()) == 3
    text = run("gpu_bench", "quad", "--minutes", "0", "--device", "emulated", "--out", tmp_path / "none")
    assert "SKIPPED quad: 0 minutes are over" in text and not (tmp_path / "none").exists()


def test_device_bench_measures_models_and_tasks(binary):
    program = binary.parent / "device_bench"
    if not program.exists():
        pytest.skip("SKIPPED: the benchmarks are not built")
    command = [program, "emulated", "60", ROOT / "robots/quad/robot.xml", "no_such_task", "cartpole-balance"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    ours, missing, task = csv.DictReader(done.stdout.splitlines())
    assert ours["number"] == "steps_per_second" and float(ours["lowest"]) <= float(ours["median"])
    assert missing["number"] == "SKIPPED" and task["number"] == "iteration_seconds" and float(task["median"]) > 0


def test_gpu_bench_measures_training(tmp_path):
    row = script("gpu_bench").trained("cartpole-balance", 16, 3, "emulated")
    assert row["iteration_s"] > 0 and row["lowest"] <= row["iteration_s"] <= row["highest"]
    assert row["steps_per_second"] == pytest.approx(16 * 16 / row["iteration_s"], rel=0.01)


def test_gpu_bench_says_that_there_is_no_gpu(tmp_path):
    try:
        import motorium as mo

        mo.Batch(mo.load(ROOT / "robots/quad/robot.xml"), device="cuda")
        pytest.skip("SKIPPED: there is a GPU")
    except mo.Error:
        out = run("gpu_bench", "--out", tmp_path)
        assert out.startswith("SKIPPED gpu bench: device cuda") and not list(tmp_path.iterdir())


def test_gpu_bench_reads_counters():
    text = """==PROF== Connected
"ID","Kernel Name","Metric Name","Metric Unit","Metric Value"
"0","void step_worlds<16>","dram__bytes.sum","byte","8,000"
"0","void step_worlds<16>","smsp__inst_executed.sum","inst","4,000"
"0","void step_worlds<16>","smsp__issue_active.avg.pct_of_peak_sustained_active","%","45.5"
"1","void move_rows<0>","dram__bytes.sum","byte","1"
"""
    counters_of = script("gpu_bench").counters_of
    # with a column for each metric and a row of units
    wide = """"ID","Kernel Name","dram__bytes.sum","smsp__inst_executed.sum"
"","","byte","inst"
"0","step_worlds","8,000","4,000"
"""
    assert counters_of(wide, 10, 10) == {"dram_bytes_per_step": 80, "warp_instructions_per_step": 40}
    found = counters_of(text, 10, 10)
    assert found == {"dram_bytes_per_step": 80, "warp_instructions_per_step": 40, "issue_active_percent": 45.5}

    # a step of three launches
    queued = text + """"2","search_places","dram__bytes.sum","byte","500"
"3","void queue_worlds<16>","dram__bytes.sum","byte","1,500"
"""
    assert counters_of(queued, 10, 10)["dram_bytes_per_step"] == 1000
