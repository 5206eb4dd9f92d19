// Speculative contacts: geoms that would meet within the step get their contacts before they do, so
// that nothing fast passes through anything thin (MuJoCo's flag `speculative`; decision 045).
//
// A geom is fast where it travels farther in a step, h (|v| + |w| r), than the thinner geom of the
// pair is thick; r: its bounding sphere. Of every pair that is not in touch and has a fast geom:
//   time of impact   t = 0;  while the gap d - margin exceeds 3 % of the first one, d0:
//                    t += (d - 0.02 d0) / (h (n.v + |w1| r1 + |w2| r2)),  poses at t h; no contact
//                    where t > 1, the gap cannot close any more, or the geoms part
//   line of sight    the way of both witness points until then, past what the geom may collide with
//   contacts         witness points at the impact, carried back to the present by each geom; the
//                    contact lies between them in the ratio of both ways
//   distance         r such that the reference acceleration takes (1 - t) of the closing speed u,
//                    and the geoms arrive at t = 1:  h dmax (-b u - k dmax r) = (1 - t) u
#pragma once
#include "motorium/core/quat.h"
#include "motorium/physics/collide_convex.h"
#include "motorium/physics/convex_distance.h"
#include "motorium/physics/impedance.h"
#include "motorium/physics/ray_mesh.h"

