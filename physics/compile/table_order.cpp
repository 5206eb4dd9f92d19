#include "motorium/physics/compile/table_order.h"

namespace motorium {
namespace {

int next_prime(int n) {
  for (;; ++n) {
    bool prime = n > 1;
    for (int64_t d = 2; prime && d * d <= n; ++d) prime = n % d != 0;
    if (prime) return n;
  }
}

}  // namespace

void TableOrder::add(uint64_t hash) {
  const int node = static_cast<int>(next_.size()), count = node;
  hash_.push_back(hash);
  next_.push_back(0);
  if (count > static_cast<int>(bucket_.size())) {
    const int wanted = 2 * static_cast<int>(bucket_.size()) + 1;
    grow(wanted == 1 ? 2 : next_prime(wanted));
  }
  // in front of its bucket; a bucket that was empty comes first of all
  int& before = bucket_[bucket_of(node)];
  const bool fresh = before < 0;
  if (fresh) before = 0;
  next_[node] = next_[before];
  next_[before] = node;
  if (fresh && next_[node] > 0) bucket_[bucket_of(next_[node])] = node;
}

// keeps runs of one new bucket together, moves what comes later behind the run's head
void TableOrder::grow(int buckets) {
  bucket_.assign(buckets, -1);
  if (next_[0] == 0) return;
  int last = next_[0], run = bucket_of(last);
  bucket_[run] = 0;
  for (int node = next_[last]; node > 0; node = next_[last]) {
    const int here = bucket_of(node);
    if (here == run) {
      last = node;
    } else if (bucket_[here] < 0) {
      bucket_[here] = last;
      last = node;
      run = here;
    } else {
      next_[last] = next_[node];
      next_[node] = next_[bucket_[here]];
      next_[bucket_[here]] = node;
    }
  }
}

std::vector<int> TableOrder::walk() const {
  std::vector<int> out;
  for (int node = next_[0]; node > 0; node = next_[node]) out.push_back(node - 1);
  return out;
}

}  // namespace motorium
