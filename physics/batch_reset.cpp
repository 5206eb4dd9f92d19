// Where worlds start: qpos0 or a keyframe.
#include "motorium/core/float_mode.h"
#include "motorium/core/status.h"
#include "motorium/physics/device_worlds.h"

namespace motorium {

void Batch::Impl::reset_world(int world, int keyframe) {
  const Model& m = model_at(world);
  const size_t at = static_cast<size_t>(world);
  visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    const auto fill_from = [&](S* base, int columns, const double* from) {
      if (!base) return;
      for (int i = 0; i < columns; ++i)
        base[at * static_cast<size_t>(columns) + static_cast<size_t>(i)] =
            from ? static_cast<S>(from[i]) : S(0);
    };
    const auto fill = [&](S* base, int columns, const std::vector<double>& from, int row) {
      fill_from(base, columns, from.empty() ? nullptr : from.data() + row * columns);
    };
    const std::vector<double> zero;
    const bool key = keyframe >= 0;
    const int k = key ? keyframe : 0;
    if (key)
      fill(w.arrays.qpos, m.nq, m.key_qpos, k);
    else
      fill_from(w.arrays.qpos, m.nq, numbers("qpos0", m.qpos0, world));
    fill(w.arrays.qvel, m.nv, key ? m.key_qvel : zero, k);
    fill(w.arrays.act, m.na, key ? m.key_act : zero, k);
    fill(w.arrays.ctrl, m.nu, key ? m.key_ctrl : ctrl0, k);
    fill(w.arrays.history, m.nhistory, history0, 0);
    fill(w.arrays.qacc_warmstart, m.nv, zero, 0);
    fill(w.arrays.qfrc_applied, m.nv, zero, 0);
    fill(w.arrays.xfrc_applied, 6 * m.nbody, zero, 0);
    if (key) {
      fill(w.arrays.mocap_pos, 3 * m.nmocap, m.key_mpos, k);
      fill(w.arrays.mocap_quat, 4 * m.nmocap, m.key_mquat, k);
    } else {
      const double *pos = numbers("body_pos", m.body_pos, world),
                   *quat = numbers("body_quat", m.body_quat, world);
      for (int b = 0; b < m.nbody; ++b) {
        const int id = m.body_mocapid[static_cast<size_t>(b)];
        if (id < 0) continue;
        const size_t slot = at * static_cast<size_t>(m.nmocap) + static_cast<size_t>(id);
        for (size_t i = 0; i < 3; ++i)
          w.arrays.mocap_pos[3 * slot + i] = static_cast<S>(pos[3 * b + static_cast<int>(i)]);
        for (size_t i = 0; i < 4; ++i)
          w.arrays.mocap_quat[4 * slot + i] = static_cast<S>(quat[4 * b + static_cast<int>(i)]);
      }
    }
    for (int e = 0; e < m.neq; ++e)
      w.arrays.eq_active[at * static_cast<size_t>(m.neq) + static_cast<size_t>(e)] =
          static_cast<S>(m.eq_active0[static_cast<size_t>(e)]);
    w.steps[at] = 0;
    w.status[at] &= ~kStatusFrozen;
  });
  time0[at] = keyframe >= 0 ? m.key_time[static_cast<size_t>(keyframe)] : 0.0;
}

void Batch::reset(const ResetOptions& o) {
  const DefaultFloatMode mode;
  if (o.keyframe >= impl_->model->nkey)
    throw Error("Batch.reset: keyframe = " + std::to_string(o.keyframe) + ": the model has " +
                std::to_string(impl_->model->nkey) + " keyframes");
  int n = 0;
  const int* ids = impl_->worlds_of(o.ids, o.id_count, n, "reset");
  for (int i = 0; i < n && !impl_->models.empty(); ++i)
    if (o.keyframe >= impl_->model_at(ids[i]).nkey)
      throw Error("Batch.reset: keyframe = " + std::to_string(o.keyframe) +
                  ": the model of world " + std::to_string(ids[i]) + " has " +
                  std::to_string(impl_->model_at(ids[i]).nkey) + " keyframes");
  if (impl_->on_device && o.keyframe < 0)
    return impl_->on_device->restart(impl_->device_ids(ids), n);
  impl_->pull(ids, n);
  for (int i = 0; i < n; ++i) impl_->reset_world(ids[i], o.keyframe);
  impl_->push(ids, n);
  impl_->forget_freezes(ids, n);
}

}  // namespace motorium
