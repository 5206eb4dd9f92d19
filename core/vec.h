// Vectors of three and 3x3 matrices of Real.
#pragma once
#include "motorium/core/real.h"

namespace motorium {

template <class Real> struct Vec3 {
  Real x, y, z;
  FN Real& operator[](int i) { return (&x)[i]; }
  FN const Real& operator[](int i) const { return (&x)[i]; }
};

template <class Real> FN Vec3<Real> vec3(Real x, Real y, Real z) { return {x, y, z}; }
template <class Real> FN Vec3<Real> vec3(const Real* p) { return {p[0], p[1], p[2]}; }
template <class Real> FN void put3(Real* p, const Vec3<Real>& v) {
  p[0] = v.x;
  p[1] = v.y;
  p[2] = v.z;
}
template <class Real> FN Vec3<Real> operator+(const Vec3<Real>& a, const Vec3<Real>& b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
template <class Real> FN Vec3<Real> operator-(const Vec3<Real>& a, const Vec3<Real>& b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
template <class Real> FN Vec3<Real> operator-(const Vec3<Real>& a) { return {-a.x, -a.y, -a.z}; }
template <class Real> FN Vec3<Real> operator*(const Vec3<Real>& a, const Real& s) {
  return {a.x * s, a.y * s, a.z * s};
}
template <class Real> FN Vec3<Real> operator*(const Real& s, const Vec3<Real>& a) { return a * s; }
// a + s b
template <class Real>
FN Vec3<Real> add_scaled(const Vec3<Real>& a, const Real& s, const Vec3<Real>& b) {
  return {fma(s, b.x, a.x), fma(s, b.y, a.y), fma(s, b.z, a.z)};
}
template <class Real> FN Real dot(const Vec3<Real>& a, const Vec3<Real>& b) {
  return fma(a.z, b.z, fma(a.y, b.y, a.x * b.x));
}
template <class Real> FN Vec3<Real> cross(const Vec3<Real>& a, const Vec3<Real>& b) {
  return {fma(a.y, b.z, -(a.z * b.y)), fma(a.z, b.x, -(a.x * b.z)), fma(a.x, b.y, -(a.y * b.x))};
}
template <class Real> FN Real norm(const Vec3<Real>& a) { return sqrt(dot(a, a)); }
template <class Real> FN Vec3<Real> select(Mask<Real> m, const Vec3<Real>& a, const Vec3<Real>& b) {
  return {select(m, a.x, b.x), select(m, a.y, b.y), select(m, a.z, b.z)};
}

// row-major 3x3
template <class Real> struct Mat3 {
  Real m[9];
  FN Vec3<Real> row(int i) const { return {m[3 * i], m[3 * i + 1], m[3 * i + 2]}; }
  FN Vec3<Real> column(int i) const { return {m[i], m[3 + i], m[6 + i]}; }
};
template <class Real> FN Vec3<Real> operator*(const Mat3<Real>& a, const Vec3<Real>& v) {
  return {dot(a.row(0), v), dot(a.row(1), v), dot(a.row(2), v)};
}
// transpose(a) v
template <class Real> FN Vec3<Real> transpose_times(const Mat3<Real>& a, const Vec3<Real>& v) {
  return {dot(a.column(0), v), dot(a.column(1), v), dot(a.column(2), v)};
}
template <class Real> FN Mat3<Real> mat3(const Real* p) {
  // written out: a loop would keep the array in memory
  return {{p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]}};
}
template <class Real> FN void put9(Real* p, const Mat3<Real>& a) {
  put3(p, a.row(0));
  put3(p + 3, a.row(1));
  put3(p + 6, a.row(2));
}

}  // namespace motorium
