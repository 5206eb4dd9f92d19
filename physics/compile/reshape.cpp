// compiler options that change the tree of bodies: fusestatic, discardvisual, alignfree
#include <algorithm>
#include <set>

#include "motorium/physics/compile/scene.h"

namespace motorium {
namespace {

// names that something refers to, by kind
struct References {
  std::set<std::string> bodies, geoms;
};

References references(const Spec& spec) {
  References out;
  for (const PairSpec& p : spec.pairs) out.geoms.insert({p.geom1, p.geom2});
  for (const ExcludeSpec& e : spec.excludes) out.bodies.insert({e.body1, e.body2});
  for (const EqualitySpec& e : spec.equalities) {
    if (e.objtype == ObjectType::body) out.bodies.insert({e.object1, e.object2});
  }
  for (const TendonSpec& t : spec.tendons) {
    for (const WrapSpec& w : t.path) {
      if (w.type == WrapType::sphere) out.geoms.insert(w.object);
    }
  }
  const auto refer = [&](ObjectType type, const std::string& name) {
    if (type == ObjectType::body || type == ObjectType::xbody) out.bodies.insert(name);
    if (type == ObjectType::geom) out.geoms.insert(name);
  };
  for (const SensorSpec& s : spec.sensors) {
    refer(s.objtype, s.object);
    refer(s.reftype, s.reference);
  }
  return out;
}

// cameras and lights follow bodies
void refer_by_viewer(const BodySpec& body, References& out) {
  for (const CameraSpec& camera : body.cameras) out.bodies.insert(camera.target);
  for (const Element& element : body.viewer) {
    if (const std::string* target = element.find("target")) out.bodies.insert(*target);
  }
  for (const BodySpec& child : body.bodies) refer_by_viewer(child, out);
}

// mass, centre and inertia of two rigidly joined parts, in the frame of the first
void join(SceneBody& a, const SceneBody& b) {
  if (b.mass <= kMinVal) return;
  const Pose part = compose(b.pose, b.inertial);
  if (a.mass <= kMinVal) {
    a.mass = b.mass;
    a.inertial = part;
    a.inertia = b.inertia;
    return;
  }
  const double mass = a.mass + b.mass;
  const Vec centre =
      scaled(add(scaled(a.inertial.pos, a.mass), scaled(part.pos, b.mass)), 1 / mass);
  Matrix sum = {};
  const auto accumulate = [&](double m, const Pose& pose, const Vec& principal) {
    const Matrix r = to_matrix(pose.quat);
    const Vec d = subtract(pose.pos, centre);
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) {
        double value = -m * d[i] * d[j] + (i == j ? m * dot(d, d) : 0);
        for (int k = 0; k < 3; ++k) value += r[3 * i + k] * principal[k] * r[3 * j + k];
        sum[3 * i + j] += value;
      }
    }
  };
  accumulate(a.mass, a.inertial, a.inertia);
  accumulate(b.mass, part, b.inertia);
  a.mass = mass;
  a.inertial.pos = centre;
  principal_axes(sum, kBodyAxesTolerance, a.inertia, a.inertial.quat);
}

// merges jointless bodies that nothing names into their parents
void fuse_static(Scene& scene) {
  References used = references(scene.spec);
  refer_by_viewer(scene.spec.world, used);
  std::vector<SceneBody>& bodies = scene.bodies;
  const int count = static_cast<int>(bodies.size());
  std::vector<bool> gone(count, false);
  for (int b = 1; b < count; ++b) {
    SceneBody& body = bodies[b];
    const bool named = !body.spec->name.empty() && used.bodies.count(body.spec->name) > 0;
    // a weight that is compensated in another way than its parent's keeps its body
    const double above = bodies[body.parent].spec->gravcomp;
    const bool carried = body.mass > 0 && body.spec->gravcomp != above;
    // so does what the fluid acts on
    const bool fluid = scene.spec.option.density > 0 || scene.spec.option.viscosity > 0;
    const bool wet =
        fluid &&
        (body.mass > 0 || std::any_of(body.geoms.begin(), body.geoms.end(),
                                      [](const SceneGeom& g) { return g.spec->fluid_ellipsoid; }));
    gone[b] =
        body.joints.empty() && !body.spec->mocap && body.spec->fuse && !named && !carried && !wet;
  }
  // children first, so that a chain of bodies collapses into its top
  for (int b = count - 1; b > 0; --b) {
    if (!gone[b]) continue;
    SceneBody& parent = bodies[bodies[b].parent];
    // the world has no mass
    if (bodies[b].parent > 0) join(parent, bodies[b]);
  }
  for (int b = 1; b < count; ++b) {
    // what hung on a merged body hangs on its parent, which may have been merged before
    while (gone[bodies[b].parent]) {
      const SceneBody& merged = bodies[bodies[b].parent];
      bodies[b].pose = compose(merged.pose, bodies[b].pose);
      bodies[b].parent = merged.parent;
    }
    if (!gone[b]) continue;
    SceneBody& parent = bodies[bodies[b].parent];
    for (SceneGeom& g : bodies[b].geoms) {
      g.pose = compose(bodies[b].pose, g.pose);
      parent.geoms.push_back(std::move(g));
    }
    for (SceneSite& s : bodies[b].sites) {
      s.pose = compose(bodies[b].pose, s.pose);
      parent.sites.push_back(std::move(s));
    }
    for (SceneCamera& c : bodies[b].cameras) {
      c.pose = compose(bodies[b].pose, c.pose);
      parent.cameras.push_back(std::move(c));
    }
  }
  std::vector<int> id(count, 0);
  std::vector<SceneBody> kept;
  for (int b = 0; b < count; ++b) {
    if (gone[b]) continue;
    id[b] = static_cast<int>(kept.size());
    kept.push_back(std::move(bodies[b]));
    if (b > 0) kept.back().parent = id[kept.back().parent];
  }
  bodies = std::move(kept);
}

