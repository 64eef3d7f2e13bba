# SPDX-License-Identifier: Apache-2.0
# Fills the jar's folder of natives: cmake -DFROM="folder;folder" -DLICENSES=folder -DTO=folder -P natives.cmake
# Unchanged files keep their time stamps, so that the jar is not packed again.
cmake_minimum_required(VERSION 3.22)

set(list "")
foreach(name libgatun.so libgatun_cuda.so libdnnl.so.3 libgomp.so.1)
  unset(found CACHE)
  find_file(found ${name} PATHS ${FROM} NO_DEFAULT_PATH)
  if(found)
    file(REAL_PATH ${found} found)
    file(MAKE_DIRECTORY ${TO})
    file(COPY_FILE ${found} ${TO}/${name} ONLY_IF_DIFFERENT)
    file(SHA256 ${TO}/${name} digest)
    string(APPEND list "${digest}  ${name}\n")
  elseif(name STREQUAL "libgatun.so")
    message(FATAL_ERROR "libgatun.so is in none of: ${FROM}. Build it first: cmake --build build")
  else()
    file(REMOVE ${TO}/${name})
  endif()
endforeach()

file(CONFIGURE OUTPUT ${TO}/natives.sha256 CONTENT "${list}" @ONLY)
file(GLOB texts ${LICENSES}/*)
foreach(text IN LISTS texts)
  cmake_path(GET text FILENAME name)
  file(MAKE_DIRECTORY ${TO}/licenses)
  file(COPY_FILE ${text} ${TO}/licenses/${name} ONLY_IF_DIFFERENT)
endforeach()
