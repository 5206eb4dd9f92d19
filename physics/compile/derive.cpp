#include "motorium/physics/compile/derive.h"

#include <cmath>

#include "motorium/physics/compile/tendon_path.h"

namespace motorium {
namespace {

// motion or force: rotation first, about the origin of the body's tree
struct Spatial {
  Vec w, v;
};

double dot(const Spatial& a, const Spatial& b) {
  return motorium::dot(a.w, b.w) + motorium::dot(a.v, b.v);
}

// inertia of bodies about one point: mass, first moment, second moment (xx yy zz xy xz yz)
struct Inertia {
  double mass = 0;
  Vec moment = {0, 0, 0};
  std::array<double, 6> I = {};
};

void accumulate(Inertia& a, const Inertia& b) {
  a.mass += b.mass;
  for (int i = 0; i < 3; ++i) a.moment[i] += b.moment[i];
  for (int i = 0; i < 6; ++i) a.I[i] += b.I[i];
}

// momentum of a motion
Spatial times(const Inertia& a, const Spatial& s) {
  const Vec& w = s.w;
  const Vec Iw = {a.I[0] * w[0] + a.I[3] * w[1] + a.I[4] * w[2],
                  a.I[3] * w[0] + a.I[1] * w[1] + a.I[5] * w[2],
                  a.I[4] * w[0] + a.I[5] * w[1] + a.I[2] * w[2]};
  return {add(Iw, cross(a.moment, s.v)), subtract(scaled(s.v, a.mass), cross(a.moment, w))};
}

Inertia body_inertia_about(double mass, const Vec& principal, const Matrix& axes,
                           const Vec& offset) {
  Inertia r;
  r.mass = mass;
  r.moment = scaled(offset, mass);
  const double d2 = motorium::dot(offset, offset);
  const int row[6] = {0, 1, 2, 0, 0, 1}, column[6] = {0, 1, 2, 1, 2, 2};
  for (int k = 0; k < 6; ++k) {
    const int i = row[k], j = column[k];
    double sum = 0;
    for (int p = 0; p < 3; ++p) sum += axes[3 * i + p] * principal[p] * axes[3 * j + p];
    r.I[k] = sum + mass * ((i == j ? d2 : 0) - offset[i] * offset[j]);
  }
  return r;
}

// of a tendon and the rotors that pull it
double tendon_inertia_of(const Model& m, int t) {
  double sum = m.tendon_armature[t];
  for (int u = 0; u < m.nactuator; ++u) {
    const auto type = static_cast<TransmissionType>(m.actuator_trntype[u]);
    if (type != TransmissionType::tendon || m.actuator_trnid[2 * u] != t) continue;
    const double gear = m.actuator_gear[6 * m.actuator_outadr[u]];
    sum += gear * gear * m.actuator_armature[u];
  }
  return sum;
}

class Deriver {
 public:
  explicit Deriver(const Model& m) : m_(m) {}

  Derived run() {
    poses_ = poses_at_qpos0(m_);
    subtree_mass();
    motions();
    tendons();
    inertia_matrix();
    factor();
    dof_weights();
    body_weights();
    sliding_leaves();
    tendon_weights();
    actuators();
    return std::move(out_);
  }

 private:
  Vec origin(int body) const { return poses_.body[m_.body_rootid[body]].pos; }
  Vec centre(int body) const {
    const Pose& pose = poses_.body[body];
    return add(pose.pos, rotate(pose.quat, vec_at(m_.body_ipos, body)));
  }

  void subtree_mass() {
    out_.body_subtreemass = m_.body_mass;
    for (int b = m_.nbody - 1; b > 0; --b) {
      out_.body_subtreemass[m_.body_parentid[b]] += out_.body_subtreemass[b];
    }
  }

  // motion of each dof about the origin of its tree
  void motions() {
    cdof_.resize(m_.nv);
    for (int j = 0; j < m_.njnt; ++j) {
      const int body = m_.jnt_bodyid[j], d = m_.jnt_dofadr[j];
      const Vec c = origin(body);
      const auto turn = [&](const Vec& axis) {
        return Spatial{axis, cross(axis, subtract(c, poses_.joint_anchor[j]))};
      };
      const Matrix r = to_matrix(poses_.body[body].quat);
      int k = d;
      switch (static_cast<JointType>(m_.jnt_type[j])) {
        case JointType::free:
          for (int i = 0; i < 3; ++i) {
            cdof_[k] = {{0, 0, 0}, {0, 0, 0}};
            cdof_[k++].v[i] = 1;
          }
          [[fallthrough]];
        case JointType::ball:
          for (int i = 0; i < 3; ++i) cdof_[k++] = turn({r[i], r[3 + i], r[6 + i]});
          break;
        case JointType::slide:
          cdof_[d] = {{0, 0, 0}, poses_.joint_axis[j]};
          break;
        case JointType::hinge:
          cdof_[d] = turn(poses_.joint_axis[j]);
          break;
      }
    }
  }

