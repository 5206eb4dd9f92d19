// meshes with their hulls, and height fields
#include "motorium/physics/compile/assemble.h"

namespace motorium {
namespace {

void add_mesh(Model& m, const MeshSpec& spec, const CompiledMesh& mesh) {
  const int vertices = static_cast<int>(mesh.vertex.size() / 3),
            faces = static_cast<int>(mesh.face.size() / 3);
  ++m.nmesh;
  m.mesh_name.push_back(spec.name);
  m.mesh_vertadr.push_back(m.nmeshvert);
  m.mesh_vertnum.push_back(vertices);
  m.mesh_faceadr.push_back(m.nmeshface);
  m.mesh_facenum.push_back(faces);
  m.mesh_vert.insert(m.mesh_vert.end(), mesh.vertex.begin(), mesh.vertex.end());
  m.mesh_face.insert(m.mesh_face.end(), mesh.face.begin(), mesh.face.end());
  append(m.mesh_scale, spec.scale);
  append(m.mesh_pos, mesh.inertial.pos);
  append(m.mesh_quat, mesh.inertial.quat);
  m.nmeshvert += vertices;
  m.nmeshface += faces;
  m.mesh_graphadr.push_back(-1);
  m.mesh_polyadr.push_back(m.nmeshpoly);
  m.mesh_polynum.push_back(0);
  m.mesh_polymapadr.resize(m.nmeshvert, 0);
  m.mesh_polymapnum.resize(m.nmeshvert, 0);
  m.mesh_extrema.resize(27 * m.nmesh, 0);
}

}  // namespace

void assemble_assets(Assembly& a) {
  for (size_t i = 0; i < a.scene.meshes.size(); ++i) {
    add_mesh(a.m, a.scene.spec.meshes[i], a.scene.meshes[i]);
  }
}

}  // namespace motorium
