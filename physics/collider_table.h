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
      return 2;
    case Collider::plane_box:
    case Collider::plane_cylinder:
      return 4;
    case Collider::box_box:
      return 8;
    default:
      return 1;
  }
}
FN int collider_slots(int collider) { return collider_slots(static_cast<Collider>(collider)); }

// the collider of two geoms, type a <= type b; -1: these never meet or there is none
FN int collider_of(GeomType a, GeomType b) {
  const auto is = [&](GeomType first, GeomType second) { return a == first && b == second; };
  using G = GeomType;
  if (is(G::plane, G::sphere)) return static_cast<int>(Collider::plane_sphere);
  if (is(G::plane, G::capsule)) return static_cast<int>(Collider::plane_capsule);
  if (is(G::plane, G::ellipsoid)) return static_cast<int>(Collider::plane_ellipsoid);
  if (is(G::plane, G::cylinder)) return static_cast<int>(Collider::plane_cylinder);
  if (is(G::plane, G::box)) return static_cast<int>(Collider::plane_box);
  if (is(G::sphere, G::sphere)) return static_cast<int>(Collider::sphere_sphere);
  if (is(G::sphere, G::capsule)) return static_cast<int>(Collider::sphere_capsule);
  if (is(G::sphere, G::cylinder)) return static_cast<int>(Collider::sphere_cylinder);
  if (is(G::sphere, G::box)) return static_cast<int>(Collider::sphere_box);
  if (is(G::capsule, G::capsule)) return static_cast<int>(Collider::capsule_capsule);
  if (is(G::capsule, G::box)) return static_cast<int>(Collider::capsule_box);
  if (is(G::box, G::box)) return static_cast<int>(Collider::box_box);
  return -1;
}

}  // namespace motorium
