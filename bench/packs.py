"""What worlds of a pack cost each other in the solver: iterations and rows of a world and of its pack.

    PYTHONPATH=build/default/python .venv/bin/python bench/packs.py [SCENE ...]

A pack of 8 runs as many iterations, over as many rows, as the world of it that needs most. Printed are means over
256 worlds and 30 steps, and the product for packs in the order of the worlds, sorted by the rows of the last step
before every step, and sorted before every tenth step only.
"""

import argparse

import numpy as np
import scenes

import motorium as mo
from motorium import peers

WORLDS, LANES, SKIP, STEPS = 256, 8, 10, 40


def record(name):
    """(iterations, rows) of all worlds after each step."""
    scene = peers.Scene(scenes.path(name), WORLDS, STEPS)
    batch = mo.Batch(scene.model, worlds=WORLDS, threads=1)
    iterations, rows = batch.bind("solver_niter"), batch.bind("nefc")
    for field, value in scene.start.items():
        getattr(batch, field)[:] = value
    out = []
    for k in range(STEPS):
        batch.ctrl[:] = scene.ctrl[:, k]
        batch.step()
        out.append((np.ravel(iterations).copy(), np.ravel(rows).copy()))
    return out


def in_packs(steps, every):
    """Mean iterations, rows and product of packs, sorted by last rows before every n-th step; 0: never."""
    order, found = np.arange(WORLDS), []
    for k in range(SKIP, STEPS):
        if every and (k - SKIP) % every == 0:
            order = np.argsort(steps[k - 1][1], kind="stable")
        most = [v[order].reshape(-1, LANES).max(axis=1) for v in steps[k]]
        found.append([most[0].mean(), most[1].mean(), (most[0] * most[1]).mean()])
    return np.mean(found, axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*")
    print(f"{'scene':12} {'':8} iterations   rows   product in order   sorted   sorted every 10")
    for name in parser.parse_args().scenes or ["humanoid", "g1", "go1", "aloha_pot"]:
        steps = record(name)
        alone = [np.mean([s[i] for s in steps[SKIP:]]) for i in (0, 1)]
        plain, sorted_, seldom = (in_packs(steps, n) for n in (0, 1, 10))
        print(f"{name:12} a world {alone[0]:11.2f} {alone[1]:6.1f}")
        print(f"{'':12} a pack  {plain[0]:11.2f} {plain[1]:6.1f} {plain[2]:18.1f} {sorted_[2]:8.1f} {seldom[2]:17.1f}")


if __name__ == "__main__":
    main()
