// Terminations: why an episode ends. time_out truncates, all others terminate.
#pragma once
#include "motorium/robots/tasks/moment.h"

namespace motorium {

template <class Real>
FN Mask<Real> done_value(const TaskTable& t, const TermRow& r, const Moment<Real>& x) {
  switch (static_cast<DoneTerm>(r.kind)) {
    case DoneTerm::time_out:
      return t.max_length > 0 ? x.length >= Int<Real>(t.max_length) : !everywhere<Real>();
    // acos(-g_z) > angle; p[0] holds cos(angle)
    case DoneTerm::bad_orientation:
      return -x.g.z < Real(r.p[0]);
    case DoneTerm::upside_down:
      return -x.g.z < Real(0.f);
    case DoneTerm::root_height_below:
      return x.qpos[2] < Real(r.p[0]);
    default: {
      Mask<Real> out = !everywhere<Real>();
      for (int i = 0; i < r.count; ++i)
        out = out | (abs(offset_of(t, x, t.ids[r.first + i])) > Real(r.p[0]));
      return out;
    }
  }
}

}  // namespace motorium
