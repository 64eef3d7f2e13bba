// SPDX-License-Identifier: Apache-2.0
// Where NVIDIA's libraries are looked for, in a folder made for it.
#include "../check.h"
#include "cuda/runtime/libraries.h"
#include "gatun/gatun.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace gatun::cuda;
namespace fs = std::filesystem;

namespace {

const Library kBlas{"cuBLASLt", "cublas", {"libcublasLt.so.13", "libcublasLt.so.12"}};
const Library kDnn{"cuDNN", "cudnn", {"libcudnn.so.9"}};

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("gatun_cuda_libraries_" + std::to_string(getpid()))) {
    fs::create_directories(path_);
    path_ = fs::canonical(path_);
  }
  ~Folder() { fs::remove_all(path_); }

  std::string put(const std::string& name) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << "library";
    return (path_ / name).string();
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

std::string nowhere(const char*) { return ""; }

TEST(eachLayoutOfAFolderIsSearched) {
  for (const char* place : {"", "lib/", "lib64/", "nvidia/cublas/lib/", "nvidia/cu13/lib/"}) {
    const Folder folder;
    const std::string put = folder.put(std::string(place) + "libcublasLt.so.13");
    CHECK(find_library(kBlas, folders_of(folder.path())) == put, place);
    CHECK(find_library(kDnn, folders_of(folder.path())).empty());
  }
  const Folder folder;
  const std::string put = folder.put("nvidia/cudnn/lib/libcudnn.so.9");
  CHECK(find_library(kDnn, folders_of(folder.path())) == put);
  folder.put("nvidia/cu13/lib/libcublasLt.so.13");
  CHECK(find_library(kDnn, folders_of(folder.path() + "/nvidia/cu13")) == put, "the package beside");
  CHECK(folders_of("").empty());
}

TEST(newestVersionWinsAndItsRealNameIsTold) {
  const Folder folder;
  folder.put("libcublasLt.so.12");
  const std::string real = folder.put("lib/libcublasLt.so.13.1.2");
  fs::create_symlink(real, folder.path() + "/lib/libcublasLt.so.13");
  CHECK(find_library(kBlas, folders_of(folder.path())) == real);
  const std::string text = describe(kBlas, {folders_of(folder.path()), "", nowhere});
  CHECK(text == "cuBLASLt: found (" + real + "), not used by this version", text);
}

TEST(linksToNothingAreNotFound) {
  const Folder folder;
  fs::create_symlink(folder.path() + "/gone", folder.path() + "/libcudnn.so.9");
  fs::create_directories(folder.path() + "/libcublasLt.so.13");
  CHECK(find_library(kDnn, folders_of(folder.path())).empty());
  CHECK(find_library(kBlas, folders_of(folder.path())).empty(), "a folder is no library");
}

TEST(loadersPathComesLast) {
  const Folder folder;
  const auto loader = [](const char* name) { return std::string("/loader/") + name; };
  CHECK(describe(kDnn, {{folder.path()}, "", loader}) == "cuDNN: found (/loader/libcudnn.so.9), not used by this version");
  const std::string put = folder.put("libcudnn.so.9");
  CHECK(describe(kDnn, {{folder.path()}, "", loader}).find(put) != std::string::npos);
}

TEST(absentLibrariesAreToldWithThePlaces) {
  CHECK(describe(kBlas, {{"/a", "/b"}, "/a, /b", nowhere}) == "cuBLASLt: no libcublasLt.so.13 in /a, /b");
}

TEST(disabledLibrariesAreNotLookedFor) {
  setenv("GATUN_DISABLE", "winograd,cudnn", 1);
  const auto loader = [](const char*) -> std::string {
    CHECK(false, "it was looked for");
    return "";
  };
  CHECK(describe(kDnn, {{}, "", loader}) == "cuDNN: disabled by GATUN_DISABLE");
  CHECK(describe(kBlas, {{}, "", nowhere}).find("disabled") == std::string::npos);
  unsetenv("GATUN_DISABLE");
}

TEST(reportSaysWhatServesTheOperations) {
  CHECK(libraries_report().starts_with("all operations: own kernels; cuBLASLt: "), libraries_report());
  CHECK(libraries_report().find("; cuDNN: ") != std::string::npos, libraries_report());
  CHECK(libraries_report().size() < sizeof(gatun_device_info::libraries), libraries_report());
}

}  // namespace
