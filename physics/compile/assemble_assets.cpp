// meshes with their hulls, and height fields
#include <algorithm>

#include "motorium/physics/compile/assemble.h"

namespace motorium {
namespace {

template <class T> void append_all(std::vector<T>& out, const std::vector<T>& values) {
  out.insert(out.end(), values.begin(), values.end());
}

// one block: numbers of vertices and triangles, then the four lists
void add_graph(Model& m, const Hull& hull) {
  m.mesh_graphadr.push_back(hull.vertex.empty() ? -1 : m.nmeshgraph);
  if (hull.vertex.empty()) return;
  m.mesh_graph.push_back(static_cast<int>(hull.vertex.size()));
  m.mesh_graph.push_back(static_cast<int>(hull.face.size() / 3));
  append_all(m.mesh_graph, hull.edge_adr);
  append_all(m.mesh_graph, hull.vertex);
  append_all(m.mesh_graph, hull.edge);
  append_all(m.mesh_graph, hull.face);
  m.nmeshgraph = static_cast<int>(m.mesh_graph.size());
}

// flat faces of the hull, and which of them meet at each vertex
void add_flat_faces(Model& m, const CompiledMesh& mesh, int vertices) {
  const FlatFaces& flat = mesh.flat;
  const int count = static_cast<int>(flat.count.size());
  m.mesh_polyadr.push_back(m.nmeshpoly);
  m.mesh_polynum.push_back(count);
  append_all(m.mesh_polynormal, mesh.normal);
  append_all(m.mesh_polyvert, flat.corner);
  std::vector<std::vector<int>> at(count > 0 ? vertices : 0);
  for (int p = 0, corner = 0; p < count; ++p) {
    m.mesh_polyvertadr.push_back(m.nmeshpolyvert);
    m.mesh_polyvertnum.push_back(flat.count[p]);
    m.nmeshpolyvert += flat.count[p];
    m.npolygonmax = std::max(m.npolygonmax, flat.count[p]);
    for (int k = 0; k < flat.count[p]; ++k) at[flat.corner[corner++]].push_back(p);
  }
  m.nmeshpoly += count;
  for (int v = 0; v < vertices; ++v) {
    const int here = count > 0 ? static_cast<int>(at[v].size()) : 0;
    m.mesh_polymapadr.push_back(m.nmeshpolymap);
    m.mesh_polymapnum.push_back(here);
    if (here > 0) append_all(m.mesh_polymap, at[v]);
    m.nmeshpolymap += here;
    m.nmeshdegmax = std::max(m.nmeshdegmax, here);
  }
}

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
  add_graph(m, mesh.hull);
  m.mesh_extrema.insert(m.mesh_extrema.end(), mesh.extrema.begin(), mesh.extrema.end());
  add_flat_faces(m, mesh, vertices);
}

// heights between 0 and 1
void add_hfield(Model& m, const HfieldSpec& spec) {
  ++m.nhfield;
  m.hfield_name.push_back(spec.name);
  append(m.hfield_size, spec.size);
  m.hfield_nrow.push_back(spec.nrow);
  m.hfield_ncol.push_back(spec.ncol);
  m.hfield_adr.push_back(m.nhfielddata);
  m.nhfielddata += static_cast<int>(spec.elevation.size());
  const auto [least, most] = std::minmax_element(spec.elevation.begin(), spec.elevation.end());
  const float low = *least, range = *most - low;
  for (const float z : spec.elevation) m.hfield_data.push_back(range > 0 ? (z - low) / range : 0);
}

}  // namespace

void assemble_assets(Assembly& a) {
  const Spec& spec = a.scene.spec;
  for (size_t i = 0; i < spec.meshes.size(); ++i) {
    if (a.scene.mesh_id[i] >= 0) add_mesh(a.m, spec.meshes[i], a.scene.meshes[i]);
  }
  for (size_t i = 0; i < spec.hfields.size(); ++i) {
    if (a.scene.hfield_id[i] >= 0) add_hfield(a.m, spec.hfields[i]);
  }
}

}  // namespace motorium
