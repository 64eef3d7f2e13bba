// SPDX-License-Identifier: Apache-2.0
#include "plugin.h"

#include "../library_folder.h"
#include "../status.h"

#include <cstdlib>
#include <dlfcn.h>

namespace gatun {

namespace {

constexpr const char* kCudaPlugin = "libgatun_cuda.so";

struct Plugin {
  const Backend* backend = nullptr;
  std::string reason;
};

Plugin open_cuda() {
  Plugin plugin;
  const char* told = std::getenv("GATUN_CUDA_PLUGIN");
  const std::string path = told != nullptr && *told != '\0' ? told : library_folder() + "/" + kCudaPlugin;
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    plugin.reason = text_of("the CUDA plug-in could not be loaded: ", dlerror(),
                            ". A build without nvcc has none: build Gatun where the CUDA toolkit is, or set "
                            "GATUN_CUDA_PLUGIN to the path of a ", kCudaPlugin, ", or use the CPU.");
    return plugin;
  }
  using Entry = const Backend* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(library, "gatun_plugin_backend"));
  const Backend* backend = entry == nullptr ? nullptr : entry();
  if (backend == nullptr || backend->version != kBackendVersion) {
    plugin.reason = text_of(path, " offers backend version ", backend == nullptr ? 0 : backend->version,
                            ", this libgatun.so wants ", kBackendVersion, ". Use files of one build.");
    return plugin;
  }
  plugin.backend = backend;
  return plugin;
}

}  // namespace

const Backend& cuda_backend() {
  static const Plugin plugin = open_cuda();
  if (plugin.backend == nullptr) throw Failure{GATUN_DEVICE_UNAVAILABLE, plugin.reason};
  return *plugin.backend;
}

}  // namespace gatun
