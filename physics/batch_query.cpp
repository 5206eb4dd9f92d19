// Questions about the present state: rays, distances, contacts.
#include <cmath>

#include "motorium/physics/batch_impl.h"

namespace motorium {

void Batch::ray(const double* pnt, const double* vec, const int* exclude, const RayOptions& o,
                double* dist, int* geom, double* normal) {
  int n = 0;
  const int* ids = impl_->worlds_of(o.ids, o.id_count, n, "ray");
  require(o.rays >= 0 && o.rays <= (1 << 24), "Batch.ray: rays: allowed are 0 .. 16777216");
  const size_t count = static_cast<size_t>(n) * static_cast<size_t>(o.rays);
  for (size_t i = 0; i < 3 * count; ++i)
    if (!(std::fabs(pnt[i]) <= 1e10 && std::fabs(vec[i]) <= 1e10))
      throw Error("Batch.ray: ray " + std::to_string(i / 3) +
                  ": allowed are finite numbers up to 1e10");
  impl_->pull(ids, n);
  impl_->visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    const std::vector<S> from(pnt, pnt + 3 * count), way(vec, vec + 3 * count);
    std::vector<S> far(count), out(3 * count);
    impl_->run(w, ids, n, [&](int worker, const int* worlds, int size, const int* places) {
      RayQuery<S> q;
      q.rays = o.rays;
      q.rows = places;
      q.filter = o.filter;
      q.pnt = from.data();
      q.vec = way.data();
      q.exclude = exclude;
      q.dist = far.data();
      q.geom = geom;
      q.normal = out.data();
      w.kernels.rays(w.args(worker, *worlds), worlds, size, q);
    });
    std::copy(far.begin(), far.end(), dist);
    std::copy(out.begin(), out.end(), normal);
  });
}

void Batch::geom_distance(const int* geom1, const int* geom2, const double* distmax, int pairs,
                          const int* ids, int id_count, double* dist, double* fromto) {
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "geom_distance");
  require(pairs >= 0 && pairs <= (1 << 24),
          "Batch.geom_distance: pairs: allowed are 0 .. 16777216");
  const auto count = static_cast<size_t>(pairs), rows = static_cast<size_t>(n) * count;
  for (size_t i = 0; i < count; ++i) {
    const int geoms[] = {geom1[i], geom2[i]};
    for (const int g : geoms)
      require(g >= 0 && g < impl_->model->ngeom,
              "Batch.geom_distance: pair " + std::to_string(i) + ": geom " + std::to_string(g) +
                  ": the model has geoms 0 .. " + std::to_string(impl_->model->ngeom - 1));
    require(distmax[i] >= 0 && distmax[i] <= 1e10,
            "Batch.geom_distance: pair " + std::to_string(i) + ": distmax: allowed are 0 .. 1e10");
  }
  impl_->pull(list, n);
  impl_->visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    // searches need memory
    w.each_blob([](auto& b) { b.data.want_searches = true; });
    w.prepare(impl_->threads->count());
    const std::vector<S> most(distmax, distmax + count);
    std::vector<S> far(rows), points(6 * rows);
    impl_->run(w, list, n, [&](int worker, const int* worlds, int size, const int* places) {
      DistanceQuery<S> q;
      q.pairs = pairs;
      q.rows = places;
      q.geom1 = geom1;
      q.geom2 = geom2;
      q.distmax = most.data();
      q.dist = far.data();
      q.fromto = points.data();
      w.kernels.distances(w.args(worker, *worlds), worlds, size, q);
    });
    std::copy(far.begin(), far.end(), dist);
    std::copy(points.begin(), points.end(), fromto);
  });
}

std::vector<Contact> Batch::contacts(int world) {
  require(world >= 0 && world < worlds(), "Batch.contacts: no world " + std::to_string(world));
  const Model& m = impl_->model_at(world);
  impl_->pull(&world, 1);
  return impl_->visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;

    // one forward pass of this world alone; the scratch it leaves behind holds the contacts
    w.ready(impl_->threads->count());
    PackArgs<S> args = w.args(0, world);
    args.output_count = 0;
    uint32_t status = w.status[static_cast<size_t>(world)];
    single_kernels<S>().forward(args, &world, 1, Refresh::acc);
    w.status[static_cast<size_t>(world)] = status;
    const ModelData<S>& d = *args.model;
    ModelView<S> view = view_of<S>(d);
    const int first_block = d.neq + d.nballlimit + tendon_blocks(d);
    State<S> s;
    Scratch<S> x;
    layout(d, static_cast<char*>(args.scratch), view, s, x);
    std::vector<Contact> out;
    int contact_rows = 0;
    for (int k = 0; k < x.con_count[0]; ++k) {
      Contact c{};
      const int p = x.con_pair[k], row = x.blk_row[first_block + k];
      c.dist = static_cast<double>(x.con_dist[k]);
      const bool ahead = view.on(kFlagSpeculative) && x.con_ahead[k];
      c.dim = view.sticky && x.con_adhesion[k] > 0 && x.con_dist[k] >= view.pair_margin[p] && !ahead
                  ? 1  // pulls across its gap
                  : m.pair_condim[static_cast<size_t>(p)];
      c.geom1 = m.pair_geom1[static_cast<size_t>(p)];
      c.geom2 = m.pair_geom2[static_cast<size_t>(p)];
      for (int i = 0; i < 3; ++i) c.pos[i] = static_cast<double>(x.con_pos[3 * k + i]);
      for (int i = 0; i < 9; ++i) c.frame[i] = static_cast<double>(x.con_frame[9 * k + i]);
      for (int i = 0; i < 5; ++i) c.friction[i] = static_cast<double>(x.con_friction[5 * k + i]);
      // a contact in the gap has no rows
      const int rows = c.dim == 1 || m.cone == Cone::elliptic ? c.dim : 2 * (c.dim - 1);
      const bool acts = x.row_D[row + c.dim - 1] > 0;
      for (int i = 0; i < c.dim && acts; ++i) c.force[i] = static_cast<double>(x.row_f[row + i]);
      if (view.sticky) c.force[0] -= static_cast<double>(x.con_adhesion[k]);
      c.efc_address = acts ? contact_rows : -1;
      contact_rows += acts ? rows : 0;
      out.push_back(c);
    }
    // contacts come last
    const int first = static_cast<int>(x.nefc[0]) - contact_rows;
    for (Contact& c : out)
      if (c.efc_address >= 0) c.efc_address += first;
    return out;
  });
}

}  // namespace motorium