namespace motorium {

// where a geom is in one world, and how it moves: v and w hold for the whole step
template <class S> struct Motion {
  Vec3<S> pos, v, w;  // centre [m], its velocity [m/s], angular velocity [rad/s]
  Mat3<S> R;
  S radius;  // of its bounding sphere; 0: a plane                                          [m]
  S speed;   // |w| radius                                                                [m/s]
  S way;     // at most so far in the step                                                  [m]
};

// a sphere's turn does not matter
template <class Real>
FN Motion<Scalar<Real>> geom_motion(const ModelView<Real>& m, const Scratch<Real>& x, int g,
                                    int lane, const ConvexShape<Scalar<Real>>& c) {
  using S = Scalar<Real>;
  const int b = m.geom_bodyid[g], com = 3 * m.body_rootid[b];
  Motion<S> out;
  Vec3<S> arm;
  for (int k = 0; k < 3; ++k) {
    out.w[k] = get(x.cvel[6 * b + k], lane);
    out.v[k] = get(x.cvel[6 * b + 3 + k], lane);
    arm[k] = get(x.geom_pos[3 * m.geom_cid[g] + k], lane) - get(x.subtree_com[com + k], lane);
  }
  out.v = out.v + cross(out.w, arm);
  if (c.type == GeomType::sphere) out.w = Vec3<S>{S(0.f), S(0.f), S(0.f)};
  out.pos = c.pos;
  out.R = c.R;
  out.radius = c.type == GeomType::plane ? S(0.f) : m.geom_rbound.lane(g, lane);
  out.speed = norm(out.w) * out.radius;
  out.way = S(m.timestep) * (norm(out.v) + out.speed);
  return out;
}

// the least half size of its box; planes have none
template <class Real>
FN Scalar<Real> thickness(const ModelView<Real>& m, int g, const ConvexShape<Scalar<Real>>& c) {
  using S = Scalar<Real>;
  switch (c.type) {
    case GeomType::plane:
      return S(3e38f);
    case GeomType::sphere:
    case GeomType::capsule:
      return c.size.x;
    case GeomType::cylinder:
      return min(c.size.x, c.size.y);
    case GeomType::mesh: {
      const auto half = [&](int k) { return m.geom_aabb.p[6 * g + 3 + k]; };
      return min(half(0), min(half(1), half(2)));
    }
    default:
      return min(c.size.x, min(c.size.y, c.size.z));
  }
}

// the pose after `time` seconds
template <class S> FN void advance(ConvexShape<S>& c, const Motion<S>& a, S time) {
  c.pos = add_scaled(a.pos, time, a.v);
  const S rate = norm(a.w);
  if (!(rate * time > S(0.f))) return;
  const Quat<S> turn = axis_angle(a.w * (S(1.f) / rate), rate * time);
  for (int k = 0; k < 3; ++k) {
    const Vec3<S> axis = rotate(turn, a.R.column(k));
    for (int i = 0; i < 3; ++i) c.R.m[3 * i + k] = axis[i];
  }
}

// where a point fixed to the geom is at the start
template <class S>
FN Vec3<S> carry_back(const ConvexShape<S>& c, const Motion<S>& a, const Vec3<S>& p) {
  return a.pos + a.R * transpose_times(c.R, p - c.pos);
}

// distance of two shapes, the first perhaps a plane; false: not below `most`
template <class S>
STAGE bool shape_distance(ConvexShape<S>& c1, ConvexShape<S>& c2, S most,
                          const ConvexLimits<S>& limits, ConvexWork<S>& work, S& dist,
                          Vec3<S>& from, Vec3<S>& to) {
  bool capped = false;
  if (c1.type == GeomType::sphere && c2.type == GeomType::sphere) {
    // two points: nothing to search
    const Vec3<S> d = c2.pos - c1.pos;
    const S length = norm(d), inv = S(1.f) / max(length, S(1e-15f));
    dist = length - (c1.size.x + c2.size.x);
    from = add_scaled(c1.pos, c1.size.x * inv, d);
    to = add_scaled(c2.pos, -(c2.size.x * inv), d);
    return dist < most;
  }
  if (c1.type != GeomType::plane)
    return convex_distance(c1, c2, most, limits, work, capped, dist, from, to);
  const Vec3<S> n = c1.R.column(2);
  int corner = 0;
  c2.radius = S(0.f);
  to = add_scaled(support(c2, -n, corner), is_round(c2) ? -c2.size.x : S(0.f), n);
  dist = dot(n, to - c1.pos);
  from = add_scaled(to, -dist, n);
  return dist < most;
}

// do the bounding spheres meet within the step? Geoms that are not fast are taken as resting
template <class S>
FN bool spheres_meet(const Motion<S>& a, const Motion<S>& b, const Vec3<S>& normal, S thin, S h,
                     S margin) {
  const S zero = S(0.f);
  const Vec3<S> none = {zero, zero, zero}, d = b.pos - a.pos;
  const Vec3<S> move = ((a.way > thin ? a.v : none) - (b.way > thin ? b.v : none)) * h;
  if (a.radius == zero) {
    const S now = dot(normal, d), then = now - dot(normal, move);
    return min(now, then) <= b.radius + margin + (b.way > thin ? b.speed * h : zero);
  }
  const S length2 = dot(move, move);
  const S t = length2 > zero ? clamp(dot(d, move) / length2, zero, S(1.f)) : zero;
  const Vec3<S> nearest = add_scaled(d, -t, move);
  const S reach = a.radius + b.radius + margin;
  return dot(nearest, nearest) <= reach * reach;
}

// a line of the surface that lies in the plane but for 5 degrees, or the corners of the face that
// looks most against it: what is within `margin`
template <class S>
STAGE void plane_patch(const Vec3<S>& n, const Vec3<S>& p, ConvexShape<S>& c, S margin,
                       Vec3<S>* room, ConvexPatch<S>& out) {
  int kept = 0;
  const auto keep = [&](const Vec3<S>& v) {
    if (dot(n, v - p) <= margin) room[kept++] = v;
  };
  const bool line = c.type == GeomType::capsule || c.type == GeomType::cylinder;
  Feature f;
  f.count = 0;
  int corner = 0, face = -1;
  support(c, -n, corner);
  add_corner(f, corner);
  if (line && abs(dot(n, c.R.column(2))) < S(0.0888f)) {
    // a capsule's line follows the search and half the margin, as the oracle's does
    const S half = S(0.5f) * margin;
    const Vec3<S> lean = c.type == GeomType::capsule ? surface_shift(c, -n, half) + n * half
                                                     : Vec3<S>{S(0.f), S(0.f), S(0.f)};
    visit_edges(c, f, -n, [&](const Vec3<S>& from, const Vec3<S>& to) {
      keep(from + lean);
      keep(to + lean);
      return true;
    });
  } else {
    S best = S(-2.f);
    visit_faces(c, f, -n, S(0.996f), [&](int i, const Vec3<S>& normal) {
      const S facing = -dot(n, normal);
      if (facing > best) {
        best = facing;
        face = i;
      }
      return false;
    });
    if (face < 0) return;
    const int count = face_corners(c, face, room);
    for (int i = 0; i < count; ++i) keep(room[i]);
  }
  if (kept == 0) return;
  int chosen[kPatchContacts] = {0, 1, 2, 3};
  if (kept > kPatchContacts) largest_quad(room, kept, chosen);
  out.count = kept < kPatchContacts ? kept : kPatchContacts;
  for (int i = 0; i < out.count; ++i) {
    const Vec3<S>& v = room[chosen[i]];
    out.dist[i] = dot(n, v - p);
    out.pos[i] = add_scaled(v, S(-0.5f) * out.dist[i], n);
  }
}

// distances that the search for an impact looks at: long thin geoms that spin may need more, and
// get no contact then
inline constexpr int kAdvances = 20;

// where two geoms of one world will meet
template <class S> struct Impact {
  S time;        // in steps
  S gap, first;  // distances at the impact and now, without the margin               [m]
  Vec3<S> a, b;  // witness points
  Vec3<S> normal;
};

// leaves the shapes in their poses at the impact
template <class S>
STAGE bool find_impact(ConvexShape<S>& c1, const Motion<S>& m1, ConvexShape<S>& c2,
                       const Motion<S>& m2, S margin, S h, const ConvexLimits<S>& limits,
                       ConvexWork<S>& work, Impact<S>& out) {
  const S zero = S(0.f), one = S(1.f);
  const Vec3<S> closing = m1.v - m2.v;
  const S turns = m1.speed + m2.speed, fastest = (norm(closing) + turns) * h;
  out.time = out.first = zero;
  for (int k = 0; k < kAdvances; ++k) {
    S dist;
    const S most = fma(fastest, one - out.time, margin);
    if (!shape_distance(c1, c2, most, limits, work, dist, out.a, out.b)) return false;
    out.gap = dist - margin;
    if (k == 0) out.first = out.gap;
    if (!(out.first > zero)) return false;
    // closer than the search resolves: arrived, along the last direction
    if (!(dist > S(1e-12f))) return true;
    out.normal = c1.type == GeomType::plane ? c1.R.column(2) : (out.b - out.a) * (one / dist);
    if (out.gap <= number<S>(0.03) * out.first) return true;
    const S rate = (dot(closing, out.normal) + turns) * h;
    if (!(rate > zero)) return false;
    out.time = out.time + (out.gap - number<S>(0.02) * out.first) / rate;
    if (!(out.time <= one)) return false;
    advance(c1, m1, out.time * h);
    advance(c2, m2, out.time * h);
  }
  return false;
}

// does anything that geom g may collide with stand in the way from `from` to `to` (world)? What is
// fixed to the other geom's moving body does not, nor what g touches already
template <class Real>
STAGE bool is_hidden(const ModelView<Real>& m, const Scratch<Real>& x, int g, int other, int lane,
                     const Vec3<Scalar<Real>>& from, const Vec3<Scalar<Real>>& to,
                     ConvexWork<Scalar<Real>>& work) {
  using S = Scalar<Real>;
  const Vec3<S> way = to - from;
  if (!(dot(way, way) > S(0.f))) return false;
  const int weld = m.body_weldid[m.geom_bodyid[other]];
  for (int p = 0; p < m.npair; ++p) {
    const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p], c = g1 == g ? g2 : g1;
    if ((g1 != g && g2 != g) || c == other) continue;
    if (static_cast<GeomType>(m.geom_type[g1]) == GeomType::hfield) continue;
    if (weld != 0 && m.body_weldid[m.geom_bodyid[c]] == weld) continue;

    // along the ray
    Vec3<Real> start, v;
    const int cid = m.geom_cid[c];
    for (int k = 0; k < 3; ++k) {
      start[k] = Real(from[k]) - x.geom_pos[3 * cid + k];
      v[k] = Real(way[k]);
    }
    const Mat3<Real> R = mat3(x.geom_mat + 9 * cid);
    const Vec3<Real> p_here = transpose_times(R, start), v_here = transpose_times(R, v);
    const RayHit<Real> hit =
        static_cast<GeomType>(m.geom_type[c]) == GeomType::mesh
            ? ray_mesh(m, m.geom_dataid[c], p_here, v_here)
            : ray_shape(m.geom_type[c], m.geom_size.three(3 * c), p_here, v_here);
    const S t = get(hit.t, lane);
    if (!(t >= S(0.f) && t <= S(1.f))) continue;

    // in touch?
    const GeomPlace<Real> place1 = colliding_place(m, x, g1), place2 = colliding_place(m, x, g2);
    Vec3<S> origin, a, b;
    for (int k = 0; k < 3; ++k) origin[k] = get(place1.pos[k], lane);
    ConvexShape<S> c1, c2;
    take_shape(m, place1, g1, lane, origin, c1);
    take_shape(m, place2, g2, lane, origin, c2);
    S dist;
    const S margin = m.pair_margin.lane(p, lane);
    if (!shape_distance(c1, c2, margin, search_limits(m, g1, g2, lane), work, dist, a, b))
      return true;
  }
  return false;
}

