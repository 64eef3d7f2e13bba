// SPDX-License-Identifier: Apache-2.0
#include "libraries.h"

#include "../../library_folder.h"
#include "../../status.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <link.h>

namespace gatun::cuda {

namespace fs = std::filesystem;

std::vector<std::string> folders_of(const std::string& told) {
  if (told.empty()) return {};
  std::vector<std::string> folders{told};
  for (const char* below : {"lib", "lib64", "nvidia/cublas/lib", "nvidia/cu13/lib", "nvidia/cu12/lib", "nvidia/cudnn/lib",
                            "../cublas/lib", "../cudnn/lib"}) {
    folders.push_back(told + "/" + below);
  }
  return folders;
}

std::string find_library(const Library& library, const std::vector<std::string>& folders) {
  for (const char* name : library.names) {
    for (const std::string& folder : folders) {
      std::error_code ignored;
      const fs::path real = fs::canonical(fs::path(folder) / name, ignored);
      if (!ignored && fs::is_regular_file(real, ignored)) return real.string();
    }
  }
  return "";
}

std::string describe(const Library& library, const Places& places) {
  if (disabled(library.key)) return text_of(library.title, ": disabled by GATUN_DISABLE");
  std::string path = find_library(library, places.folders);
  for (const char* name : library.names) {
    if (path.empty()) path = places.loader(name);
  }
  if (!path.empty()) return text_of(library.title, ": found (", path, "), not used by this version");
  return text_of(library.title, ": no ", library.names.front(), " in ", places.text);
}

namespace {

// Where the loader's own path has it. Loaded for that long only: what it is for is told by its name.
std::string in_loader_path(const char* name) {
  void* library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return "";
  const link_map* map = nullptr;
  std::string path = name;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map != nullptr) path = map->l_name;
  dlclose(library);
  return path;
}

}  // namespace

const std::string& libraries_report() {
  static const std::string report = [] {
    const char* told = std::getenv("GATUN_CUDA_PATH");
    const bool is_told = told != nullptr && *told != '\0';
    constexpr const char* kToolkit = "/usr/local/cuda/lib64";
    Places places{folders_of(is_told ? told : ""),
                  text_of(is_told ? "GATUN_CUDA_PATH and its library folders, " : "", kToolkit, ", the loader's path",
                          is_told ? "" : "; GATUN_CUDA_PATH names another folder"),
                  in_loader_path};
    places.folders.push_back(kToolkit);
    const Library cublas{"cuBLASLt", "cublas", {"libcublasLt.so.13", "libcublasLt.so.12"}};
    const Library cudnn{"cuDNN", "cudnn", {"libcudnn.so.9"}};
    return text_of("all operations: own kernels; ", describe(cublas, places), "; ", describe(cudnn, places));
  }();
  return report;
}

}  // namespace gatun::cuda
