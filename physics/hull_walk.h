// The hull of a mesh for walks along its edges: for each vertex an entry of its own and one for
// each neighbour, all in one array. A step of a walk reads neighbours one after another and then
// knows where to go on, so that it waits for one place in memory and not for numbers of numbers.
#pragma once

namespace motorium {

// next: where the entries of the neighbour begin; of a vertex' own entry, which ends the entries
// before it, -1 - its number in the mesh. An own entry closes the array
template <class S> struct HullEntry {
  S place[3];
  int next;
};

}  // namespace motorium