  // lengths and Jacobians: a segment grows by its direction times the difference of the velocities
  // of its ends
  void tendons() {
    out_.tendon_length0.resize(m_.ntendon);
    tendon_J_.assign(m_.nJten, 0);
    for (int t = 0; t < m_.ntendon; ++t) {
      const TendonPath path = tendon_path(m_, poses_, m_.qpos0.data(), t);
      out_.tendon_length0[t] = path.length;
      double* J = tendon_J_.data() + m_.ten_J_rowadr[t];
      const int* dof = m_.ten_J_colind.data() + m_.ten_J_rowadr[t];
      for (int w = m_.tendon_adr[t]; w < m_.tendon_adr[t] + m_.tendon_num[t]; ++w) {
        if (static_cast<WrapType>(m_.wrap_type[w]) != WrapType::joint) continue;
        const int d = m_.jnt_dofadr[m_.wrap_objid[w]];
        for (int k = 0; k < m_.ten_J_rownnz[t]; ++k) {
          if (dof[k] == d) J[k] = m_.wrap_prm[w];
        }
      }
      for (const Segment& s : path.segments) {
        for (int k = 0; k < m_.ten_J_rownnz[t]; ++k) {
          const bool first = moves(dof[k], s.body0), second = moves(dof[k], s.body1);
          if (first == second) continue;
          const Vec arm = subtract(second ? s.point1 : s.point0, origin(m_.dof_bodyid[dof[k]]));
          const Vec velocity = add(cdof_[dof[k]].v, cross(cdof_[dof[k]].w, arm));
          J[k] += (second ? s.share : -s.share) * motorium::dot(s.direction, velocity);
        }
      }
    }
  }

  bool moves(int dof, int body) const {
    return static_cast<uint32_t>(m_.body_dofmask[body * m_.nword + dof / 32]) >> dof % 32 & 1;
  }

  // J of a tendon over all dofs, times `scale`
  void tendon_row(int t, double scale, std::vector<double>& row) const {
    std::fill(row.begin(), row.end(), 0.0);
    for (int k = m_.ten_J_rowadr[t]; k < m_.ten_J_rowadr[t] + m_.ten_J_rownnz[t]; ++k) {
      row[m_.ten_J_colind[k]] = scale * tendon_J_[k];
    }
  }

  // inertia of changes of length; what couples branches of the tree is dropped
  void tendon_inertia() {
    std::vector<double> J(m_.nv);
    for (int t = 0; t < m_.ntendon; ++t) {
      const double armature = tendon_inertia_of(m_, t);
      if (armature == 0) continue;
      tendon_row(t, 1, J);
      for (int i = 0; i < m_.nv; ++i) {
        for (int k = 0; k < m_.M_rownum[i]; ++k) {
          L_[m_.M_rowadr[i] + k] += armature * J[i] * J[m_.M_col[m_.M_rowadr[i] + k]];
        }
      }
    }
  }

  void tendon_weights() {
    out_.tendon_invweight0.resize(m_.ntendon);
    std::vector<double> J(m_.nv), x(m_.nv);
    for (int t = 0; t < m_.ntendon; ++t) {
      tendon_row(t, 1, J);
      solve(J, x);
      double sum = 0;
      for (int i = 0; i < m_.nv; ++i) sum += J[i] * x[i];
      out_.tendon_invweight0[t] = sum;
    }
  }

