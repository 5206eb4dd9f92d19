"""Learn to balance a pole, then use the policy from Python."""

import argparse
import tempfile

import motorium as mo


def main(iterations, worlds):
    with tempfile.TemporaryDirectory() as folder:
        run = mo.train(
            "cartpole-balance", worlds=worlds, iterations=iterations, log=folder, quiet=True
        )
        print(f"{run.iterations} iterations, {run.steps} steps in {run.seconds:.1f} s")
        policy = run.policy()

    env = mo.make("cartpole-balance", worlds=64, seed=1000)
    observations = env.reset()
    ended = 0
    for _ in range(round(5 / env.step_seconds)):
        out = env.step(policy(observations["actor"]))
        ended += int(out.terminated.sum())
    print(f"falls of 64 poles in 5 s: {ended}")
    return ended


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="small and quick, for tests")
    args = parser.parse_args()
    falls = main(*((2, 64) if args.check else (150, 512)))
    assert args.check or falls == 0
