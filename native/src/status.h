// SPDX-License-Identifier: Apache-2.0
// How a failure travels inside the library: thrown as Failure, turned into status and text at the border.
#pragma once

#include "gatun/gatun.h"

#include <cstring>
#include <exception>
#include <new>
#include <sstream>
#include <string>

namespace gatun {

struct Failure {
  gatun_status status;
  std::string text;
};

template <class... Parts>
std::string text_of(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <class... Parts>
[[noreturn]] void fail(gatun_status status, const Parts&... parts) {
  throw Failure{status, text_of(parts...)};
}

inline gatun_status report(gatun_error* error, gatun_status status, const char* text) noexcept {
  if (error != nullptr) {
    error->code = status;
    std::strncpy(error->text, text, GATUN_ERROR_TEXT_BYTES - 1);
    error->text[GATUN_ERROR_TEXT_BYTES - 1] = '\0';
  }
  return status;
}

// Runs the body of an ABI function: no exception crosses the border.
template <class Body>
gatun_status guard(gatun_error* error, Body&& body) noexcept {
  try {
    body();
    if (error != nullptr) {
      error->code = GATUN_OK;
      error->text[0] = '\0';
    }
    return GATUN_OK;
  } catch (const Failure& failure) {
    return report(error, failure.status, failure.text.c_str());
  } catch (const std::bad_alloc&) {
    return report(error, GATUN_OUT_OF_MEMORY, "out of host memory for the library's own records");
  } catch (const std::exception& unexpected) {
    return report(error, GATUN_INTERNAL, unexpected.what());
  } catch (...) {
    return report(error, GATUN_INTERNAL, "unknown exception");
  }
}

}  // namespace gatun
