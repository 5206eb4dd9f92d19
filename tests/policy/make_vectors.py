#!/usr/bin/env python3
"""Makes tests/golden/ppo_vectors.safetensors with PyTorch; needed to regenerate, never to test.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch==2.15.0 numpy
    /tmp/torch/bin/python tests/policy/make_vectors.py

The update is written with autograd and torch.optim.Adam after the published equations (docs/learning.md);
the only code shared with the library is none.
"""

import json
import math
import pathlib
import struct

import torch

torch.manual_seed(20)
torch.set_num_threads(1)
OUT = {}


def put(name, x):
    OUT[name] = torch.as_tensor(x).detach().clone().contiguous().cpu()


def write(path):
    names = {torch.float32: "F32", torch.float64: "F64", torch.int32: "I32"}
    header, data = {}, b""
    for name, x in OUT.items():
        raw = x.numpy().tobytes()
        header[name] = {"dtype": names[x.dtype], "shape": list(x.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 64)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class Swish(torch.nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)


def network(sizes, activation):
    layers = []
    for i in range(len(sizes) - 1):
        layers.append(torch.nn.Linear(sizes[i], sizes[i + 1]))
        if i + 2 < len(sizes):
            layers.append({"elu": torch.nn.ELU, "tanh": torch.nn.Tanh, "swish": Swish}[activation]())
    return torch.nn.Sequential(*layers)


def put_network(prefix, net):
    for i, layer in enumerate([m for m in net if isinstance(m, torch.nn.Linear)]):
        put(f"{prefix}.{i}.weight", layer.weight)
        put(f"{prefix}.{i}.bias", layer.bias)


def put_gradient(prefix, net):
    for i, layer in enumerate([m for m in net if isinstance(m, torch.nn.Linear)]):
        put(f"{prefix}.{i}.weight", layer.weight.grad)
        put(f"{prefix}.{i}.bias", layer.bias.grad)


# ---- normaliser: three batches -----------------------------------------------------------------------
mean, var, count = torch.zeros(6, dtype=torch.float64), torch.ones(6, dtype=torch.float64), 0
batches = torch.randn(3, 50, 6) * torch.tensor([1.0, 5.0, 0.1, 30.0, 1e-3, 2.0]) + torch.tensor([0.0, 3.0, -1.0, 100.0, 0.5, 0.0])
put("normalizer/batches", batches)
for batch in batches.double():
    var_b, mean_b = torch.var_mean(batch, dim=0, unbiased=False)
    count += len(batch)
    rate = len(batch) / count
    delta = mean_b - mean
    mean = mean + rate * delta
    var = var + rate * (var_b - var + delta * (mean_b - mean))
put("normalizer/mean", mean.float())
put("normalizer/var", var.float())
put("normalizer/output", ((batches[2].double() - mean) / (torch.sqrt(var) + 0.01)).float())

# ---- advantages --------------------------------------------------------------------------------------
T, N = 12, 20
reward, value = torch.randn(T, N), torch.randn(T + 1, N)
done = (torch.rand(T, N) < 0.15).float()
put("gae/reward", reward), put("gae/value", value), put("gae/done", done)
advantage, last = torch.zeros(T, N), torch.zeros(N)
for t in reversed(range(T)):
    delta = reward[t] + 0.99 * (1 - done[t]) * value[t + 1] - value[t]
    last = delta + 0.99 * 0.95 * (1 - done[t]) * last
    advantage[t] = last
put("gae/advantage", advantage)
put("gae/target", advantage + value[:-1])


# ---- whole updates -----------------------------------------------------------------------------------
def update(name, *, activation, log_std, epochs, batches, per_batch, joint, schedule, clip_value, kl_scale, lr, worlds, steps):
    n_actor, n_critic, n_action = 5, 7, 3
    actor, critic = network([n_actor, 24, 17, n_action], activation), network([n_critic, 19, 1], activation)
    std0 = torch.tensor([0.8, 1.0, 1.3])
    std = torch.nn.Parameter(torch.log(std0) if log_std else std0.clone())
    put_network(f"{name}/actor", actor), put_network(f"{name}/critic", critic), put(f"{name}/std", std)
    sigma = lambda: torch.exp(std) if log_std else std

    # a rollout whose policy was a little different, so that ratios are not one
    samples = worlds * steps
    actor_obs, critic_obs = 2 * torch.randn(samples, n_actor) + 1, 3 * torch.randn(samples, n_critic) - 1
    norm_a = (torch.randn(n_actor), torch.rand(n_actor) * 4 + 0.1)
    norm_c = (torch.randn(n_critic), torch.rand(n_critic) * 4 + 0.1)
    norm = lambda x, s: (x - s[0]) / (torch.sqrt(s[1]) + 0.01)
    old_std = std0 * torch.tensor([1.05, 0.97, 1.0])
    with torch.no_grad():
        old_mean = actor(norm(actor_obs, norm_a)) + kl_scale * torch.randn(samples, n_action)
        action = old_mean + old_std * torch.randn(samples, n_action)
        old = torch.distributions.Normal(old_mean, old_std.expand_as(old_mean))
        log_prob = old.log_prob(action).sum(-1)
        old_value = critic(norm(critic_obs, norm_c)).squeeze(-1) + 0.3 * torch.randn(samples)
        target = old_value + torch.randn(samples)
        advantage = target - old_value
    permutation = torch.randperm(samples)
    for key, x in dict(actor_obs=actor_obs, critic_obs=critic_obs, actor_mean=norm_a[0], actor_var=norm_a[1], critic_mean=norm_c[0],
                       critic_var=norm_c[1], old_std=old_std, old_mean=old_mean, action=action, log_prob=log_prob, old_value=old_value,
                       target=target, advantage=advantage, permutation=permutation.int()).items():
        put(f"{name}/{key}", x)

    standard = lambda a: (a - a.mean()) / (a.std() + 1e-8)
    whole = advantage if per_batch else standard(advantage)
    parameters = [std, *actor.parameters(), *critic.parameters()]
    adam = torch.optim.Adam(parameters, lr=lr)
    total = dict(value=0.0, surrogate=0.0, entropy=0.0, kl=0.0)
    size = samples // batches
    for i in range(epochs * batches):
        index = permutation[(i % batches) * size : (i % batches + 1) * size]
        a = standard(whole[index]) if per_batch else whole[index]
        mu = actor(norm(actor_obs[index], norm_a))
        now = torch.distributions.Normal(mu, sigma().expand_as(mu))
        v = critic(norm(critic_obs[index], norm_c)).squeeze(-1)
        with torch.no_grad():
            was = torch.distributions.Normal(old_mean[index], old_std.expand_as(mu))
            kl = torch.distributions.kl_divergence(was, now).sum(-1).mean().item()
            if schedule == "adaptive":
                if kl > 0.02:
                    lr = max(1e-5, lr / 1.5)
                elif 0 < kl < 0.005:
                    lr = min(1e-2, lr * 1.5)
                for group in adam.param_groups:
                    group["lr"] = lr
        ratio = torch.exp(now.log_prob(action[index]).sum(-1) - log_prob[index])
        surrogate = torch.max(-a * ratio, -a * torch.clamp(ratio, 0.8, 1.2)).mean()
        if clip_value:
            clipped = old_value[index] + (v - old_value[index]).clamp(-0.2, 0.2)
            value_loss = torch.max((v - target[index]) ** 2, (clipped - target[index]) ** 2).mean()
        else:
            value_loss = ((v - target[index]) ** 2).mean()
        entropy = now.entropy().sum(-1).mean()
        loss = surrogate + 1.0 * value_loss - 0.01 * entropy
        adam.zero_grad()
        loss.backward()
        put_gradient(f"{name}/actor_gradient", actor), put_gradient(f"{name}/critic_gradient", critic)
        put(f"{name}/std_gradient", std.grad)
        if joint:
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        else:
            torch.nn.utils.clip_grad_norm_([std, *actor.parameters()], 1.0)
            torch.nn.utils.clip_grad_norm_(critic.parameters(), 1.0)
        adam.step()
        for key, x in dict(value=value_loss, surrogate=surrogate, entropy=entropy).items():
            total[key] += x.item()
        total["kl"] += kl
    put_network(f"{name}/actor_after", actor), put_network(f"{name}/critic_after", critic)
    put(f"{name}/std_after", std)
    rounds = epochs * batches
    put(f"{name}/numbers", torch.tensor([total["value"] / rounds, total["surrogate"] / rounds, total["entropy"] / rounds,
                                         total["kl"] / rounds, lr], dtype=torch.float64))
    assert all(math.isfinite(x) for x in OUT[f"{name}/numbers"])
    print(name, OUT[f"{name}/numbers"].tolist())


common = dict(worlds=15, steps=10, lr=1e-3)
# one mini-batch: its gradients can be compared
update("one", activation="elu", log_std=False, epochs=1, batches=1, per_batch=False, joint=False, schedule="adaptive", clip_value=True, kl_scale=0.02, **common)
update("many", activation="elu", log_std=False, epochs=3, batches=4, per_batch=False, joint=False, schedule="adaptive", clip_value=True, kl_scale=0.3, **common)
update("log", activation="swish", log_std=True, epochs=2, batches=3, per_batch=True, joint=True, schedule="fixed", clip_value=False, kl_scale=0.05, **common)
# more than one block of 1024 samples
update("blocks", activation="tanh", log_std=False, epochs=1, batches=1, per_batch=False, joint=False, schedule="adaptive", clip_value=True, kl_scale=0.0, worlds=131, steps=8, lr=1e-3)

path = pathlib.Path(__file__).resolve().parents[1] / "golden" / "ppo_vectors.safetensors"
write(path)
print(path, path.stat().st_size, "bytes")
