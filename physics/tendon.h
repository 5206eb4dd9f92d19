// Tendons: a length, and the row J of its derivatives by the dofs.
//   fixed:    length = sum of coef q,   J = coef
//   spatial:  a string from site to site; a straight part from p0 to p1 in direction u counts
//             1 / divisor of the last pulley:  J += u' (J_p1 - J_p0) / divisor; arcs on geoms count
//             towards the length only, because the string takes the shortest way
// J is packed: only the dofs that can change the length (ten_J_colind). A tendon acts on joints by
// J' force, its inertia adds armature J' J to M and armature J' (Jdot v) to the bias.
#pragma once
#include "motorium/physics/jacobian.h"
#include "motorium/physics/kinematics.h"
#include "motorium/physics/tendon_rotor.h"
#include "motorium/physics/wrap.h"

namespace motorium {

// ---- the packed row -------------------------------------------------------------------------

// J of a tendon at a dof, zero where the dof does not change its length
template <class Real>
FN Real tendon_column(const ModelView<Real>& m, const Scratch<Real>& x, int t, int dof) {
  const int adr = m.ten_J_rowadr[t], n = m.ten_J_rownnz[t];
  for (int k = 0; k < n; ++k)
    if (m.ten_J_colind[adr + k] == dof) return x.ten_J[adr + k];
  return Real(0.f);
}

// can the dof change the length? (uniform)
template <class Real> FN bool stretches(const ModelView<Real>& m, int t, int dof) {
  const int adr = m.ten_J_rowadr[t], n = m.ten_J_rownnz[t];
  for (int k = 0; k < n; ++k)
    if (m.ten_J_colind[adr + k] == dof) return true;
  return false;
}

// the dofs as bits, for blocks of rows
template <class Real> FN unsigned tendon_mask(const ModelView<Real>& m, int t, int word) {
  const int adr = m.ten_J_rowadr[t], n = m.ten_J_rownnz[t];
  unsigned bits_set = 0;
  for (int k = 0; k < n; ++k)
    if (m.ten_J_colind[adr + k] / 32 == word) bits_set |= 1u << (m.ten_J_colind[adr + k] % 32);
  return bits_set;
}

template <class Real>
FN Real tendon_times(const ModelView<Real>& m, const Scratch<Real>& x, int t, const Real* v) {
  const int adr = m.ten_J_rowadr[t], n = m.ten_J_rownnz[t];
  Real sum = Real(0.f);
  for (int k = 0; k < n; ++k) sum = fma(x.ten_J[adr + k], v[m.ten_J_colind[adr + k]], sum);
  return sum;
}

// out += J' force
template <class Team, class Real>
FN void add_tendon_force(Team team, const ModelView<Real>& m, const Scratch<Real>& x, int t,
                         const Real& force, Real* out) {
  const int adr = m.ten_J_rowadr[t];
  team.each(m.ten_J_rownnz[t], [&](int k) {
    const int d = m.ten_J_colind[adr + k];
    out[d] = fma(x.ten_J[adr + k], force, out[d]);
  });
}

// ---- length and Jacobian --------------------------------------------------------------------

// a straight part of a string between two bodies
template <class Real> struct Segment {
  int b0, b1;
  Vec3<Real> p0, p1;
  Real share;  // 1 / divisor; 0 in worlds whose string goes another way
  Real arc;    // on a geom, before it; not part of |p1 - p0|
};

// the string from site w to site w + 2 past the geom between them
template <class Real> FN void wrap_object(const ModelView<Real>& m, Scratch<Real>& x, int w) {
  const int geom = m.wrap_objid[w + 1], side = static_cast<int>(m.wrap_prm.p[w + 1]);
  Real pos[3], mat[9];
  place_on_body(x, m.geom_bodyid[geom], m.geom_pos, m.geom_quat, geom, pos, mat);
  const Vec3<Real> centre = vec3(pos);
  const Mat3<Real> R = mat3(mat);
  const auto inside = [&](int site) {
    return transpose_times(R, vec3(x.site_xpos + 3 * site) - centre);
  };
  const Vec3<Real> p0 = inside(m.wrap_objid[w]), p1 = inside(m.wrap_objid[w + 2]);
  const Wrap<Real> wrap =
      wrap_geom(static_cast<WrapType>(m.wrap_type[w + 1]) == WrapType::cylinder,
                m.geom_size[3 * geom], p0, p1, side >= 0, side >= 0 ? inside(side) : p0);
  put3(x.wrap_point + 6 * (w + 1), centre + R * wrap.q0);
  put3(x.wrap_point + 6 * (w + 1) + 3, centre + R * wrap.q1);
  x.wrap_arc[w + 1] = wrap.arc;
  x.wrap_on[w + 1] = select(wrap.on, Real(1.f), Real(0.f));
}

FN bool is_obstacle(int wrap_type) {
  const auto type = static_cast<WrapType>(wrap_type);
  return type == WrapType::sphere || type == WrapType::cylinder;
}

// visit(segment) for the straight parts of a spatial tendon, in the order of its path
template <class Real, class Visit>
FN void each_segment(const ModelView<Real>& m, const Scratch<Real>& x, int t, Visit visit) {
  const int first = m.tendon_adr[t], end = first + m.tendon_num[t];
  Real share = Real(1.f);
  for (int w = first; w < end; ++w) {
    const auto type = static_cast<WrapType>(m.wrap_type[w]);
    if (type == WrapType::pulley) share = Real(1.f) / m.wrap_prm[w];
    if (type != WrapType::site || w + 1 == end) continue;
    if (static_cast<WrapType>(m.wrap_type[w + 1]) == WrapType::pulley) continue;
    const bool around = is_obstacle(m.wrap_type[w + 1]);
    const int site = m.wrap_objid[w], next = m.wrap_objid[around ? w + 2 : w + 1];
    const int b0 = m.site_bodyid[site], b1 = m.site_bodyid[next];
    const Vec3<Real> p0 = vec3(x.site_xpos + 3 * site), p1 = vec3(x.site_xpos + 3 * next);

    // straight; past a geom to it and away from it, or straight
    for (int part = 0; part < (around ? 3 : 1); ++part) {
      Segment<Real> s = {b0, b1, p0, p1, share, Real(0.f)};
      if (around) {
        const Real on = x.wrap_on[w + 1], here = part < 2 ? on : Real(1.f) - on;
        if (!any(here > Real(0.f))) continue;
        const int b = m.geom_bodyid[m.wrap_objid[w + 1]];
        const Real* q = x.wrap_point + 6 * (w + 1);
        s.share = share * here;
        if (part == 0) {
          s.b1 = b;
          s.p1 = vec3(q);
        } else if (part == 1) {
          s.b0 = b;
          s.p0 = vec3(q + 3);
          s.arc = x.wrap_arc[w + 1];
        }
      }
      visit(s);
    }
  }
}

// length of a segment, and its direction; x where it has none
template <class Real> FN Vec3<Real> direction_of(const Segment<Real>& s, Real& length) {
  const Vec3<Real> d = s.p1 - s.p0;
  length = norm(d);
  const Mask<Real> point = length < number<Real>(1e-15);
  const Real inv = Real(1.f) / select(point, Real(1.f), length);
  return select<Real>(point, {Real(1.f), Real(0.f), Real(0.f)}, d * inv);
}

template <class Real>
FN void fixed_tendon(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int t) {
  const int adr = m.ten_J_rowadr[t], n = m.ten_J_rownnz[t];
  Real length = Real(0.f);
  for (int w = m.tendon_adr[t]; w < m.tendon_adr[t] + m.tendon_num[t]; ++w) {
    const int j = m.wrap_objid[w];
    length = fma(m.wrap_prm[w], s.qpos[m.jnt_qposadr[j]], length);
    for (int k = 0; k < n; ++k)
      if (m.ten_J_colind[adr + k] == m.jnt_dofadr[j]) x.ten_J[adr + k] = m.wrap_prm[w];
  }
  x.ten_length[t] = length;
}

template <class Real> FN void spatial_tendon(const ModelView<Real>& m, Scratch<Real>& x, int t) {
  const int adr = m.ten_J_rowadr[t], n = m.ten_J_rownnz[t];
  Real length = Real(0.f);
  each_segment(m, x, t, [&](const Segment<Real>& s) {
    Real l;
    const Vec3<Real> u = direction_of(s, l) * s.share;
    length = fma(l + s.arc, s.share, length);

    // dofs that move both ends do not stretch it
    for (int k = 0; k < n; ++k) {
      const int d = m.ten_J_colind[adr + k];
      const bool first = moves(m, d, s.b0), second = moves(m, d, s.b1);
      if (first == second) continue;
      const Real speed = dot(u, point_column(m, x, d, second ? s.p1 : s.p0));
      x.ten_J[adr + k] += second ? speed : -speed;
    }
  });
  x.ten_length[t] = length;
}

// needs kinematics and com
template <class Team, class Real>
STAGE void tendon(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  if (m.ntendon == 0) return;
  team.each(m.nJten, [&](int k) { x.ten_J[k] = Real(0.f); });
  team.each(m.nwrap, [&](int w) {
    if (is_obstacle(m.wrap_type[w])) wrap_object(m, x, w - 1);
  });
  team.each(m.ntendon, [&](int t) {
    if (static_cast<TendonType>(m.tendon_type[t]) == TendonType::fixed)
      fixed_tendon(m, s, x, t);
    else
      spatial_tendon(m, x, t);
    x.ten_velocity[t] = tendon_times(m, x, t, s.qvel);
  });
}

// ---- inertia --------------------------------------------------------------------------------

// the part of scale J' J that the pattern of M has a place for
template <class Team, class Real>
FN void add_tendon_matrix(Team team, const ModelView<Real>& m, const Scratch<Real>& x, int t,
                          const Real& scale, Real* M) {
  const int adr = m.ten_J_rowadr[t];
  team.each(m.ten_J_rownnz[t], [&](int k) {
    const int i = m.ten_J_colind[adr + k];
    const Real c = scale * x.ten_J[adr + k];
    // columns of the row and dofs of the tendon both rise
    int q = adr;
    for (int p = 0; p < m.M_rownum[i]; ++p) {
      const int j = m.M_col[m.M_rowadr[i] + p];
      while (q < adr + k && m.ten_J_colind[q] < j) ++q;
      if (m.ten_J_colind[q] != j) continue;
      Real& entry = M[m.M_rowadr[i] + p];
      entry = fma(c, x.ten_J[q], entry);
    }
  });
}

// M += armature J' J; what couples branches of the tree has no place in M and is dropped
template <class Team, class Real>
STAGE void tendon_inertia(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  if (!m.tendon_inertia) return;
  for (int t = 0; t < m.ntendon; ++t) add_tendon_matrix(team, m, x, t, tendon_armature(m, t), x.qM);
}

// Jdot v: with the ends of a segment moving at dv and accelerating at zero qacc by da relative to
// each other,  u'da + (|dv|^2 - (u'dv)^2) / length
template <class Real>
FN Real tendon_bias_acceleration(const ModelView<Real>& m, const Scratch<Real>& x, int t) {
  Real sum = Real(0.f);
  each_segment(m, x, t, [&](const Segment<Real>& s) {
    if (s.b0 == s.b1) return;
    Real length;
    const Vec3<Real> u = direction_of(s, length);
    const Vec3<Real> dv = point_velocity(m, x, s.b1, s.p1).t - point_velocity(m, x, s.b0, s.p0).t;
    const Vec3<Real> da =
        bias_acceleration(m, x, s.b1, s.p1).t - bias_acceleration(m, x, s.b0, s.p0).t;
    const Real along = dot(u, dv);
    const Vec3<Real> across = dv - u * along;
    const Mask<Real> point = length < number<Real>(1e-15);
    const Real turning = dot(across, across) / select(point, Real(1.f), length);
    sum = fma(s.share, dot(u, da) + select(point, Real(0.f), turning), sum);
  });
  return sum;
}

// bias += armature J' (Jdot v); needs rne
template <class Team, class Real>
STAGE void tendon_bias(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  if (!m.tendon_inertia) return;
  for (int t = 0; t < m.ntendon; ++t) {
    if (static_cast<TendonType>(m.tendon_type[t]) == TendonType::fixed) continue;
    team.once([&] { x.ten_Jdotv[t] = tendon_bias_acceleration(m, x, t); });
    add_tendon_force(team, m, x, t, tendon_armature(m, t) * x.ten_Jdotv[t], x.qfrc_bias);
  }
}

// ---- springs and dampers --------------------------------------------------------------------

// length beyond the dead band of its spring
template <class Real>
FN Real tendon_stretch(const ModelView<Real>& m, const Scratch<Real>& x, int t) {
  const Real length = x.ten_length[t];
  const Real lo = m.tendon_lengthspring[2 * t], hi = m.tendon_lengthspring[2 * t + 1];
  return max(length - hi, Real(0.f)) + min(length - lo, Real(0.f));
}

// f = -x (k + p1 x + p2 x^2) beyond the dead band
template <class Real>
FN Real tendon_spring(const ModelView<Real>& m, const Scratch<Real>& x, int t) {
  const Real stretch = tendon_stretch(m, x, t);
  const Real p1 = m.tendon_stiffnesspoly[2 * t], p2 = m.tendon_stiffnesspoly[2 * t + 1];
  return -(stretch * fma(stretch, fma(stretch, p2, p1), m.tendon_stiffness[t]));
}

template <class Real> FN Real tendon_drag(const ModelView<Real>& m, const Scratch<Real>& x, int t) {
  const Real v = x.ten_velocity[t], size = abs(v);
  const TendonDamper<Real> d = tendon_damper(m, t);
  return -(v * fma(size, fma(size, d.p2, d.p1), d.b));
}

// -df/dx beyond the dead band, and in it none
template <class Real>
FN Real tendon_stiffness_slope(const ModelView<Real>& m, const Scratch<Real>& x, int t) {
  const Real stretch = tendon_stretch(m, x, t);
  const Real p1 = Real(2.f) * m.tendon_stiffnesspoly[2 * t],
             p2 = Real(3.f) * m.tendon_stiffnesspoly[2 * t + 1];
  const Real k = fma(stretch, fma(stretch, p2, p1), m.tendon_stiffness[t]);
  return select(stretch == Real(0.f), Real(0.f), k);
}

// -df/dv
template <class Real>
FN Real tendon_damping_slope(const ModelView<Real>& m, const Scratch<Real>& x, int t) {
  const Real size = abs(x.ten_velocity[t]);
  const TendonDamper<Real> d = tendon_damper(m, t);
  return fma(size, fma(Real(3.f) * size, d.p2, Real(2.f) * d.p1), d.b);
}

template <class Team, class Real>
STAGE void tendon_passive(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  const bool sprung = m.on(kFlagSpring), damped = m.on(kFlagDamper);
  for (int t = 0; t < m.ntendon; ++t) {
    Real force = Real(0.f);
    if (sprung) force += tendon_spring(m, x, t);
    if (damped) force += tendon_drag(m, x, t);
    add_tendon_force(team, m, x, t, force, x.qfrc_passive);
  }
}

// H += h J' slope J for the dampers (implicit integration)
template <class Team, class Real>
STAGE void add_tendon_damping(Team team, const ModelView<Real>& m, const Scratch<Real>& x,
                              const Real& h, Real* H) {
  if (!m.on(kFlagDamper)) return;
  for (int t = 0; t < m.ntendon; ++t)
    add_tendon_matrix(team, m, x, t, h * tendon_damping_slope(m, x, t), H);
}

}  // namespace motorium
