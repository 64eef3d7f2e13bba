// SPDX-License-Identifier: Apache-2.0
#include "library_folder.h"

#include <cstdlib>
#include <dlfcn.h>
#include <sstream>

namespace gatun {

std::string library_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&library_folder), &info) == 0 || info.dli_fname == nullptr) return ".";
  const std::string path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

bool disabled(const char* name) {
  const char* list = std::getenv("GATUN_DISABLE");
  if (list == nullptr) return false;
  std::istringstream names(list);
  for (std::string listed; std::getline(names, listed, ',');) {
    if (listed == name) return true;
  }
  return false;
}

}  // namespace gatun
