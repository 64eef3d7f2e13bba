// SPDX-License-Identifier: Apache-2.0
// Which of NVIDIA's libraries are here. No operation is served by one so far: they are looked for, not loaded.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace gatun::cuda {

struct Library {
  const char* title;
  const char* key;                 // in GATUN_DISABLE
  std::vector<const char*> names;  // of its file, the one wanted most first
};

// The folders that a user's folder stands for: itself, its lib and lib64, and those of NVIDIA's Python packages in it.
std::vector<std::string> folders_of(const std::string& told);

// The first of the files that is in one of the folders, the version in its real name included; empty if none.
std::string find_library(const Library& library, const std::vector<std::string>& folders);

struct Places {
  std::vector<std::string> folders;
  std::string text;                                // names them for people
  std::function<std::string(const char*)> loader;  // where the dynamic loader finds a file; empty if it does not
};

// One sentence: found where, or looked for where.
std::string describe(const Library& library, const Places& places);

// Which library serves which operation, for device info. Looks once in a process.
const std::string& libraries_report();

}  // namespace gatun::cuda