// drops geoms that cannot touch and that nothing names
void discard_visual(Scene& scene) {
  const References used = references(scene.spec);
  for (SceneBody& body : scene.bodies) {
    const auto visual = [&](const SceneGeom& g) {
      const bool named = !g.spec->name.empty() && used.geoms.count(g.spec->name) > 0;
      return g.spec->contype == 0 && g.spec->conaffinity == 0 && !named;
    };
    const bool inferred = scene.spec.compiler.inertiafromgeom == Tristate::on &&
                          std::any_of(body.geoms.begin(), body.geoms.end(),
                                      [&](const auto& g) { return visual(g) && g.mass > kMinVal; });
    if (inferred && body.parent >= 0) {
      scene.problems.malformed(body.spec->place, title("body", body.spec->name),
                               "compiler/discardvisual would drop geoms that give its inertia: set "
                               "inertiafromgeom=\"auto\"");
    }
    body.geoms.erase(std::remove_if(body.geoms.begin(), body.geoms.end(), visual),
                     body.geoms.end());
  }
}

// drops meshes and height fields that no geom or site names
void discard_assets(Scene& scene) {
  std::set<std::string> meshes, hfields;
  for (const SceneBody& body : scene.bodies) {
    for (const SceneGeom& g : body.geoms) {
      meshes.insert(g.spec->mesh);
      hfields.insert(g.spec->hfield);
    }
    for (const SceneSite& s : body.sites) meshes.insert(s.spec->mesh);
  }
  const auto renumber = [](const auto& specs, const std::set<std::string>& used,
                           std::vector<int>& id) {
    int next = 0;
    for (size_t i = 0; i < specs.size(); ++i) id[i] = used.count(specs[i].name) > 0 ? next++ : -1;
  };
  renumber(scene.spec.meshes, meshes, scene.mesh_id);
  renumber(scene.spec.hfields, hfields, scene.hfield_id);
}

// moves the frame of childless free bodies to their inertial frame
void align_free(Scene& scene) {
  std::vector<bool> has_child(scene.bodies.size(), false);
  for (size_t b = 1; b < scene.bodies.size(); ++b) has_child[scene.bodies[b].parent] = true;
  for (size_t b = 1; b < scene.bodies.size(); ++b) {
    SceneBody& body = scene.bodies[b];
    if (has_child[b] || body.joints.size() != 1) continue;
    const JointSpec& joint = *body.joints[0].spec;
    if (joint.type != JointType::free) continue;
    const bool align = joint.align == Tristate::on ||
                       (joint.align == Tristate::automatic && compiler_of(scene, body).alignfree);
    if (!align) continue;
    for (SceneGeom& g : body.geoms) g.pose = relative(body.inertial, g.pose);
    for (SceneSite& s : body.sites) s.pose = relative(body.inertial, s.pose);
    for (SceneCamera& c : body.cameras) c.pose = relative(body.inertial, c.pose);
    body.pose = compose(body.pose, body.inertial);
    body.inertial = Pose();
  }
}

}  // namespace

void reshape_scene(Scene& scene) {
  if (scene.spec.compiler.fusestatic) fuse_static(scene);
  if (scene.spec.compiler.discardvisual) {
    discard_visual(scene);
    discard_assets(scene);
  }
  align_free(scene);
}

}  // namespace motorium
