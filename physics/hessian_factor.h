// H = L' D L without fill beyond its pattern (hessian.h), and what it solves. L D is kept where H
// was, and -1 / D.
#pragma once
#include "motorium/physics/hessian.h"

namespace motorium {

// For the dofs of the present island: the rows below each column, and each row cut into chunks of
// consecutive columns, without the diagonal. One worker.
template <class Team, class Real>
FN void plan_factor(Team, const ModelView<Real>& m, Scratch<Real>& x) {
  // columns may lie outside the island where another world of the pack couples them
  for (int i = 0; i < m.nv; ++i) x.H_below_num[i] = 0;
  for (int i = x.dof_count - 1; i >= 0; --i) {
    const int k = x.dof_list[i];
    const int start = static_cast<int>(bytes_between(x.H, x.H + x.H_start[k]));
    unsigned* chunk = x.H_chunk + k * m.nv;
    int chunks = 0;
    const auto column_run = [&](int first, int end) {
      for (int c = first; c < end; ++c) {
        const int at = c * m.nv + x.H_below_num[c]++;
        x.H_below[at] = k;
        x.H_below_row[at] = start;
      }
      // pieces of nearly one length
      for (int pieces = (end - first + Team::kChunk - 1) / Team::kChunk; pieces > 0; --pieces) {
        const int take = (end - first + pieces - 1) / pieces;
        chunk[chunks++] = static_cast<unsigned>(first * 16 + take);
        first += take;
      }
    };

    // runs of bits; one may go on in the next word
    int first = 0, end = 0;
    for (int w = 0; w < m.nword; ++w) {
      unsigned left = x.H_mask[k * m.nword + w];
      while (left) {
        const int low = lowest_bit(left);
        const unsigned over = left + (1u << low);  // the run's carry; 0: it fills the word
        const int high = over ? lowest_bit(over) : 32;
        left = over ? left & over : 0u;
        if (32 * w + low != end) {
          column_run(first, end);
          first = 32 * w + low;
        }
        end = 32 * w + high;
      }
    }
    column_run(first, end);
    x.H_chunks[k] = chunks;
  }
}

// Row i gathers from the rows below it, which are final and hold L_k D_k:
//   c = -L_ki = -(L_ki D_k) / D_k,   row_i += c row_k up to the diagonal, which is then D_i
template <class Team, class Real>
STAGE void hessian_factor(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  Real *c = x.vec_a, *H = x.H, *inv = x.H_inv;
  for (int d = x.dof_count - 1; d >= 0; --d) {
    const int i = x.dof_list[d], count = x.H_below_num[i], chunks = x.H_chunks[i];
    const int *below = x.H_below + i * m.nv, *rows = x.H_below_row + i * m.nv;
    const unsigned* chunk = x.H_chunk + i * m.nv;
    Real* row = H + x.H_start[i];
    team.each(count, [&](int b) { c[b] = *bytes_behind(H + i, rows[b]) * inv[below[b]]; });

    // First the chunk that ends with the diagonal, so that others run while its pivot is inverted
    const unsigned at = static_cast<unsigned>(i), last = chunks > 0 ? chunk[chunks - 1] : 0u;
    const bool beside = chunks > 0 && last / 16 + last % 16 == at && last % 16 < Team::kChunk;
    const unsigned start = beside ? last / 16 : at;
    team.each(beside ? chunks : chunks + 1, [&](int q) {
      if (q == 0) {
        with_columns<Team::kChunk>(static_cast<int>(at - start) + 1, [&](auto n) {
          add_rows<n>(count, c, H + start, rows, row + start);
          inv[i] = Real(-1.f) / row[start + n - 1];
        });
        return;
      }
      const unsigned first = chunk[q - 1] / 16;
      with_columns<Team::kChunk>(static_cast<int>(chunk[q - 1] % 16), [&](auto n) {
        add_rows<n>(count, c, H + first, rows, row + first);
      });
    });
  }
}

// y <- H^-1 y
template <class Team, class Real>
STAGE void hessian_solve(Team team, const ModelView<Real>& m, const Scratch<Real>& x, Real* y) {
  for (int i = x.dof_count - 1; i >= 0; --i) {
    const int k = x.dof_list[i];
    const unsigned* chunk = x.H_chunk + k * m.nv;
    const Real* row = x.H + x.H_start[k];
    const Real last = y[k] * x.H_inv[k];
    team.each(x.H_chunks[k], [&](int q) {
      const unsigned first = chunk[q] / 16;
      with_columns<Team::kChunk>(static_cast<int>(chunk[q] % 16),
                                 [&](auto n) { add_scaled<n>(last, row + first, y + first); });
    });
  }
  team.each(x.dof_count, [&](int i) {
    const int k = x.dof_list[i];
    y[k] = -(y[k] * x.H_inv[k]);
  });
  for (int i = 0; i < x.dof_count; ++i)
    team.once([&] {
      const int k = x.dof_list[i];
      const unsigned* chunk = x.H_chunk + k * m.nv;
      const Real* row = x.H + x.H_start[k];
      Real sum = Real(0.f);
      for (int q = 0; q < x.H_chunks[k]; ++q) {
        const unsigned first = chunk[q] / 16;
        with_columns<Team::kChunk>(static_cast<int>(chunk[q] % 16), [&](auto n) {
          sum = add_products<n>(row + first, y + first, sum);
        });
      }
      y[k] = fma(x.H_inv[k], sum, y[k]);
    });
}

}  // namespace motorium
