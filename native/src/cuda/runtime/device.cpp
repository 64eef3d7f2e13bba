// SPDX-License-Identifier: Apache-2.0
#include "device.h"

#include "libraries.h"
#include "probe.h"

#include <cstdlib>
#include <cstring>

namespace gatun::cuda {

static_assert(kStubLibrary == cudaErrorStubLibrary && kInsufficientDriver == cudaErrorInsufficientDriver &&
              kNoDevice == cudaErrorNoDevice && kSystemNotReady == cudaErrorSystemNotReady &&
              kDriverMismatch == cudaErrorSystemDriverMismatch &&
              kCompatNotSupported == cudaErrorCompatNotSupportedOnDevice);

namespace {

int attribute(cudaDeviceAttr which, int32_t index) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, index), "asking the device");
  return value;
}

Probe probe_of(int32_t index) {
  Probe probe;
  (void)cudaDriverGetVersion(&probe.driver);
  (void)cudaRuntimeGetVersion(&probe.runtime);
  const cudaError_t counted = cudaGetDeviceCount(&probe.devices);  // which leaves the count alone where it fails
  probe.status = counted;
  probe.status_text = cudaGetErrorString(counted);
  (void)cudaGetLastError();
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) probe.visible = visible;
  if (index >= 0 && index < probe.devices) {
    cudaDeviceProp device;
    check(cudaGetDeviceProperties(&device, index), "asking the device");
    probe.name = device.name;
    probe.capability = device.major * 10 + device.minor;
    probe.pools = attribute(cudaDevAttrMemoryPoolsSupported, index) != 0;
  }
  return probe;
}

}  // namespace

void Device::bind() const {
  int current = -1;
  if (cudaGetDevice(&current) != cudaSuccess || current != index) check(cudaSetDevice(index), "using the device");
}

const Limits& limits(gatun_stream* stream) { return device_of(stream).limits; }

gatun_status device_open(int32_t index, const gatun_device_options& options, gatun_device** device,
                         gatun_error* error) {
  return guard(error, [&] {
    const Probe probe = probe_of(index);
    if (const auto failure = refusal(probe, index)) throw *failure;
    const cudaError_t used = cudaSetDevice(index);
    if (used != cudaSuccess) {
      (void)cudaGetLastError();
      fail(GATUN_DEVICE_UNAVAILABLE, "cuda:", index, ", ", probe.name, ", could not be used: ", cudaGetErrorString(used),
           " (", cudaGetErrorName(used), ")");
    }
    auto opened = std::make_unique<Device>();
    opened->backend = &table();
    opened->kind = GATUN_CUDA;
    opened->index = index;
    opened->name = probe.name;
    opened->limits = {attribute(cudaDevAttrMultiProcessorCount, index),
                      attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, index), probe.capability};
    size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "asking the device");
    opened->total_memory = static_cast<int64_t>(total);
    opened->source.create();
    opened->pool.emplace(opened->source, options.memory_limit > 0 ? options.memory_limit : opened->total_memory);
    *device = opened.release();
  });
}

gatun_status device_close(gatun_device* device, gatun_error* error) {
  return guard(error, [&] {
    Device& closing = own(device);
    if (closing.buffers_live + closing.handles > 0) {
      fail(GATUN_INVALID_ARGUMENT, "the device still has ", closing.buffers_live.load(), " buffers or weights and ",
           closing.handles.load(), " streams, events, graphs or wrapped buffers; close them first");
    }
    closing.bind();
    retire(closing.mark);
    delete &closing;
  });
}

gatun_status device_info(gatun_device* device, gatun_device_info* info, gatun_error* error) {
  return guard(error, [&] {
    const Device& of = own(device);
    *info = {};
    info->struct_size = sizeof *info;
    info->kind = GATUN_CUDA;
    info->index = of.index;
    info->graphs = 1;
    info->memory_bytes = of.total_memory;
    std::strncpy(info->name, of.name.c_str(), sizeof info->name - 1);
    std::strncpy(info->libraries, libraries_report().c_str(), sizeof info->libraries - 1);
  });
}

}  // namespace gatun::cuda
