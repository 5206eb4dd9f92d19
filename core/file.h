// Whole files at the edge of the program: read with a limit, written so that they last.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace motorium {

// The system calls that write_durably makes, in one table, so that a test can trace them or make
// them fail. Results and errno as in the system.
struct FileCalls {
  int (*open)(const char* path, int flags, mode_t mode);
  ssize_t (*write)(int file, const void* data, size_t bytes);
  int (*change_mode)(int file, mode_t mode);
  int (*sync)(int file);
  int (*close)(int file);
  int (*rename)(const char* from, const char* to);
  int (*unlink)(const char* path);
};
const FileCalls& system_file_calls();

// All bytes of a regular file of at most `limit` bytes (a folder, device or pipe is refused).
// Throws Error with the path and the reason.
std::string read_file(const std::string& path, uint64_t limit);

// Replaces a file so that after a kill or power cut either the old or the new bytes are found, and
// the new ones once this function has returned. Order: temporary file `.<name>.<pid>.<random>.tmp`
// in the same folder, write, fsync, rename, fsync of the folder. Keeps the mode of the file that it
// replaces. On any failure it removes the temporary file, leaves the old one and throws Error.
void write_durably(const std::string& path, const std::vector<std::string_view>& parts,
                   const FileCalls& calls = system_file_calls());
void write_durably(const std::string& path, std::string_view bytes,
                   const FileCalls& calls = system_file_calls());

// Writes, renames and removes a small file, so that a run refuses at once a folder that cannot keep
// its results. Throws Error.
void probe_folder(const std::string& folder, const FileCalls& calls = system_file_calls());

// removes temporary files that processes left which no longer live; returns how many
int remove_stale_temporaries(const std::string& folder);

}  // namespace motorium
