/* SPDX-License-Identifier: Apache-2.0 */
/* gatun.h is plain C11, and its structs have the layout that Java's bindings rely on. */
#include "gatun/gatun.h"

#include <stddef.h>
#include <stdio.h>

_Static_assert(sizeof(gatun_status) == 4 && sizeof(gatun_dtype) == 4, "enums are 32 bits");
_Static_assert(sizeof(gatun_error) == 1024, "code, reserved, text");
_Static_assert(sizeof(gatun_tensor) == 160, "size, buffer, offset, dtype and rank, two arrays");
_Static_assert(offsetof(gatun_tensor, dtype) == 24 && offsetof(gatun_tensor, shape) == 32, "no padding");
_Static_assert(offsetof(gatun_tensor, stride) == 96, "no padding");
_Static_assert(sizeof(gatun_device_options) == 32, "no padding");
_Static_assert(sizeof(gatun_device_info) == 40 + 128 + 512, "no padding");
_Static_assert(sizeof(gatun_memory_stats) == 56, "no padding");
_Static_assert(sizeof(gatun_patch_embed_options) == 64, "no padding");

int main(void) {
  gatun_error error;
  gatun_device *device = NULL;
  gatun_stream *stream = NULL;
  gatun_buffer *buffer = NULL;
  float values[6] = {0};
  if (gatun_abi_version() != GATUN_ABI_VERSION ||
      gatun_device_open(GATUN_CPU, 0, NULL, &device, &error) != GATUN_OK ||
      gatun_stream_create(device, &stream, &error) != GATUN_OK ||
      gatun_buffer_alloc(stream, (int64_t)sizeof values, &buffer, &error) != GATUN_OK) {
    printf("FAILED opening: %s\n", error.text);
    return 1;
  }
  gatun_tensor out = {.struct_size = sizeof out, .buffer = buffer, .dtype = GATUN_F32, .rank = 2, .shape = {2, 3},
                      .stride = {3, 1}};
  if (gatun_fill(stream, &out, 1.5, &error) != GATUN_OK ||
      gatun_copy_to_host(stream, values, buffer, 0, (int64_t)sizeof values, &error) != GATUN_OK) {
    printf("FAILED filling: %s\n", error.text);
    return 1;
  }
  for (int i = 0; i < 6; ++i) {
    if (values[i] != 1.5f) {
      printf("FAILED: element %d is %g\n", i, (double)values[i]);
      return 1;
    }
  }
  if (gatun_buffer_free(buffer, stream, &error) != GATUN_OK || gatun_stream_destroy(stream, &error) != GATUN_OK ||
      gatun_device_close(device, &error) != GATUN_OK) {
    printf("FAILED closing: %s\n", error.text);
    return 1;
  }
  puts("ok     header compiles as C11 and works from C");
  return 0;
}
