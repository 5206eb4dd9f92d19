// Are the bounding boxes of two geoms apart? Before a pair is searched one world at a time.
//
// Boxes with half sizes a and b, rotation R between their frames (of box 2 in the axes of box 1)
// and centres t apart (in the axes of box 1) are apart by more than g if one of 15 axes separates
// them (Gottschalk, Lin and Manocha 1996); with C = |R|:
//   axes of box 1     |t_i|                            > a_i + sum_j C_ij b_j + g
//   axes of box 2     |sum_i R_ij t_i|                 > b_j + sum_i C_ij a_i + g
//   their products    |t_i'' R_i'j - t_i' R_i''j|      > a_i' C_i''j + a_i'' C_i'j
//                                                          + b_j' C_ij'' + b_j'' C_ij' + g
// with i', i'' the axes after i. A product is at most 1 long: g of the last line is generous.
#pragma once
#include "motorium/core/vec.h"
#include "motorium/physics/scratch.h"

namespace motorium {

template <class Real> struct BoundingBox {
  Vec3<Real> centre, half;  // world axes; along the axes of the geom
};

// geom_aabb of what cannot be resized, else by shape
template <class Real>
FN BoundingBox<Real> bounding_box(const ModelView<Real>& m, int g, const Vec3<Real>& pos,
                                  const Mat3<Real>& R) {
  const Vec3<Real> s = m.geom_size.three(3 * g);
  switch (static_cast<GeomType>(m.geom_type[g])) {
    case GeomType::sphere:
      return {pos, {s.x, s.x, s.x}};
    case GeomType::capsule:
      return {pos, {s.x, s.x, s.x + s.y}};
    case GeomType::cylinder:
      return {pos, {s.x, s.x, s.y}};
    case GeomType::mesh:
    case GeomType::hfield: {
      const auto& box = m.geom_aabb;
      const Vec3<Real> c = {box[6 * g], box[6 * g + 1], box[6 * g + 2]};
      return {pos + R * c, {box[6 * g + 3], box[6 * g + 4], box[6 * g + 5]}};
    }
    default:  // ellipsoid, box
      return {pos, s};
  }
}

// in worlds of `near`: not surely farther apart than `gap`. Left where no such world is near any
// more: most boxes are separated by an axis of their own
template <class Real>
FN Mask<Real> boxes_near(Mask<Real> near, const BoundingBox<Real>& box1, const Mat3<Real>& R1,
                         const BoundingBox<Real>& box2, const Mat3<Real>& R2, const Real& gap) {
  const Vec3<Real> a = box1.half, b = box2.half;
  const Vec3<Real> t = transpose_times(R1, box2.centre - box1.centre);
  Real R[9], C[9];
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      R[3 * i + j] = dot(R1.column(i), R2.column(j));
      C[3 * i + j] = abs(R[3 * i + j]);
    }
    const Real* c = C + 3 * i;
    near = near & !(abs(t[i]) > a[i] + (c[0] * b.x + c[1] * b.y + c[2] * b.z) + gap);
  }
  if (!any(near)) return near;
  for (int i = 0; i < 3; ++i) {
    const Real along = R[i] * t.x + R[3 + i] * t.y + R[6 + i] * t.z;
    near = near & !(abs(along) > b[i] + (C[i] * a.x + C[3 + i] * a.y + C[6 + i] * a.z) + gap);
  }
  if (!any(near)) return near;
  for (int i = 0; i < 3; ++i) {
    const int i1 = (i + 1) % 3, i2 = (i + 2) % 3;
    for (int j = 0; j < 3; ++j) {
      const int j1 = (j + 1) % 3, j2 = (j + 2) % 3;
      const Real along = t[i2] * R[3 * i1 + j] - t[i1] * R[3 * i2 + j];
      const Real reach = a[i1] * C[3 * i2 + j] + a[i2] * C[3 * i1 + j] + b[j1] * C[3 * i + j2] +
                         b[j2] * C[3 * i + j1];
      near = near & !(abs(along) > reach + gap);
    }
  }
  return near;
}

// pairs of the one-by-one colliders: where in worlds of `near` a contact is possible
template <class Real>
STAGE Mask<Real> pair_boxes_near(const ModelView<Real>& m, const Scratch<Real>& x, int p,
                                 Mask<Real> near) {
  const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
  const int c1 = m.geom_cid[g1], c2 = m.geom_cid[g2];
  const Vec3<Real> pos1 = vec3(x.geom_pos + 3 * c1), pos2 = vec3(x.geom_pos + 3 * c2);
  const Mat3<Real> R1 = mat3(x.geom_mat + 9 * c1), R2 = mat3(x.geom_mat + 9 * c2);

  // rounding of the poses and of this test must not hide a contact
  const Real slack = Real(1e-5f) * (m.geom_rbound[g1] + m.geom_rbound[g2]);
  const Real gap = m.pair_margin[p] + m.pair_gap[p] + slack;
  const BoundingBox<Real> box2 = bounding_box(m, g2, pos2, R2);
  if (static_cast<GeomType>(m.geom_type[g1]) == GeomType::plane) {
    const Vec3<Real> n = transpose_times(R2, R1.column(2));
    const Real reach = abs(n.x) * box2.half.x + abs(n.y) * box2.half.y + abs(n.z) * box2.half.z;
    return near & !(dot(R1.column(2), box2.centre - pos1) > reach + gap);
  }
  return boxes_near(near, bounding_box(m, g1, pos1, R1), R1, box2, R2, gap);
}

}  // namespace motorium