  // composite rigid bodies: M_ij = s_j . (I_c s_i) for the ancestors j of i
  void inertia_matrix() {
    std::vector<Inertia> composite(m_.nbody);
    for (int b = 1; b < m_.nbody; ++b) {
      const Quaternion turned = multiply(poses_.body[b].quat, quat_at(m_.body_iquat, b));
      composite[b] = body_inertia_about(m_.body_mass[b], vec_at(m_.body_inertia, b),
                                        to_matrix(turned), subtract(centre(b), origin(b)));
    }
    for (int b = m_.nbody - 1; b > 0; --b) {
      const int parent = m_.body_parentid[b];
      if (parent > 0) accumulate(composite[parent], composite[b]);
    }
    const std::vector<double> rotor = actuator_armature();
    L_.assign(m_.nM, 0);
    D_.resize(m_.nv);
    out_.dof_M0.resize(m_.nv);
    for (int i = 0; i < m_.nv; ++i) {
      const Spatial momentum = times(composite[m_.dof_bodyid[i]], cdof_[i]);
      const int row = m_.M_rowadr[i], count = m_.M_rownum[i];
      for (int k = 0; k < count; ++k) L_[row + k] = dot(cdof_[m_.M_col[row + k]], momentum);
      L_[row + count - 1] += m_.dof_armature[i] + rotor[i];
      out_.dof_M0[i] = L_[row + count - 1];
    }
    tendon_inertia();
    double sum = 0;
    for (int i = 0; i < m_.nv; ++i) sum += L_[m_.M_rowadr[i] + m_.M_rownum[i] - 1];
    out_.meaninertia = m_.nv > 0 ? sum / m_.nv : 1;
  }

  // inertia of rotors, seen through their gears
  std::vector<double> actuator_armature() const {
    std::vector<double> sum(m_.nv, 0);
    for (int u = 0; u < m_.nactuator; ++u) {
      const auto type = static_cast<TransmissionType>(m_.actuator_trntype[u]);
      if (type != TransmissionType::joint && type != TransmissionType::jointinparent) continue;
      const double gear = gear_of(u)[0];
      for (int i = 0; i < m_.nv; ++i) {
        if (m_.dof_jntid[i] == m_.actuator_trnid[2 * u]) {
          sum[i] += gear * gear * m_.actuator_armature[u];
        }
      }
    }
    return sum;
  }

  // M = L' D L, L unit lower triangular, in place
  void factor() {
    for (int k = m_.nv - 1; k >= 0; --k) {
      const int row = m_.M_rowadr[k], count = m_.M_rownum[k];
      D_[k] = std::max(L_[row + count - 1], kMinVal);
      for (int a = count - 2; a >= 0; --a) {
        const double ratio = L_[row + a] / D_[k];
        const int target = m_.M_rowadr[m_.M_col[row + a]];
        for (int b = 0; b <= a; ++b) L_[target + b] -= ratio * L_[row + b];
      }
      for (int a = 0; a < count - 1; ++a) L_[row + a] /= D_[k];
      L_[row + count - 1] = 1;
    }
  }

  // x' M^-1 x for x on the path from the root to `last`, x given along that path and overwritten
  double inverse_weight(int last, double* x) const {
    const int* path = &m_.M_col[m_.M_rowadr[last]];
    double sum = 0;
    for (int k = m_.M_rownum[last] - 1; k >= 0; --k) {
      if (x[k] == 0) continue;
      const double* l = &L_[m_.M_rowadr[path[k]]];
      for (int j = 0; j < k; ++j) x[j] -= l[j] * x[k];
      sum += x[k] * x[k] / D_[path[k]];
    }
    return sum;
  }

  void dof_weights() {
    out_.dof_invweight0.resize(m_.nv);
    std::vector<double> x(m_.nv + 1);
    for (int i = 0; i < m_.nv; ++i) {
      const int count = m_.M_rownum[i];
      std::fill_n(x.begin(), count, 0.0);
      x[count - 1] = 1;
      out_.dof_invweight0[i] = inverse_weight(i, x.data());
    }
    // the dofs of a free or ball joint share their mean
    for (int j = 0; j < m_.njnt; ++j) {
      const auto type = static_cast<JointType>(m_.jnt_type[j]);
      const int d = m_.jnt_dofadr[j];
      if (type == JointType::free) average(d);
      if (type == JointType::free || type == JointType::ball) {
        average(type == JointType::free ? d + 3 : d);
      }
    }
  }

  void average(int d) {
    double* w = &out_.dof_invweight0[d];
    w[0] = w[1] = w[2] = (w[0] + w[1] + w[2]) / 3;
  }

