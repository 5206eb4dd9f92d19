#include "motorium/physics/spec/pose.h"

#include <algorithm>
#include <cctype>
#include <numbers>

namespace motorium {

Quaternion from_axes(const Vec& x, const Vec& y, const Vec& z) {
  // the largest of the four components is found first, so that no division loses digits
  const double trace = x[0] + y[1] + z[2];
  Quaternion q;
  if (trace > 0) {
    q[0] = 0.5 * std::sqrt(1 + trace);
    q[1] = 0.25 * (y[2] - z[1]) / q[0];
    q[2] = 0.25 * (z[0] - x[2]) / q[0];
    q[3] = 0.25 * (x[1] - y[0]) / q[0];
  } else if (x[0] > y[1] && x[0] > z[2]) {
    q[1] = 0.5 * std::sqrt(1 + x[0] - y[1] - z[2]);
    q[0] = 0.25 * (y[2] - z[1]) / q[1];
    q[2] = 0.25 * (y[0] + x[1]) / q[1];
    q[3] = 0.25 * (z[0] + x[2]) / q[1];
  } else if (y[1] > z[2]) {
    q[2] = 0.5 * std::sqrt(1 - x[0] + y[1] - z[2]);
    q[0] = 0.25 * (z[0] - x[2]) / q[2];
    q[1] = 0.25 * (y[0] + x[1]) / q[2];
    q[3] = 0.25 * (z[1] + y[2]) / q[2];
  } else {
    q[3] = 0.5 * std::sqrt(1 - x[0] - y[1] + z[2]);
    q[0] = 0.25 * (x[1] - y[0]) / q[3];
    q[1] = 0.25 * (z[0] + x[2]) / q[3];
    q[2] = 0.25 * (z[1] + y[2]) / q[3];
  }
  return normalized(q);
}

Quaternion from_z(const Vec& direction) {
  const double n = length(direction);
  if (n < kMinVal) return {1, 0, 0, 0};
  const Vec to = scaled(direction, 1 / n);
  Vec axis = {-to[1], to[0], 0};  // z cross direction
  const double sine = length(axis);
  axis = sine < 1e-10 ? Vec{1, 0, 0} : scaled(axis, 1 / sine);
  const double half = 0.5 * std::atan2(sine, to[2]);
  const double s = std::sin(half);
  return {std::cos(half), axis[0] * s, axis[1] * s, axis[2] * s};
}

Quaternion resolve(const Orientation& o, const CompilerSpec& compiler, std::string& why) {
  const double unit = compiler.degree ? std::numbers::pi / 180 : 1;
  const Quaternion none = {1, 0, 0, 0};
  switch (o.form) {
    case Orientation::Form::quat: {
      const Quaternion q = {o.v[0], o.v[1], o.v[2], o.v[3]};
      if (q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3] < 1e-28) {
        why = "quat has no length";
        return none;
      }
      return normalized(q);
    }
    case Orientation::Form::axisangle: {
      const Vec axis = {o.v[0], o.v[1], o.v[2]};
      const double n = length(axis);
      if (n < 1e-14) {
        why = "axisangle: the axis has no length";
        return none;
      }
      const double half = 0.5 * o.v[3] * unit, s = std::sin(half) / n;
      return {std::cos(half), axis[0] * s, axis[1] * s, axis[2] * s};
    }
    case Orientation::Form::xyaxes: {
      Vec x = {o.v[0], o.v[1], o.v[2]}, y = {o.v[3], o.v[4], o.v[5]};
      const double nx = length(x);
      if (nx < 1e-14) {
        why = "xyaxes: the x axis has no length";
        return none;
      }
      x = scaled(x, 1 / nx);
      // y made orthogonal to x
      y = subtract(y, scaled(x, dot(x, y)));
      const double ny = length(y);
      if (ny < 1e-14) {
        why = "xyaxes: the axes are parallel";
        return none;
      }
      y = scaled(y, 1 / ny);
      return from_axes(x, y, cross(x, y));
    }
    case Orientation::Form::zaxis: {
      const Vec z = {o.v[0], o.v[1], o.v[2]};
      if (length(z) < 1e-14) {
        why = "zaxis has no length";
        return none;
      }
      return from_z(z);
    }
    case Orientation::Form::euler: {
      // lower case turns with the frame, upper case about the fixed axes
      Quaternion q = none;
      for (int i = 0; i < 3; ++i) {
        const char letter = compiler.eulerseq[i];
        const bool intrinsic = std::islower(static_cast<unsigned char>(letter)) != 0;
        const int axis = std::tolower(static_cast<unsigned char>(letter)) - 'x';
        const double half = 0.5 * o.v[i] * unit;
        Quaternion turn = {std::cos(half), 0, 0, 0};
        turn[1 + axis] = std::sin(half);
        q = intrinsic ? multiply(q, turn) : multiply(turn, q);
      }
      return normalized(q);
    }
  }
  return none;
}

void principal_axes(const Matrix& a, double tolerance, Vec& values, Quaternion& rotation) {
  // Jacobi: D = R' A R; turn about the axis of the largest off-diagonal element until none is left
  rotation = {1, 0, 0, 0};
  double scale = 0;
  for (const double x : a) scale = std::max(scale, std::abs(x));
  for (int turns = 0; turns < 60; ++turns) {
    const Matrix r = to_matrix(rotation);
    double d[3][3];
    for (int i = 0; i < 3; ++i) {
      const Vec column = {r[i], r[3 + i], r[6 + i]};
      const Vec image = times(a, column);
      for (int j = 0; j < 3; ++j) d[j][i] = dot({r[j], r[3 + j], r[6 + j]}, image);
    }
    values = {d[0][0], d[1][1], d[2][2]};
    // third: the axis to turn about; the plane is (i, j)
    int i = 0, j = 1, third = 2;
    if (std::abs(d[0][2]) > std::abs(d[i][j])) j = 2, third = 1;
    if (std::abs(d[1][2]) > std::abs(d[i][j])) i = 1, j = 2, third = 0;
    if (std::abs(d[i][j]) < tolerance * scale) break;
    const double tau = (d[j][j] - d[i][i]) / (2 * d[i][j]);
    const double root = std::sqrt(1 + tau * tau);
    const double tangent = tau >= 0 ? 1 / (tau + root) : -1 / (root - tau);
    // a positive tangent turns from j to i; in the (0, 2) plane the axis points the other way
    const double half = 0.5 * std::atan(third == 1 ? tangent : -tangent);
    Quaternion turn = {std::cos(half), 0, 0, 0};
    turn[1 + third] = std::sin(half);
    rotation = normalized(multiply(rotation, turn));
  }
  // decreasing order by quarter turns
  for (const int k : {0, 1, 0}) {
    if (values[k] + tolerance * scale >= values[k + 1]) continue;
    std::swap(values[k], values[k + 1]);
    Quaternion quarter = {std::numbers::sqrt2 / 2, 0, 0, 0};
    quarter[1 + (k + 2) % 3] = quarter[0];
    rotation = normalized(multiply(rotation, quarter));
  }
}

}  // namespace motorium
