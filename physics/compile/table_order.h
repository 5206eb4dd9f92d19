// The order in which MuJoCo walks what it keeps in an unordered map: a table of chains that holds
// all entries in one list and grows through primes (libc++'s). Which polygon of a hull comes first
// decides which of equal contacts is found, so the order is part of the format.
#pragma once
#include <cstdint>
#include <vector>

namespace motorium {

class TableOrder {
 public:
  // entries come with their hash, numbered 0, 1, 2, ...
  void add(uint64_t hash);
  // numbers of the entries as the table lists them
  std::vector<int> walk() const;

 private:
  // node 0 is the head of the list, node i + 1 is entry i
  int bucket_of(int node) const { return static_cast<int>(hash_[node] % bucket_.size()); }
  void grow(int buckets);

  std::vector<uint64_t> hash_ = {0};
  std::vector<int> next_ = {0};  // 0 ends the list: nothing points back to the head
  std::vector<int> bucket_;      // node before the first one of a bucket, -1: empty
};

}  // namespace motorium