// r of the reference acceleration that leaves t of the closing speed u after a step. With the
// integrator discrete (impedance.h) the row acts at the end of the step:
//   (B + h K d) u + K d r = (1 - t) u (d den + 1 - d) / (h d),   den = 1 + h (B + h K d)
template <class Real>
FN Scalar<Real> distance_of_arrival(const ModelView<Real>& m, int p, int lane, Scalar<Real> t,
                                    Scalar<Real> u) {
  using S = Scalar<Real>;
  const Real one = Real(1.f), h = Real(m.timestep);
  Real ref0 = m.pair_solref[2 * p], ref1 = m.pair_solref[2 * p + 1];
  safe_reference(m, ref0, ref1, number<Real>(0.02), one);
  const Real d = clamp(Real(m.pair_solimp[5 * p + 1]), number<Real>(1e-4), number<Real>(0.9999));
  Real K = row_stiffness(ref0, ref1, d), B = row_damping(ref0, ref1, d), share = one;
  if (m.discrete()) {
    if (m.on(kFlagRefsafe)) stiffest_without_rebound(ref0, ref1, h, d, K, B);
    const Real den = fma(h, B + h * K * d, one);
    B = B + h * K * d;
    share = fma(d, den, one - d);
  }
  const Real wanted = Real((S(1.f) - t) * u) * share / (h * d);
  return get((B * Real(u) - wanted) / (K * d), lane);
}

