// A height field against convex shapes: every cell below the shape is two prisms, each of them a
// convex shape from the base of the field up to the triangle.
//
// Corners of row r and columns c - 1, c, in the order of the walk (row r + 1 before row r):
//   (c - 1, r + 1), (c - 1, r), (c, r + 1)     and     (c - 1, r), (c, r + 1), (c, r)
#pragma once
#include "motorium/physics/convex_contacts.h"

namespace motorium {

inline constexpr int kHfieldContacts = 50;

template <class S> struct HeightField {
  const S* height;  // rows of numbers in 0 .. 1
  int rows, columns;
  S x, y, top, base;  // half extents, height of 1, depth of the base               [m]
};

// cells between two places along one side: [low, high)
template <class S> FN void cells_between(S from, S to, S half, int samples, int& low, int& high) {
  const S scale = static_cast<S>(samples - 1) / (S(2.f) * half);
  const S last = static_cast<S>(samples - 1);
  const S a = clamp((from + half) * scale, S(0.f), last),
          b = clamp((to + half) * scale, S(0.f), last);
  low = to_int(a);
  high = to_int(b);
  if (static_cast<S>(high) < b) ++high;
}

// c: the shape in the frame of the field. report(patch) is called for every contact, with numbers
// in that frame, until it returns false
template <class S, class Report>
STAGE void collide_hfield(const HeightField<S>& f, ConvexShape<S>& c, S margin,
                          const ConvexLimits<S>& limits, ConvexWork<S>& work, bool& capped,
                          Report report) {
  const S zero = S(0.f), one = S(1.f);

  // the shape's extents
  c.radius = is_round(c) ? c.size.x : zero;
  Vec3<S> low, high;
  for (int k = 0; k < 3; ++k) {
    Vec3<S> d = {zero, zero, zero};
    int corner = 0;
    d[k] = one;
    high[k] = support(c, d, corner)[k];
    d[k] = -one;
    low[k] = support(c, d, corner)[k];
  }
  if (low.x - margin > f.x || high.x + margin < -f.x || low.y - margin > f.y ||
      high.y + margin < -f.y || low.z - margin > f.top || high.z + margin < -f.base) {
    return;
  }
  int c0, c1, r0, r1;
  cells_between(low.x - margin, high.x + margin, f.x, f.columns, c0, c1);
  cells_between(low.y - margin, high.y + margin, f.y, f.rows, r0, r1);

  const S dx = S(2.f) * f.x / static_cast<S>(f.columns - 1),
          dy = S(2.f) * f.y / static_cast<S>(f.rows - 1);
  S corner[18];  // three below, three above
  ConvexShape<S> prism;
  prism.type = GeomType::hfield;
  prism.prism = corner;
  prism.near_vert = -1;
  for (int i = 0; i < 9; ++i) prism.R.m[i] = i % 4 ? zero : one;
  for (int r = r0; r < r1; ++r) {
    int corners = 0;
    for (int column = c0; column <= c1; ++column) {
      for (int side = 1; side >= 0; --side) {
        // the last three corners of the walk
        for (int i = 0; i < 2; ++i)
          for (int k = 0; k < 3; ++k) {
            corner[3 * i + k] = corner[3 * (i + 1) + k];
            corner[9 + 3 * i + k] = corner[9 + 3 * (i + 1) + k];
          }
        const int row = r + side;
        corner[6] = corner[15] = fma(dx, static_cast<S>(column), -f.x);
        corner[7] = corner[16] = fma(dy, static_cast<S>(row), -f.y);
        corner[8] = -f.base;
        corner[17] = f.height[row * f.columns + column] * f.top;
        if (++corners < 3) continue;
        if (max(max(corner[11], corner[14]), corner[17]) + margin < low.z) continue;

        prism.pos = {zero, zero, zero};
        for (int i = 0; i < 6; ++i) prism.pos = prism.pos + vec3(corner + 3 * i);
        prism.pos = prism.pos * (one / S(6.f));
        ConvexPatch<S> patch;
        convex_contacts(prism, c, margin, false, limits, work, patch);
        capped = capped || patch.capped;
        if (patch.count > 0 && !report(patch)) return;
      }
    }
  }
}

}  // namespace motorium