  // mean inverse inertia at the centre of mass, translation and rotation
  void body_weights() {
    out_.body_invweight0.assign(2 * m_.nbody, 0);
    std::vector<double> x(6 * (m_.nv + 1));
    for (int b = 1; b < m_.nbody; ++b) {
      const int last = last_dof(m_, b);
      if (last < 0) continue;
      const Vec point = subtract(centre(b), origin(b));
      const int count = m_.M_rownum[last];
      const int* path = &m_.M_col[m_.M_rowadr[last]];
      for (int k = 0; k < count; ++k) {
        const Spatial& s = cdof_[path[k]];
        const Vec velocity = add(s.v, cross(s.w, point));
        for (int i = 0; i < 3; ++i) {
          x[i * count + k] = velocity[i];
          x[(3 + i) * count + k] = s.w[i];
        }
      }
      for (int i = 0; i < 6; ++i) {
        out_.body_invweight0[2 * b + i / 3] += inverse_weight(last, &x[i * count]) / 3;
      }
    }
  }

  // a leaf body that only slides along its own axes on a static parent weighs its mass
  void sliding_leaves() {
    for (int b = 1; b < m_.nbody; ++b) {
      if (!is_sliding_leaf(m_, b)) continue;
      const double weight = 1 / std::max(m_.body_mass[b], kMinVal);
      out_.body_invweight0[2 * b] = weight;
      out_.body_invweight0[2 * b + 1] = 0;
      for (int i = 0; i < m_.body_dofnum[b]; ++i) {
        out_.dof_invweight0[m_.body_dofadr[b] + i] = weight;
      }
    }
  }

  void actuators() {
    out_.actuator_acc0.resize(m_.nout);
    out_.actuator_length0.assign(m_.nout, 0);
    out_.actuator_inertia0.assign(m_.nactuator, 0);
    std::vector<double> x(m_.nv), moment(m_.nv);
    for (int u = 0; u < m_.nactuator; ++u) {
      const int count = m_.actuator_outnum[u];
      double felt = 0;  // J M^-1 J', the mean of the outputs
      for (int k = 0; k < count; ++k) {
        std::fill(moment.begin(), moment.end(), 0.0);
        output_moment(u, k, moment);
        solve(moment, x);
        double norm2 = 0;
        for (int i = 0; i < m_.nv; ++i) norm2 += x[i] * x[i], felt += x[i] * moment[i] / count;
        out_.actuator_acc0[m_.actuator_outadr[u] + k] = std::sqrt(norm2);
      }
      out_.actuator_inertia0[u] = felt > kMinVal ? 1 / felt : 0;
    }
  }

  // moment and length of output k of an actuator
  void output_moment(int u, int k, std::vector<double>& moment) {
    switch (static_cast<TransmissionType>(m_.actuator_trntype[u])) {
      case TransmissionType::site:
        return site_moment(u, moment);
      case TransmissionType::slidercrank:
        return slidercrank_moment(u, moment);
      case TransmissionType::so3:
        return so3_moment(u, k, moment);
      case TransmissionType::tendon:
        tendon_row(m_.actuator_trnid[2 * u], gear_of(u)[0], moment);
        length0(u) = gear_of(u)[0] * out_.tendon_length0[m_.actuator_trnid[2 * u]];
        return;
      case TransmissionType::body:
        return;  // nothing touches yet
      case TransmissionType::joint:
      case TransmissionType::jointinparent:
        return joint_moment(u, moment);
    }
  }

  double& length0(int u, int k = 0) { return out_.actuator_length0[m_.actuator_outadr[u] + k]; }
  const double* gear_of(int u) const { return &m_.actuator_gear[6 * m_.actuator_outadr[u]]; }

  void slidercrank_moment(int u, std::vector<double>& moment) {
    const int crank = m_.actuator_trnid[2 * u], slider = m_.actuator_trnid[2 * u + 1];
    const double gear = gear_of(u)[0], rod = m_.actuator_cranklength[u];
    const Pose at = site_pose(m_, poses_, slider);
    const Vec axis = rotate(at.quat, {0, 0, 1});
    const Vec w = subtract(site_pose(m_, poses_, crank).pos, at.pos);
    const double along = motorium::dot(w, axis);
    const double det = along * along + rod * rod - motorium::dot(w, w);
    const bool reaches = det > 0;
    const double root = reaches ? std::sqrt(det) : 1;
    length0(u) = gear * (reaches ? along - root : along);
    // d length = (axis + (w - along axis) / root) d w + (w - along w / root) d axis
    Vec by_w = axis, by_axis = w;
    if (reaches) {
      by_w = add(axis, scaled(subtract(w, scaled(axis, along)), 1 / root));
      by_axis = scaled(w, 1 - along / root);
    }
    add_wrench(crank, scaled(by_w, gear), {0, 0, 0}, 1, moment);
    add_wrench(slider, scaled(by_w, -gear), scaled(cross(axis, by_axis), gear), 1, moment);
  }

