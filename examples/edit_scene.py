"""Puts two arms on a table, gives one a heavier hand while they move, and goes on from there.

python examples/edit_scene.py
"""

import argparse

import motorium as mo

ARM = """<mujoco model="arm">
  <worldbody>
    <body name="upper">
      <joint name="shoulder" axis="0 1 0" damping="0.5"/>
      <geom name="bar" type="capsule" fromto="0 0 0 0 0 0.3" size="0.02"/>
      <body name="hand" pos="0 0 0.3">
        <joint name="wrist" axis="0 1 0" damping="0.2"/>
        <geom name="palm" type="sphere" size="0.05"/>
      </body>
    </body>
  </worldbody>
  <actuator>
    <position name="shoulder" joint="shoulder" kp="30"/>
    <position name="wrist" joint="wrist" kp="10"/>
  </actuator>
</mujoco>"""


def main():
    argparse.ArgumentParser(description=__doc__).parse_known_args()
    scene = mo.Spec.from_string("<mujoco model='table'/>")
    scene.worldbody.add_geom(name="floor", type="plane", size=[0, 0, 0.05], pos=[0, 0, -0.8])
    table = scene.worldbody.add_body(name="table")
    table.add_geom(name="top", type="box", size=[0.2, 0.6, 0.02])
    arm = mo.Spec.from_string(ARM)
    for side, y in (("left", 0.4), ("right", -0.4)):
        scene.attach(arm, prefix=f"{side}_", body="table", pos=[0, y, 0.1])

    batch = mo.Batch(scene.compile(), worlds=8)
    batch.ctrl[:] = 0.5
    batch.step(nstep=250)
    before = batch.qpos.copy()

    # a heavier hand: edit, compile, carry the state over
    scene.geom("right_palm").density = 4000
    heavier = mo.Batch(scene.compile(), worlds=8)
    mo.transfer_state(batch, heavier)
    assert (heavier.qpos == before).all()
    heavier.step(nstep=500)
    names = heavier.model.jnt_names
    for name, angle in zip(names, heavier.qpos[0], strict=True):
        print(f"{name:16} {angle:+.3f} rad")
    left, right = (
        heavier.qpos[0, names.index("left_shoulder")],
        heavier.qpos[0, names.index("right_shoulder")],
    )
    assert right > left, "the heavier hand sinks lower"
    scene.delete(scene.body("left_upper"))
    print(f"without the left arm: {scene.compile().nv} degrees of freedom")


if __name__ == "__main__":
    main()
