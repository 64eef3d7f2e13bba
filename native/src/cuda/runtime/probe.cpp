// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

namespace gatun::cuda {

namespace {

std::string version(int number) { return text_of(number / 1000, ".", number % 1000 / 10); }

std::string visible_devices(const Probe& probe) {
  if (!probe.visible) return "";
  if (probe.visible->empty()) return " CUDA_VISIBLE_DEVICES is set and empty, which hides every device: unset it.";
  return text_of(" CUDA_VISIBLE_DEVICES is \"", *probe.visible, "\"; only what it lists is seen.");
}

Failure unavailable(std::string text) { return {GATUN_DEVICE_UNAVAILABLE, std::move(text)}; }

std::optional<Failure> no_count(const Probe& probe) {
  switch (probe.status) {
    case 0:
      return {};
    case kStubLibrary:
      return unavailable(
          "the libcuda.so.1 that was found is the CUDA toolkit's stub, not a driver; take the toolkit's folder lib64/stubs "
          "out of LD_LIBRARY_PATH");
    case kInsufficientDriver:
      return Failure{GATUN_VERSION_MISMATCH,
                     text_of("the NVIDIA driver is for CUDA ", version(probe.driver), ", this build of Gatun uses CUDA ",
                             version(probe.runtime), "; install a newer driver, or build Gatun with an older CUDA toolkit")};
    case kDriverMismatch:
    case kCompatNotSupported:
      return Failure{GATUN_VERSION_MISMATCH,
                     text_of("the NVIDIA driver's libcuda.so.1 (CUDA ", version(probe.driver),
                             ") does not fit its kernel module or this device: ", probe.status_text,
                             "; use the libcuda.so.1 of the installed driver (check LD_LIBRARY_PATH), or restart the machine "
                             "after an update of the driver")};
    case kSystemNotReady:
      return unavailable(text_of("the devices are not ready yet: ", probe.status_text,
                                 "; on machines with NVSwitch the service nvidia-fabricmanager must run"));
    case kNoDevice:
      return unavailable(text_of("the NVIDIA driver (CUDA ", version(probe.driver), ") sees no CUDA device.",
                                 probe.visible ? visible_devices(probe) : " nvidia-smi -L lists what there is."));
    default:
      return unavailable(text_of("the CUDA devices could not be counted: ", probe.status_text, " (", probe.status, ")"));
  }
}

}  // namespace

std::optional<Failure> refusal(const Probe& probe, int64_t index) {
  if (probe.driver == 0 && probe.status != kStubLibrary) {
    return unavailable("there is no NVIDIA driver: libcuda.so.1 was not found; install the driver, or use the CPU");
  }
  if (auto failure = no_count(probe)) return failure;
  if (probe.devices == 0) {
    return unavailable(text_of("there is no CUDA device.", visible_devices(probe)));
  }
  if (index < 0 || index >= probe.devices) {
    return unavailable(text_of("there is no device cuda:", index, "; there ", probe.devices == 1 ? "is 1" : "are ",
                               probe.devices == 1 ? "" : text_of(probe.devices), ", cuda:0",
                               probe.devices == 1 ? "." : text_of(" to cuda:", probe.devices - 1, "."),
                               visible_devices(probe)));
  }
  if (probe.capability < kLeastCapability) {
    return unavailable(text_of("cuda:", index, " is ", probe.name, " of compute capability ", probe.capability / 10, ".",
                               probe.capability % 10, "; Gatun needs ", kLeastCapability / 10, ".", kLeastCapability % 10,
                               " or newer (Ampere, 2020)"));
  }
  if (!probe.pools) {
    return unavailable(text_of("cuda:", index, ", ", probe.name,
                               ", has no stream-ordered memory pools here, which Gatun allocates from; a virtual GPU needs "
                               "a profile with unified memory"));
  }
  return {};
}

}  // namespace gatun::cuda