  void so3_moment(int u, int k, std::vector<double>& moment) {
    const int target = m_.actuator_trnid[2 * u], reference = m_.actuator_trnid[2 * u + 1];
    if (reference < 0) {
      const double* q = &m_.qpos0[m_.jnt_qposadr[target]];
      length0(u, k) = rotation_vector(normalized({q[0], q[1], q[2], q[3]}))[k];
      moment[m_.jnt_dofadr[target] + k] = 1;
      return;
    }
    const Pose pose = site_pose(m_, poses_, target), frame = site_pose(m_, poses_, reference);
    length0(u, k) = rotation_vector(relative(frame, pose).quat)[k];
    Vec unit = {0, 0, 0};
    unit[k] = 1;
    const Vec torque = rotate(pose.quat, unit);
    add_wrench(target, {0, 0, 0}, torque, 1, moment);
    add_wrench(reference, {0, 0, 0}, torque, -1, moment);
    clear_common(target, reference, moment);
  }

  void joint_moment(int u, std::vector<double>& moment) {
    const int j = m_.actuator_trnid[2 * u], d = m_.jnt_dofadr[j];
    const double* gear = gear_of(u);
    const bool in_parent =
        static_cast<TransmissionType>(m_.actuator_trntype[u]) == TransmissionType::jointinparent;
    const double* q = &m_.qpos0[m_.jnt_qposadr[j]];
    // torque axes of ball and free joints are the body's, or its parent's
    const auto torque = [&](const double* g, const Quaternion& turned) {
      const Vec axis = {g[0], g[1], g[2]};
      return in_parent ? rotate(conjugate(turned), axis) : axis;
    };
    switch (static_cast<JointType>(m_.jnt_type[j])) {
      case JointType::free: {
        const Vec t = torque(gear + 3, normalized({q[3], q[4], q[5], q[6]}));
        for (int i = 0; i < 3; ++i) moment[d + i] = gear[i], moment[d + 3 + i] = t[i];
        return;
      }
      case JointType::ball: {
        const Vec t = torque(gear, normalized({q[0], q[1], q[2], q[3]}));
        for (int i = 0; i < 3; ++i) moment[d + i] = t[i];
        return;
      }
      case JointType::slide:
      case JointType::hinge:
        moment[d] = gear[0];
        length0(u) = gear[0] * q[0];
        return;
    }
  }

  // force and torque `gear` of a site's frame as joint forces, times `sign`
  void add_wrench(int site, const Vec& force, const Vec& torque, double sign,
                  std::vector<double>& moment) const {
    const int body = m_.site_bodyid[site], last = last_dof(m_, body);
    if (last < 0) return;
    const Vec point = subtract(site_pose(m_, poses_, site).pos, origin(body));
    for (int k = 0; k < m_.M_rownum[last]; ++k) {
      const int i = m_.M_col[m_.M_rowadr[last] + k];
      const Vec velocity = add(cdof_[i].v, cross(cdof_[i].w, point));
      moment[i] += sign * (motorium::dot(velocity, force) + motorium::dot(cdof_[i].w, torque));
    }
  }

  void site_moment(int u, std::vector<double>& moment) {
    const int site = m_.actuator_trnid[2 * u], reference = m_.actuator_trnid[2 * u + 1];
    const double* g = gear_of(u);
    const Pose pose = site_pose(m_, poses_, site);
    const Pose frame = reference >= 0 ? site_pose(m_, poses_, reference) : pose;
    const Vec force = rotate(frame.quat, {g[0], g[1], g[2]});
    const Vec torque = rotate(frame.quat, {g[3], g[4], g[5]});
    add_wrench(site, force, torque, 1, moment);
    if (reference < 0) return;
    add_wrench(reference, force, torque, -1, moment);
    clear_common(site, reference, moment);
    const Pose between = relative(frame, pose);
    const Vec turned = rotation_vector(between.quat);
    double sum = 0;
    for (int i = 0; i < 3; ++i) sum += g[i] * between.pos[i] + g[3 + i] * turned[i];
    length0(u) = sum;
  }

  // dofs that move both sites do not change what is between them
  void clear_common(int site, int reference, std::vector<double>& moment) const {
    const int a = m_.site_bodyid[site], b = m_.site_bodyid[reference];
    for (int i = 0; i < m_.nv; ++i) {
      const int both =
          m_.body_dofmask[a * m_.nword + i / 32] & m_.body_dofmask[b * m_.nword + i / 32];
      if (static_cast<uint32_t>(both) >> (i % 32) & 1) moment[i] = 0;
    }
  }

