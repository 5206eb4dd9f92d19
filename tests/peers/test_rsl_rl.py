"""The rsl_rl adapter under rsl_rl itself; `make test-peers` installs it with torch (gigabytes)."""

import pytest

torch = pytest.importorskip("torch", reason="SKIPPED: torch is not installed: make test-peers")
runners = pytest.importorskip("rsl_rl.runners", reason="SKIPPED: rsl-rl-lib is not installed")

import motorium as mo

torch.set_num_threads(1)  # small networks: threads would wait for each other

NETWORK = {"class_name": "MLPModel", "hidden_dims": [32, 32], "activation": "elu"}


def settings():
    """A runner's configuration, as rsl_rl 5.5 reads it."""
    return {
        "seed": 1,
        "num_steps_per_env": 32,
        "save_interval": 1000,
        "obs_groups": {"actor": ["actor"], "critic": ["actor"]},
        "actor": {
            **NETWORK,
            "obs_normalization": True,
            "distribution_cfg": {"class_name": "GaussianDistribution", "init_std": 1.0},
        },
        "critic": {**NETWORK, "obs_normalization": True},
        "algorithm": {
            "class_name": "PPO",
            "learning_rate": 1e-3,
            "schedule": "adaptive",
            "desired_kl": 0.01,
            "num_learning_epochs": 5,
            "num_mini_batches": 4,
            "gamma": 0.99,
            "lam": 0.95,
            "entropy_coef": 0.0,
        },
    }


def episode_return(env, policy):
    """Mean return of the first episode of every world."""
    observations, _ = env.reset()
    total, running = torch.zeros(env.num_envs), torch.ones(env.num_envs, dtype=torch.bool)
    for _ in range(int(env.max_episode_length)):
        with torch.inference_mode():
            observations, rewards, dones, _ = env.step(policy(observations))
        total += rewards * running
        running &= dones == 0
    return float(total.mean())


def test_rsl_rl_learns_to_balance_a_pole():
    torch.manual_seed(1)
    env = mo.adapters.rsl_rl("cartpole-balance", 128, seed=1)
    runner = runners.OnPolicyRunner(env, settings(), log_dir=None, device="cpu")
    before = episode_return(env, runner.get_inference_policy())
    runner.learn(120, init_at_random_ep_len=True)
    after = episode_return(env, runner.get_inference_policy())
    # a cart that drops its pole stays below 3 of at most 10
    assert before < 5
    assert after > 8


def test_a_quadruped_runs_under_rsl_rl_without_bad_numbers():
    torch.manual_seed(2)
    env = mo.adapters.rsl_rl("quad-velocity-flat", 64, seed=2)
    train = settings()
    train["obs_groups"] = {"actor": ["actor"], "critic": ["critic"]}
    if "critic" not in env.get_observations():
        train["obs_groups"]["critic"] = ["actor"]
    runner = runners.OnPolicyRunner(env, train, log_dir=None, device="cpu")
    runner.learn(3)
    for parameter in runner.alg.get_policy().parameters():
        assert torch.isfinite(parameter).all()
