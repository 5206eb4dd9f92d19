"""A task as a gymnasium vector environment."""

import argparse

import numpy as np

import motorium as mo


def main(steps):
    env = mo.adapters.gymnasium("quad-velocity-flat", num_envs=64, autoreset="same_step")
    observations, _ = env.reset(seed=0)
    total = np.zeros(env.num_envs)
    episodes = 0
    for _ in range(steps):
        actions = 0.3 * env.action_space.sample()
        observations, rewards, terminated, truncated, infos = env.step(actions)
        total += rewards
        episodes += len(infos.get("final_ids", ()))
    print(f"{steps} steps of 64 robots: mean reward {total.mean():.2f}, {episodes} episodes ended")
    return observations


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="small and quick, for tests")
    args = parser.parse_args()
    assert np.isfinite(main(20 if args.check else 500)).all()