  // angle in (-pi, pi]
  static Vec rotation_vector(const Quaternion& q) {
    const double s = std::sqrt(q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    double angle = 2 * std::atan2(s, q[0]);
    if (angle > 3.14159265358979323846) angle -= 2 * 3.14159265358979323846;
    return scaled({q[1], q[2], q[3]}, s > kMinVal ? angle / s : 0);
  }

  // x = M^-1 b
  void solve(const std::vector<double>& b, std::vector<double>& x) const {
    x = b;
    for (int i = m_.nv - 1; i >= 0; --i) {
      if (x[i] == 0) continue;
      const int row = m_.M_rowadr[i];
      for (int k = 0; k < m_.M_rownum[i] - 1; ++k) x[m_.M_col[row + k]] -= L_[row + k] * x[i];
    }
    for (int i = 0; i < m_.nv; ++i) {
      double sum = x[i] / D_[i];
      const int row = m_.M_rowadr[i];
      for (int k = 0; k < m_.M_rownum[i] - 1; ++k) sum -= L_[row + k] * x[m_.M_col[row + k]];
      x[i] = sum;
    }
  }

  const Model& m_;
  Poses0 poses_;
  std::vector<Spatial> cdof_;
  std::vector<double> L_, D_, tendon_J_;
  Derived out_;
};

}  // namespace

namespace {

// the axis of the body frame along which joint j moves, or -1
int own_axis(const Model& m, int j) {
  const Vec axis = vec_at(m.jnt_axis, j);
  int along = -1;
  for (int i = 0; i < 3; ++i) {
    if (std::abs(axis[i]) == 1) along = i;
  }
  return along;
}

// does a tendon with inertia move the body?
bool tendons_weigh_on(const Model& m, int b) {
  for (int t = 0; t < m.ntendon; ++t) {
    if (tendon_inertia_of(m, t) == 0) continue;
    for (int k = m.ten_J_rowadr[t]; k < m.ten_J_rowadr[t] + m.ten_J_rownnz[t]; ++k) {
      if (m.dof_bodyid[m.ten_J_colind[k]] == b) return true;
    }
  }
  return false;
}

}  // namespace

bool has_diagonal_inertia(const Model& m, int b) {
  const int count = m.body_jntnum[b];
  if (count == 0 || m.body_childnum[b] > 0 || last_dof(m, m.body_parentid[b]) >= 0) return false;
  const double near = 1e-6;
  for (int i = 0; i < 3; ++i) {
    if (std::abs(m.body_ipos[3 * b + i]) > near || std::abs(m.body_iquat[4 * b + 1 + i]) > near)
      return false;
  }
  bool used[3] = {false, false, false};
  const int end = m.body_jntadr[b] + count;
  for (int j = m.body_jntadr[b]; j < end; ++j) {
    const auto type = static_cast<JointType>(m.jnt_type[j]);
    if (type == JointType::free) continue;
    if (vec_at(m.jnt_pos, j) != Vec{0, 0, 0}) return false;
    if (type != JointType::slide && j + 1 < end) return false;
    if (type == JointType::ball) continue;
    const int along = own_axis(m, j);
    if (along < 0) return false;
    if (type == JointType::slide && used[along]) return false;
    if (type == JointType::slide) used[along] = true;
  }
  return !tendons_weigh_on(m, b);
}

bool is_sliding_leaf(const Model& m, int b) {
  const int count = m.body_jntnum[b];
  if (count == 0 || m.body_childnum[b] > 0) return false;
  // on the world, or on a static body that is itself on the world: deeper ones MuJoCo does not know
  const int parent = m.body_parentid[b];
  if (m.body_parentid[parent] != 0 || m.body_dofnum[parent] != 0) return false;
  if (vec_at(m.body_ipos, b) != Vec{0, 0, 0} || std::abs(m.body_iquat[4 * b]) != 1) return false;
  bool used[3] = {false, false, false};
  for (int j = m.body_jntadr[b]; j < m.body_jntadr[b] + count; ++j) {
    if (static_cast<JointType>(m.jnt_type[j]) != JointType::slide) return false;
    if (vec_at(m.jnt_pos, j) != Vec{0, 0, 0}) return false;
    const int along = own_axis(m, j);
    if (along < 0 || used[along]) return false;
    used[along] = true;
  }
  return !tendons_weigh_on(m, b);
}

Derived derive(const Model& m) { return Deriver(m).run(); }

}  // namespace motorium
