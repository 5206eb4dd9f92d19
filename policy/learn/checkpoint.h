// Checkpoint files: a policy file with the learner's and the environment's whole state beside it.
// Metadata holds the format number, the configuration and a 64-bit hash per tensor; loading
// verifies all of it, so a torn or altered file is never used.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "motorium/policy/learn/config.h"
#include "motorium/policy/nn/safetensors.h"

namespace motorium {

uint64_t hash_bytes(const void* data, size_t size);

// Adds "hash/<tensor>" for every tensor of the writer and gives the file.
std::vector<uint8_t> seal(SafetensorsWriter writer);
// Parses a sealed file and verifies every hash; throws Error that names the tensor.
Safetensors open_sealed(std::vector<uint8_t> bytes, const std::string& origin);

// Checkpoints <directory>/<stem>_<number>.safetensors, smallest number first.
std::vector<std::pair<int, std::string>> numbered_files(const std::string& directory,
                                                        const std::string& stem);
// Newest checkpoint of a run folder that verifies, or the file itself when `path` is one; bad ones
// are named to `tell` and skipped. Throws Error when there is none.
Safetensors open_checkpoint(const std::string& path,
                            const std::function<void(const std::string&)>& tell);
// Removes all but the newest `keep` of them.
void remove_old_files(const std::string& directory, const std::string& stem, int keep);
// Makes the folder, removes temporaries that a dead process left, and proves that a durable write
// works; throws Error otherwise.
void prepare_run_folder(const std::string& directory);

}  // namespace motorium
