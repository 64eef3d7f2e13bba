// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace gatun {

// The folder libgatun.so was loaded from: its plug-ins lie beside it.
std::string library_folder();

// Whether the environment variable GATUN_DISABLE, a list separated by commas, names a library or a method.
bool disabled(const char* name);

}  // namespace gatun
