"""motorium bench FILE --peers: the same file in other engines."""

import csv
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as xml

import numpy as np
import pytest
from motorium import peers

QUAD = str(pathlib.Path(__file__).resolve().parents[2] / "robots/quad/robot.xml")
SHORT = ["--worlds", "8", "--steps", "20", "--repeat", "3"]


def test_motorium_and_mujoco_stand_side_by_side(tmp_path, capsys):
    pytest.importorskip("mujoco")
    table, chart = tmp_path / "rows.csv", tmp_path / "bars.svg"
    out = ["--csv", str(table), "--svg", str(chart), "--markdown", str(tmp_path / "t.md")]
    assert peers.main([QUAD, "--peers", "mujoco,bullet", *SHORT, *out]) == 0
    rows = list(csv.DictReader(table.open()))
    assert [r["engine"] for r in rows] == ["motorium", "mujoco"]
    ours, theirs = rows
    assert theirs["reference"] == "True" and float(theirs["residual_worst"]) == 0
    assert 0 < float(ours["residual_median"]) < 1e-3
    rates = [float(ours[k]) for k in ("lowest", "steps_per_second", "highest")]
    assert rates == sorted(rates) and rates[0] > 0
    assert theirs["version"].endswith("4.0.1")
    assert "SKIPPED bullet:" in capsys.readouterr().out
    assert len(xml.parse(chart).getroot()) >= 7
    text = (tmp_path / "t.md").read_text()
    assert text.count("\n|") == 4 and "SKIPPED bullet:" in text and "GFLOP/s" in text
    # the roofline: shares are what rate, count and limits say
    assert float(ours["setup_s"]) >= 0 and float(ours["first_run_s"]) > 0
    flops = float(ours["steps_per_second"]) * float(ours["flops_per_step"])
    share = float(ours["share_of_flops"])
    assert share == pytest.approx(flops / float(ours["machine_flops"]), rel=1e-3) and 0 < share < 1
    assert 0 < float(ours["share_of_bandwidth"]) < 1 and theirs["flops_per_step"] == ""
    own = peers.Scene(QUAD, 8, 20)
    assert float(ours["flops_per_step"]) == round(
        peers.roofline(own, peers.Motorium(own, 1), 1)[1]
    )


def test_states_differ_between_worlds_and_are_the_same_for_all_engines():
    scene = peers.Scene(QUAD, 8, 20)
    assert len(np.unique(scene.start["qpos"][:, 2])) == 8
    again = peers.Scene(QUAD, 8, 20)
    assert scene.start["qpos"].tobytes() == again.start["qpos"].tobytes()
    assert scene.ctrl.shape == (8, 20, scene.model.nu)


def test_a_wrong_engine_shows_in_the_residual():
    scene = peers.Scene(QUAD, 8, 20)
    own = peers.Motorium(scene, 1, precision="double").velocities()
    assert peers.error_of(own, own, scene.start["qvel"]) == (0, 0)
    assert peers.error_of(own * 1.01, own, scene.start["qvel"])[0] > 1e-3


@pytest.mark.parametrize("name", [n for n in peers.PEERS if n != "motorium-cuda"])
def test_an_engine_that_is_not_installed_says_how_to_get_it(name, monkeypatch):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda package: None)
    scene = peers.Scene(QUAD, 2, 10)
    with pytest.raises(peers.Unavailable, match="is not installed in .*: pip install [a-z-]+$"):
        peers.PEERS[name](scene, 1)


def test_a_device_gives_the_steps_of_the_cpu():
    scene = peers.Scene(QUAD, 4, 10)
    own = type("Own", (peers.MotoriumCuda,), {"device": "emulated"})(scene, 1)
    assert own.run() > 0
    np.testing.assert_array_equal(own.velocities(), peers.Motorium(scene, 1).velocities())


def test_the_roofline_of_a_device_is_the_devices(monkeypatch):
    class Own(peers.MotoriumCuda):
        device = "emulated"

    monkeypatch.setitem(peers.PEERS, "motorium-cuda", Own)
    rows, notes = peers.compare(peers.Scene(QUAD, 4, 10), ["motorium-cuda"], runs=1)
    cpu, device = rows
    assert not notes and [r["engine"] for r in rows] == ["motorium", "motorium-cuda"]
    assert device["flops_per_step"] == cpu["flops_per_step"] > 1000
    # one thread without packs against packs in all registers
    assert 0 < device["machine_flops"] < cpu["machine_flops"]
    for row in rows:
        flops = row["steps_per_second"] * row["flops_per_step"]
        assert row["share_of_flops"] == pytest.approx(flops / row["machine_flops"], rel=1e-3)
    text = peers.roofline_texts(rows)
    assert len(text) == 2 and text[0].startswith("This machine, 1 threads: ")
    assert text[1].startswith(device["version"] + ": ")


def test_an_engine_that_panics_leaves_the_others_alone(monkeypatch, capsys):
    class Panic(BaseException):
        pass

    class Broken(peers.Motorium):
        name = "broken"

        def run(self):
            def fail():
                raise Panic("factorization failed\nat line 1")

            return peers.guarded(fail)

    monkeypatch.setitem(peers.PEERS, "broken", Broken)
    rows, notes = peers.compare(peers.Scene(QUAD, 8, 20), ["broken"], runs=1)
    assert [r["engine"] for r in rows] == ["motorium"]
    assert notes == ["SKIPPED broken: fails on the model: factorization failed"]


def test_a_task_is_compared_on_its_scene():
    out = subprocess.run(
        [sys.executable, "-m", "motorium", "bench", "cartpole-balance", *SHORT, "--peers", "mujoco"],
        capture_output=True, text=True, timeout=300, env={**os.environ, "MOTORIUM_PYTHON": sys.executable},
    )  # fmt: skip
    assert out.returncode == 0, out.stderr
    assert out.stdout.startswith("cartpole-balance.xml: 2 dofs, 8 worlds")


def test_an_unknown_engine_and_a_missing_file_are_named(capsys):
    assert peers.main([QUAD, "--peers", "fastest"]) == 2
    assert "no engine is named 'fastest': choose from motorium-cuda, mujoco," in capsys.readouterr().err
    assert peers.main(["nowhere.xml"]) == 1
    assert "nowhere.xml" in capsys.readouterr().err
