// SPDX-License-Identifier: Apache-2.0
// Why a device cannot be opened, decided without CUDA, so that each reason is tested where there is no GPU.
#pragma once

#include "../../status.h"

#include <cstdint>
#include <optional>
#include <string>

namespace gatun::cuda {

// Results of counting the devices that have a reason of their own; numbers of cudaError_t.
constexpr int kStubLibrary = 34;
constexpr int kInsufficientDriver = 35;
constexpr int kNoDevice = 100;
constexpr int kSystemNotReady = 802;
constexpr int kDriverMismatch = 803;
constexpr int kCompatNotSupported = 804;

constexpr int kLeastCapability = 80;

// What was found, in the order in which it is looked at. Versions as CUDA writes them: 13000 is 13.0.
struct Probe {
  int driver = 0;   // 0: no libcuda.so.1
  int runtime = 0;  // built into the plug-in
  int status = 0;   // of counting the devices
  std::string status_text;
  int devices = 0;
  std::optional<std::string> visible;  // CUDA_VISIBLE_DEVICES, if set
  // Of the device that is wanted, where there is one of that index.
  std::string name;
  int capability = 0;  // 80, 90, ...
  bool pools = true;   // stream-ordered memory pools
};

// Empty where device `index` can be opened.
std::optional<Failure> refusal(const Probe& probe, int64_t index);

}  // namespace gatun::cuda
