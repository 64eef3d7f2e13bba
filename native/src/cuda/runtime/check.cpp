// SPDX-License-Identifier: Apache-2.0
#include "check.h"

namespace gatun::cuda {

bool lost(cudaError_t result) {
  switch (result) {
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContained:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorContextIsDestroyed:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorTensorMemoryLeak:
    case cudaErrorExternalDevice:
    case cudaErrorUnknown:
      return true;
    default:
      return false;
  }
}

void check(cudaError_t result, const char* doing) {
  if (result == cudaSuccess) return;
  (void)cudaGetLastError();  // or the next launch would report it once more
  const char *name = cudaGetErrorName(result), *text = cudaGetErrorString(result);
  if (lost(result)) {
    fail(GATUN_DEVICE_LOST, doing, " failed: ", text, " (", name,
         "). The device needs a new process: nothing of it works any more in this one.");
  }
  if (result == cudaErrorMemoryAllocation) {
    fail(GATUN_OUT_OF_MEMORY, doing, " found no memory: ", text, " (", name,
         "). Lower the batch or the window, or end other programs on the device.");
  }
  fail(GATUN_LAUNCH_FAILED, doing, " failed: ", text, " (", name, ")");
}

}  // namespace gatun::cuda
