// SPDX-License-Identifier: Apache-2.0
// Each reason for which a CUDA device is refused, from what a machine would say; and this machine's own.
#include "../check.h"
#include "cuda/runtime/probe.h"
#include "status.h"

#include <cstdlib>

using namespace gatun;
using namespace gatun::cuda;

namespace {

// One Hopper device and a driver that fits.
Probe good() {
  Probe probe;
  probe.driver = probe.runtime = 13000;
  probe.devices = 1;
  probe.name = "NVIDIA H200";
  probe.capability = 90;
  return probe;
}

void refused(const Probe& probe, int64_t index, gatun_status status, std::initializer_list<const char*> parts) {
  const auto failure = refusal(probe, index);
  REQUIRE(failure.has_value());
  CHECK(failure->status == status, failure->status, failure->text);
  for (const char* part : parts) {
    CHECK(failure->text.find(part) != std::string::npos, failure->text, "| without:", part);
  }
}

TEST(usableDevicesAreTaken) {
  CHECK(!refusal(good(), 0).has_value());
  Probe oldest = good();
  oldest.capability = 80;
  oldest.devices = 3;
  CHECK(!refusal(oldest, 2).has_value());
  Probe newer_driver = good();
  newer_driver.driver = 13020;
  CHECK(!refusal(newer_driver, 0).has_value());
}

// The count keeps its initial value then, so the driver's version decides.
TEST(noDriverIsSaid) {
  Probe probe;
  probe.runtime = 13000;
  probe.status = kInsufficientDriver;
  refused(probe, 0, GATUN_DEVICE_UNAVAILABLE, {"no NVIDIA driver", "libcuda.so.1", "use the CPU"});
}

TEST(stubOfTheToolkitIsNoDriver) {
  Probe probe = good();
  probe.devices = 0;
  probe.status = kStubLibrary;
  for (int driver : {0, 13000}) {
    probe.driver = driver;
    refused(probe, 0, GATUN_DEVICE_UNAVAILABLE, {"stub", "lib64/stubs", "LD_LIBRARY_PATH"});
  }
}

TEST(olderDriverIsSaidWithBothVersions) {
  Probe probe = good();
  probe.driver = 12040;
  probe.devices = 0;
  probe.status = kInsufficientDriver;
  refused(probe, 0, GATUN_VERSION_MISMATCH, {"driver is for CUDA 12.4", "uses CUDA 13.0", "newer driver"});
}

TEST(driverThatDoesNotFitItsModuleIsSaid) {
  for (int status : {kDriverMismatch, kCompatNotSupported}) {
    Probe probe = good();
    probe.devices = 0;
    probe.status = status;
    probe.status_text = "system has unsupported display driver";
    refused(probe, 0, GATUN_VERSION_MISMATCH, {"CUDA 13.0", "unsupported display driver", "restart"});
  }
}

TEST(noDeviceIsSaid) {
  Probe probe = good();
  probe.devices = 0;
  probe.status = kNoDevice;
  refused(probe, 0, GATUN_DEVICE_UNAVAILABLE, {"sees no CUDA device", "nvidia-smi"});
  probe.status = 0;
  refused(probe, 0, GATUN_DEVICE_UNAVAILABLE, {"no CUDA device"});
}

TEST(hiddenDevicesAreSaid) {
  Probe probe = good();
  probe.devices = 0;
  probe.status = kNoDevice;
  probe.visible.emplace();
  refused(probe, 0, GATUN_DEVICE_UNAVAILABLE, {"CUDA_VISIBLE_DEVICES is set and empty", "unset it"});
  probe.visible.emplace("7");
  refused(probe, 0, GATUN_DEVICE_UNAVAILABLE, {"CUDA_VISIBLE_DEVICES is \"7\""});
  probe.status = 0;
  probe.devices = 1;
  refused(probe, 1, GATUN_DEVICE_UNAVAILABLE, {"no device cuda:1", "CUDA_VISIBLE_DEVICES is \"7\""});
}

TEST(indexOutOfRangeSaysHowManyThereAre) {
  Probe probe = good();
  refused(probe, 1, GATUN_DEVICE_UNAVAILABLE, {"no device cuda:1", "there is 1, cuda:0."});
  refused(probe, -1, GATUN_DEVICE_UNAVAILABLE, {"no device cuda:-1"});
  probe.devices = 4;
  refused(probe, 4, GATUN_DEVICE_UNAVAILABLE, {"no device cuda:4", "there are 4, cuda:0 to cuda:3"});
}

TEST(olderDeviceIsSaidWithNameAndCapability) {
  Probe probe = good();
  probe.name = "Tesla V100";
  probe.capability = 70;
  refused(probe, 0, GATUN_DEVICE_UNAVAILABLE, {"Tesla V100", "compute capability 7.0", "8.0"});
}

TEST(deviceWithoutPoolsIsSaid) {
  Probe probe = good();
  probe.pools = false;
  refused(probe, 0, GATUN_DEVICE_UNAVAILABLE, {"NVIDIA H200", "memory pools"});
}

TEST(whatElseCudaSaysIsPassedOn) {
  Probe probe = good();
  probe.status = 999;
  probe.status_text = "unknown error";
  refused(probe, 0, GATUN_DEVICE_UNAVAILABLE, {"unknown error", "999"});
  probe.status = kSystemNotReady;
  probe.status_text = "system not yet initialized";
  refused(probe, 0, GATUN_DEVICE_UNAVAILABLE, {"system not yet initialized", "nvidia-fabricmanager"});
}

// The real plug-in, where the build has it: it loads without a driver, and says that there is none.
TEST(pluginLoadsWithoutADriverAndSaysSo) {
  if (std::getenv("GATUN_CUDA_PLUGIN") == nullptr) throw check::Skip{"this build has no CUDA plug-in (no nvcc)"};
  gatun_device* device = nullptr;
  gatun_error error{};
  const gatun_status status = gatun_device_open(GATUN_CUDA, 0, nullptr, &device, &error);
  if (status == GATUN_OK) {
    gatun_device_close(device, nullptr);
    throw check::Skip{"there is a GPU here"};
  }
  const std::string text = error.text;
  if (text.find("no NVIDIA driver") == std::string::npos && text.find("could not be loaded") == std::string::npos) {
    throw check::Skip{text_of("there is a driver here: ", text)};
  }
  CHECK(status == GATUN_DEVICE_UNAVAILABLE, status);
  CHECK(text.find("libcuda.so.1") != std::string::npos, text);
  CHECK(device == nullptr);
}

}  // namespace
