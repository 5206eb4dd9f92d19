"""What the module does to its process: threads, forks, start-up time, equal bits for any pool."""

import os
import subprocess
import sys
import threading

import motorium as mo
import numpy as np
import pytest


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    ).stdout.split()


def test_import_starts_no_thread():
    # NumPy may start some of its own, so it is imported first
    code = "import os, numpy; n = len(os.listdir('/proc/self/task')); import motorium\n"
    code += "print(n, len(os.listdir('/proc/self/task')))"
    before, after = run(code)
    assert before == after


def test_the_first_step_comes_within_a_second(scene_xml):
    code = f"""
import time; start = time.perf_counter()
import motorium as mo
batch = mo.Batch(mo.Model.from_string('''{scene_xml}'''), worlds=512)
batch.step()
print(time.perf_counter() - start)"""
    assert min(float(run(code)[0]) for _ in range(3)) < 1.0


@pytest.mark.parametrize("threads", [1, 2, 3, 7, 16])
def test_any_number_of_threads_gives_the_same_bits(model, threads):
    def final(count):
        batch = mo.Batch(model, worlds=300, threads=count)
        batch.qvel[:] = np.random.default_rng(2).normal(size=batch.qvel.shape)
        batch.bind("sensordata")
        batch.step(nstep=100)
        return batch.get_state(), np.array(batch.sensordata)

    for ours, reference in zip(final(threads), final(1), strict=True):
        np.testing.assert_array_equal(ours, reference)


def test_a_forked_child_steps(model):
    batch = mo.Batch(model, worlds=64)
    batch.step(nstep=5)
    expected = mo.Batch(model, worlds=64)
    expected.step(nstep=10)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        batch.step(nstep=5)
        os.write(write, b"1" if (batch.qpos == expected.qpos).all() else b"0")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"1"
    batch.step(nstep=5)
    np.testing.assert_array_equal(batch.qpos, expected.qpos)


def test_python_threads_take_turns(model):
    batches = [mo.Batch(model, worlds=100) for _ in range(4)]
    shared = mo.Batch(model, worlds=100)

    def work(batch):
        for _ in range(20):
            batch.step(nstep=2)
            shared.step()

    workers = [threading.Thread(target=work, args=(batch,)) for batch in batches]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for batch in batches:
        np.testing.assert_array_equal(batch.qpos, batches[0].qpos)
    assert shared.time[0] == pytest.approx(80 * 0.005)


def test_steps_release_the_interpreter(model):
    batch = mo.Batch(model, worlds=2000)
    done = threading.Event()
    count = 0

    def work():
        batch.step(nstep=200)
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    while not done.wait(1e-4):
        count += 1
    worker.join()
    assert count > 5