// one candidate in one world: replaces contacts that are not in touch yet
template <class Real>
STAGE void speculate_pair(const ModelView<Real>& m, Scratch<Real>& x, int cand, int lane,
                          int area) {
  using S = Scalar<Real>;
  const int p = x.cand_pair[cand], first = x.cand_adr[cand];
  const int slots = collider_slots(m.pair_collider[p]);
  const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
  const S margin = m.pair_margin.lane(p, lane), h = S(m.timestep), one = S(1.f);
  for (int f = first; f < first + slots; ++f)
    if (get_mask<Real>(x.found[f], lane) && get(x.found_dist[f], lane) < margin) return;

  // fast, and on the way to each other?
  const GeomPlace<Real> place1 = colliding_place(m, x, g1), place2 = colliding_place(m, x, g2);
  Vec3<S> origin;
  for (int k = 0; k < 3; ++k) origin[k] = get(place1.pos[k], lane);
  ConvexShape<S> c1, c2;
  take_shape(m, place1, g1, lane, origin, c1);
  take_shape(m, place2, g2, lane, origin, c2);
  const Motion<S> m1 = geom_motion(m, x, g1, lane, c1), m2 = geom_motion(m, x, g2, lane, c2);
  const S thin = min(thickness(m, g1, c1), thickness(m, g2, c2));
  if (!(max(m1.way, m2.way) > thin)) return;
  if (!spheres_meet(m1, m2, c1.R.column(2), thin, h, margin)) return;

  // when, and whether nothing is in between
  ConvexWork<S> work;
  carve_search(m, x, area, work);
  const ConvexLimits<S> limits = search_limits(m, g1, g2, lane);
  Impact<S> hit;
  if (!find_impact(c1, m1, c2, m2, margin, h, limits, work, hit)) return;
  const Vec3<S> a0 = carry_back(c1, m1, hit.a), b0 = carry_back(c2, m2, hit.b);
  if (is_hidden(m, x, g1, g2, lane, origin + a0, origin + hit.a, work) ||
      is_hidden(m, x, g2, g1, lane, origin + b0, origin + hit.b, work))
    return;

  // closing speed: of the witness points, or what the gap has lost so far
  const Vec3<S> va = m1.v + cross(m1.w, hit.a - c1.pos), vb = m2.v + cross(m2.w, hit.b - c2.pos);
  S u = dot(va - vb, hit.normal);
  if (hit.time > S(0.f)) u = max(u, (hit.first - hit.gap) / (hit.time * h));
  const S dist = margin + distance_of_arrival(m, p, lane, hit.time, u);

  // several contacts: both shapes grown by half of `reach`, so that they overlap as deeply as they
  // would at the end of the step, and taken back along the normal of the search
  const S reach = fma(one - hit.time, u * h, S(2.f) * (hit.gap + margin)) + limits.tolerance;
  ConvexPatch<S> patch;
  patch.count = 1;
  patch.normal = hit.normal;
  patch.dist[0] = hit.gap + margin;
  patch.pos[0] = S(0.5f) * (hit.a + hit.b);
  if (m.on(kFlagMulticcd) && is_flat(c1) && is_flat(c2)) {
    if (c1.type == GeomType::plane) {
      plane_patch(hit.normal, c1.pos, c2, reach, work.room, patch);
    } else {
      GjkResult<S> near;
      c1.radius = c2.radius = S(0.f);
      gjk(c1, c2, limits, S(3e38f), near);
      convex_patch(c1, c2, near.simplex, near.count, reach, work.most, work.room, patch);
    }
  }

  // back to the present
  const S share = m2.way / (m1.way + m2.way);
  const Vec3<S> lean = (patch.normal - hit.normal) * (S(0.5f) * reach);
  for (int f = first; f < first + slots; ++f) put_mask<Real>(x.found[f], lane, false);
  for (int k = 0; k < patch.count && k < slots; ++k) {
    const S half = S(0.5f) * patch.dist[k];
    const Vec3<S> a = carry_back(c1, m1, add_scaled(patch.pos[k], -half, patch.normal) + lean);
    const Vec3<S> b = carry_back(c2, m2, add_scaled(patch.pos[k], half, patch.normal) - lean);
    put_found(x, first + k, lane, dist, origin + add_scaled(a, share, b - a), hit.normal);
    for (int i = 0; i < 3; ++i) put(x.found_hint[3 * (first + k) + i], lane, S(0.f));
    put_mask<Real>(x.found_ahead[first + k], lane, true);
  }
}

template <class Team, class Real>
STAGE void speculate(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  constexpr int W = kWidth<Real>;
  team.each(x.cand_count, [&](int c) {
    const int first = x.cand_adr[c], slots = collider_slots(m.pair_collider[x.cand_pair[c]]);
    for (int f = first; f < first + slots; ++f) x.found_ahead[f] = !everywhere<Real>();
  });
  const int items = x.cand_count * W, chunk = Team::kAtOnce == 1 ? items : kConvexAtOnce;
  MOTORIUM_ROLLED
  for (int done = 0; done < items; done += chunk) {
    team.each(chunk < items - done ? chunk : items - done, [&](int i) {
      const int cand = (done + i) / W, lane = (done + i) % W, p = x.cand_pair[cand];
      if (static_cast<Collider>(m.pair_collider[p]) == Collider::hfield) return;
      if (!get_mask<Real>(x.cand_mask[p], lane)) return;
      speculate_pair(m, x, cand, lane, Team::kAtOnce == 1 ? 0 : i);
    });
  }
}

}  // namespace motorium
