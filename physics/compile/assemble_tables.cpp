#include "motorium/physics/compile/assemble.h"

namespace motorium {
namespace {

// trees of dofs: the parent of a dof is the one before it on the way to the root
void dof_tree(Model& m) {
  std::vector<int> last(m.nbody, -1);
  m.body_treeid.assign(m.nbody, -1);
  m.dof_parentid.resize(m.nv);
  m.dof_treeid.resize(m.nv);
  for (int b = 1; b < m.nbody; ++b) {
    const int parent = m.body_parentid[b];
    last[b] = last[parent];
    m.body_treeid[b] = m.body_treeid[parent];
    for (int i = 0; i < m.body_dofnum[b]; ++i) {
      const int dof = m.body_dofadr[b] + i;
      m.dof_parentid[dof] = last[b];
      if (last[b] < 0) m.body_treeid[b] = m.ntree++;
      m.dof_treeid[dof] = m.body_treeid[b];
      last[b] = dof;
    }
  }
}

// rows of the inertia matrix: ancestors from the root, then the diagonal
void inertia_rows(Model& m) {
  m.dof_descnum.assign(m.nv, 0);
  for (int i = 0; i < m.nv; ++i) {
    m.M_rowadr.push_back(m.nM);
    const int parent = m.dof_parentid[i];
    if (parent >= 0) {
      const int start = m.M_rowadr[parent], count = m.M_rownum[parent];
      for (int k = 0; k < count; ++k) {
        const int column = m.M_col[start + k];
        m.M_col.push_back(column);
        ++m.dof_descnum[column];
      }
    }
    m.M_col.push_back(i);
    m.M_rownum.push_back(static_cast<int>(m.M_col.size()) - m.nM);
    m.nM = static_cast<int>(m.M_col.size());
  }
}

void body_levels(Model& m) {
  std::vector<int> level(m.nbody, 0);
  m.nlevel = 0;
  for (int b = 0; b < m.nbody; ++b) {
    if (b > 0) level[b] = level[m.body_parentid[b]] + 1;
    m.nlevel = std::max(m.nlevel, level[b] + 1);
  }
  // counting sort keeps ids rising within a depth
  m.level_adr.assign(m.nlevel + 1, 0);
  for (int b = 0; b < m.nbody; ++b) ++m.level_adr[level[b] + 1];
  for (int l = 0; l < m.nlevel; ++l) m.level_adr[l + 1] += m.level_adr[l];
  m.level_body.resize(m.nbody);
  std::vector<int> next = m.level_adr;
  for (int b = 0; b < m.nbody; ++b) m.level_body[next[level[b]]++] = b;
}

// the world is nobody's child; its entry ends the list
void body_children(Model& m) {
  m.body_childnum.assign(m.nbody, 0);
  for (int b = 1; b < m.nbody; ++b) ++m.body_childnum[m.body_parentid[b]];
  m.body_childadr.resize(m.nbody);
  int sum = 0;
  for (int b = 0; b < m.nbody; ++b) {
    m.body_childadr[b] = sum;
    sum += m.body_childnum[b];
  }
  m.child_body.assign(m.nbody, 0);
  std::vector<int> next = m.body_childadr;
  for (int b = 1; b < m.nbody; ++b) m.child_body[next[m.body_parentid[b]]++] = b;
}

void dof_masks(Model& m) {
  m.nword = (m.nv + 31) / 32;
  m.body_dofmask.assign(static_cast<size_t>(m.nbody) * m.nword, 0);
  for (int b = 1; b < m.nbody; ++b) {
    int* mask = m.body_dofmask.data() + static_cast<size_t>(b) * m.nword;
    const int* parent = m.body_dofmask.data() + static_cast<size_t>(m.body_parentid[b]) * m.nword;
    for (int w = 0; w < m.nword; ++w) mask[w] = parent[w];
    for (int i = 0; i < m.body_dofnum[b]; ++i) {
      const int dof = m.body_dofadr[b] + i;
      mask[dof / 32] = static_cast<int>(static_cast<uint32_t>(mask[dof / 32]) | 1u << dof % 32);
    }
  }
}

void limit_lists(Model& m) {
  m.jnt_limitadr.assign(m.njnt, -1);
  for (int j = 0; j < m.njnt; ++j) {
    if (!m.jnt_limited[j]) continue;
    const bool ball = static_cast<JointType>(m.jnt_type[j]) == JointType::ball;
    std::vector<int>& list = ball ? m.balllimit_jnt : m.limit_jnt;
    m.jnt_limitadr[j] = static_cast<int>(list.size());
    list.push_back(j);
  }
  m.nlimit = static_cast<int>(m.limit_jnt.size());
  m.nballlimit = static_cast<int>(m.balllimit_jnt.size());
}

void friction_rows(Model& m) {
  for (const double loss : m.dof_frictionloss) m.dof_frictionrow.push_back(loss > 0);
}

}  // namespace

void assemble_tables(Assembly& a) {
  dof_tree(a.m);
  inertia_rows(a.m);
  body_levels(a.m);
  body_children(a.m);
  dof_masks(a.m);
  limit_lists(a.m);
  friction_rows(a.m);
}

}  // namespace motorium
