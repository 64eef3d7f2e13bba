# SPDX-License-Identifier: Apache-2.0
# Fills the jar's folder of natives: cmake -DFROM=folder -DTO=folder -P natives.cmake
# Unchanged files keep their time stamps, so that the jar is not packed again.
cmake_minimum_required(VERSION 3.22)

file(MAKE_DIRECTORY ${TO})
set(list "")
foreach(name libgatun.so libgatun_cuda.so)
  if(EXISTS ${FROM}/${name})
    file(COPY_FILE ${FROM}/${name} ${TO}/${name} ONLY_IF_DIFFERENT)
    file(SHA256 ${TO}/${name} digest)
    string(APPEND list "${digest}  ${name}\n")
  elseif(name STREQUAL "libgatun.so")
    message(FATAL_ERROR "libgatun.so is not in ${FROM}. Build it first: cmake --build build")
  elseif(EXISTS ${TO}/${name})
    file(REMOVE ${TO}/${name})
  endif()
endforeach()

set(known "")
if(EXISTS ${TO}/natives.sha256)
  file(READ ${TO}/natives.sha256 known)
endif()
if(NOT list STREQUAL known)
  file(WRITE ${TO}/natives.sha256 "${list}")
endif()
