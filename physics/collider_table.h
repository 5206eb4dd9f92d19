// Which collider handles two geom types, and how many contacts it can report.
#pragma once
#include "motorium/core/real.h"
#include "motorium/physics/model.h"

namespace motorium {

// contacts that a collider can report at most
FN int collider_slots(Collider collider) {
  switch (collider) {
    case Collider::plane_capsule:
    case Collider::capsule_capsule:
    case Collider::capsule_box:
    case Collider::convex_line:
      return 2;
    case Collider::plane_box:
    case Collider::plane_cylinder:
    case Collider::plane_mesh:
    case Collider::convex_face:
      return 4;
    case Collider::box_box:
      return 8;
    case Collider::hfield:
      return 50;
    default:
      return 1;
  }
}
FN int collider_slots(int collider) { return collider_slots(static_cast<Collider>(collider)); }

// works on one world at a time, because the topology differs (see collide_convex.h)
FN bool is_one_by_one(int collider) { return collider >= static_cast<int>(Collider::plane_mesh); }

// the collider of a plane and another type; -1: these never meet
FN int plane_collider(GeomType b) {
  switch (b) {
    case GeomType::sphere:
      return static_cast<int>(Collider::plane_sphere);
    case GeomType::capsule:
      return static_cast<int>(Collider::plane_capsule);
    case GeomType::ellipsoid:
      return static_cast<int>(Collider::plane_ellipsoid);
    case GeomType::cylinder:
      return static_cast<int>(Collider::plane_cylinder);
    case GeomType::box:
      return static_cast<int>(Collider::plane_box);
    case GeomType::mesh:
      return static_cast<int>(Collider::plane_mesh);
    default:
      return -1;
  }
}

// the collider of two geoms, type a <= type b; -1: these never meet
FN int collider_of(GeomType a, GeomType b) {
  using G = GeomType;
  const auto is = [&](G first, G second) { return a == first && b == second; };
  if (a == G::plane) return plane_collider(b);
  if (a == G::hfield) return b == G::hfield ? -1 : static_cast<int>(Collider::hfield);
  if (is(G::sphere, G::sphere)) return static_cast<int>(Collider::sphere_sphere);
  if (is(G::sphere, G::capsule)) return static_cast<int>(Collider::sphere_capsule);
  if (is(G::sphere, G::cylinder)) return static_cast<int>(Collider::sphere_cylinder);
  if (is(G::sphere, G::box)) return static_cast<int>(Collider::sphere_box);
  if (is(G::capsule, G::capsule)) return static_cast<int>(Collider::capsule_capsule);
  if (is(G::capsule, G::box)) return static_cast<int>(Collider::capsule_box);
  if (is(G::box, G::box)) return static_cast<int>(Collider::box_box);

  // the rest by distance and depth: round shapes touch in a point, axes in a line, faces in a patch
  if (a == G::sphere || a == G::ellipsoid || b == G::ellipsoid) {
    return static_cast<int>(Collider::convex);
  }
  return static_cast<int>(a == G::capsule ? Collider::convex_line : Collider::convex_face);
}

}  // namespace motorium
