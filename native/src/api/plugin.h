// SPDX-License-Identifier: Apache-2.0
// Backends that live in plug-ins beside libgatun.so.
#pragma once

#include "../backend.h"

namespace gatun {

// Opens libgatun_cuda.so on first use. Throws DEVICE_UNAVAILABLE with the folder it looked in and the loader's reason.
const Backend& cuda_backend();

}  // namespace gatun
