// SPDX-License-Identifier: Apache-2.0
// Every check of the border: the status, and a text that names what was got. No call here may crash, and none may
// leave anything behind.
#include "fixture.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <tuple>
#include <unistd.h>

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// What most operations take: a valid call to depart from.
struct Valid {
  Session s;
  Tensor x{s, {4, 6}, Random(1).floats(24)}, out{s, {4, 6}}, weight{s, {6}, Random(2).floats(6)};
  Tensor bias{s, {6}, Random(3).floats(6)}, half{s, {4, 6}, GATUN_F16};
};

TEST(libraryHasTheHeadersVersion) { CHECK(gatun_abi_version() == GATUN_ABI_VERSION); }

TEST(deviceOpenRefusesWhatIsNoDevice) {
  gatun_device* device = nullptr;
  gatun_device_options options{};
  options.struct_size = sizeof options;
  REFUSED(gatun_device_open(GATUN_CPU, 0, &options, nullptr, &err), GATUN_INVALID_ARGUMENT, "device is NULL");
  REFUSED(gatun_device_open(7, 0, &options, &device, &err), GATUN_INVALID_ARGUMENT, "kind 7");
  REFUSED(gatun_device_open(GATUN_CPU, 1, &options, &device, &err), GATUN_DEVICE_UNAVAILABLE, "index 1");
  REFUSED(gatun_device_open(GATUN_CPU, -1, &options, &device, &err), GATUN_DEVICE_UNAVAILABLE, "index -1");
  REFUSED(gatun_device_open(GATUN_META, 1, &options, &device, &err), GATUN_DEVICE_UNAVAILABLE, "index 1");
  options.num_threads = -1;
  REFUSED(gatun_device_open(GATUN_CPU, 0, &options, &device, &err), GATUN_INVALID_ARGUMENT, "num_threads is -1");
  options.num_threads = 5000;
  REFUSED(gatun_device_open(GATUN_CPU, 0, &options, &device, &err), GATUN_INVALID_ARGUMENT, "num_threads is 5000");
  options.num_threads = 1;
  options.memory_limit = -5;
  REFUSED(gatun_device_open(GATUN_CPU, 0, &options, &device, &err), GATUN_INVALID_ARGUMENT, "memory_limit is -5");
  options.memory_limit = 0;
  options.cpu_level = 4;
  REFUSED(gatun_device_open(GATUN_CPU, 0, &options, &device, &err), GATUN_INVALID_ARGUMENT, "cpu_level 4");
  options.cpu_level = 0;
  options.struct_size = 8;
  REFUSED(gatun_device_open(GATUN_CPU, 0, &options, &device, &err), GATUN_VERSION_MISMATCH, "struct_size 8");
  CHECK(device == nullptr);
  OK(gatun_device_close(nullptr, &err));
}

TEST(cudaWithoutPlugInIsAStatusWithTheReason) {
  gatun_device* device = nullptr;
  setenv("GATUN_CUDA_PLUGIN", "/nowhere/libgatun_cuda.so", 1);
  REFUSED(gatun_device_open(GATUN_CUDA, 0, nullptr, &device, &err), GATUN_DEVICE_UNAVAILABLE,
          "/nowhere/libgatun_cuda.so");
  unsetenv("GATUN_CUDA_PLUGIN");
}

TEST(environmentIsChecked) {
  gatun_device* device = nullptr;
  const char* level = getenv("GATUN_CPU");
  const std::string before = level == nullptr ? "" : level;
  setenv("GATUN_CPU", "sse", 1);
  REFUSED(gatun_device_open(GATUN_CPU, 0, nullptr, &device, &err), GATUN_INVALID_ARGUMENT, "GATUN_CPU is \"sse\"");
  setenv("GATUN_CPU", before.c_str(), 1);
  for (const char* threads : {"0", "-2", "many", "3x", "99999999999999999999"}) {
    setenv("GATUN_NUM_THREADS", threads, 1);
    REFUSED(gatun_device_open(GATUN_CPU, 0, nullptr, &device, &err), GATUN_INVALID_ARGUMENT, threads);
  }
  setenv("GATUN_NUM_THREADS", "3", 1);
  OK(gatun_device_open(GATUN_CPU, 0, nullptr, &device, &err));
  gatun_device_info info{};
  info.struct_size = sizeof info;
  OK(gatun_device_info_get(device, &info, &err));
  CHECK(info.num_threads == 3, info.num_threads);
  OK(gatun_device_close(device, &err));
  unsetenv("GATUN_NUM_THREADS");
}

// More threads than the system gives: tried in a child, whose address space is kept small.
TEST(threadsThatTheSystemRefusesAreAStatus) {
  if (kSanitized) throw check::Skip{"a sanitizer needs the address space itself"};
  const pid_t child = fork();
  if (child == 0) {
    rlimit limit{};
    limit.rlim_cur = limit.rlim_max = rlim_t{2} << 30;
    setrlimit(RLIMIT_AS, &limit);
    gatun_device_options options{};
    options.struct_size = sizeof options;
    options.num_threads = 4096;
    gatun_device* device = nullptr;
    const gatun_status status = gatun_device_open(GATUN_CPU, 0, &options, &device, &err);
    _exit(status == GATUN_DEVICE_UNAVAILABLE && std::strstr(err.text, "of 4096 worker threads") != nullptr ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status", status);
}

TEST(nullHandlesAndOutputsAreRefused) {
  Valid v;
  gatun_stream* const none = nullptr;
  void* data = nullptr;
  gatun_memory_stats stats{};
  gatun_device_info info{};
  gatun_weights* weights = nullptr;
  gatun_buffer* buffer = nullptr;
  gatun_event* event = nullptr;
  REFUSED(gatun_device_info_get(v.s.device, nullptr, &err), GATUN_INVALID_ARGUMENT, "info is NULL");
  REFUSED(gatun_device_info_get(v.s.device, &info, &err), GATUN_VERSION_MISMATCH, "struct_size 0");
  info.struct_size = sizeof info;
  REFUSED(gatun_device_info_get(nullptr, &info, &err), GATUN_INVALID_ARGUMENT, "device is NULL");
  REFUSED(gatun_memory_stats_get(v.s.device, nullptr, &err), GATUN_INVALID_ARGUMENT, "stats is NULL");
  REFUSED(gatun_memory_stats_get(v.s.device, &stats, &err), GATUN_VERSION_MISMATCH, "struct_size 0");
  stats.struct_size = sizeof stats;
  REFUSED(gatun_memory_stats_get(nullptr, &stats, &err), GATUN_INVALID_ARGUMENT, "device is NULL");
  REFUSED(gatun_memory_limit_set(nullptr, 0, &err), GATUN_INVALID_ARGUMENT, "device is NULL");
  REFUSED(gatun_memory_limit_set(v.s.device, -3, &err), GATUN_INVALID_ARGUMENT, "-3");
  REFUSED(gatun_memory_peak_reset(nullptr, &err), GATUN_INVALID_ARGUMENT, "device is NULL");
  REFUSED(gatun_memory_trim(nullptr, nullptr, &err), GATUN_INVALID_ARGUMENT, "device is NULL");
  REFUSED(gatun_buffer_alloc(none, 8, &buffer, &err), GATUN_INVALID_ARGUMENT, "stream is NULL");
  REFUSED(gatun_buffer_alloc(v.s.stream, 8, nullptr, &err), GATUN_INVALID_ARGUMENT, "buffer is NULL");
  REFUSED(gatun_buffer_alloc(v.s.stream, -8, &buffer, &err), GATUN_INVALID_ARGUMENT, "-8");
  REFUSED(gatun_buffer_wrap(nullptr, &data, 8, &buffer, &err), GATUN_INVALID_ARGUMENT, "device is NULL");
  REFUSED(gatun_buffer_wrap(v.s.device, nullptr, 8, &buffer, &err), GATUN_INVALID_ARGUMENT, "8 bytes");
  REFUSED(gatun_buffer_wrap(v.s.device, &data, -1, &buffer, &err), GATUN_INVALID_ARGUMENT, "-1 bytes");
  REFUSED(gatun_buffer_wrap(v.s.device, &data, 8, nullptr, &err), GATUN_INVALID_ARGUMENT, "buffer is NULL");
  REFUSED(gatun_buffer_data(nullptr, &data, &err), GATUN_INVALID_ARGUMENT, "buffer is NULL");
  REFUSED(gatun_buffer_data(v.x.view.buffer, nullptr, &err), GATUN_INVALID_ARGUMENT, "data is NULL");
  REFUSED(gatun_buffer_free(v.x.view.buffer, none, &err), GATUN_INVALID_ARGUMENT, "stream is NULL");
  REFUSED(gatun_stream_create(nullptr, nullptr, &err), GATUN_INVALID_ARGUMENT, "is NULL");
  REFUSED(gatun_stream_create(v.s.device, nullptr, &err), GATUN_INVALID_ARGUMENT, "stream is NULL");
  REFUSED(gatun_sync(none, &err), GATUN_INVALID_ARGUMENT, "stream is NULL");
  REFUSED(gatun_event_create(nullptr, &event, &err), GATUN_INVALID_ARGUMENT, "device is NULL");
  REFUSED(gatun_event_create(v.s.device, nullptr, &err), GATUN_INVALID_ARGUMENT, "event is NULL");
  REFUSED(gatun_event_record(nullptr, v.s.stream, &err), GATUN_INVALID_ARGUMENT, "event is NULL");
  REFUSED(gatun_event_wait(v.s.stream, nullptr, &err), GATUN_INVALID_ARGUMENT, "event is NULL");
  REFUSED(gatun_event_sync(nullptr, &err), GATUN_INVALID_ARGUMENT, "event is NULL");
  REFUSED(gatun_linear_weights(v.s.stream, v.x, GATUN_STRICT, nullptr, &err), GATUN_INVALID_ARGUMENT, "weights is NULL");
  REFUSED(gatun_linear_weights(none, v.x, GATUN_STRICT, &weights, &err), GATUN_INVALID_ARGUMENT, "stream is NULL");
  REFUSED(gatun_fill(none, v.x, 0, &err), GATUN_INVALID_ARGUMENT, "stream is NULL");
  REFUSED(gatun_fill(v.s.stream, nullptr, 0, &err), GATUN_INVALID_ARGUMENT, "out is NULL");
  REFUSED(gatun_copy(v.s.stream, nullptr, v.out, &err), GATUN_INVALID_ARGUMENT, "x is NULL");
  REFUSED(gatun_binary(v.s.stream, GATUN_ADD, v.x, nullptr, v.out, &err), GATUN_INVALID_ARGUMENT, "b is NULL");
  REFUSED(gatun_layer_norm(v.s.stream, v.x, nullptr, nullptr, v.bias, 0, v.out, &err), GATUN_INVALID_ARGUMENT,
          "weight is NULL");
  REFUSED(gatun_linear(v.s.stream, v.x, nullptr, nullptr, 0, nullptr, v.out, &err), GATUN_INVALID_ARGUMENT,
          "weights is NULL");
  REFUSED(gatun_patch_embed(v.s.stream, v.x, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, v.out,
                            &err),
          GATUN_SHAPE_MISMATCH, "[4, 6]");
  // NULL that is allowed.
  OK(gatun_stream_destroy(nullptr, &err));
  OK(gatun_event_destroy(nullptr, &err));
  OK(gatun_buffer_free(nullptr, v.s.stream, &err));
  OK(gatun_weights_free(nullptr, v.s.stream, &err));
  CHECK(gatun_fill(v.s.stream, nullptr, 0, nullptr) == GATUN_INVALID_ARGUMENT);
  CHECK(gatun_fill(v.s.stream, v.out, 0, nullptr) == GATUN_OK);
  CHECK(buffer == nullptr && event == nullptr && weights == nullptr);
}

TEST(successClearsTheError) {
  Valid v;
  REFUSED(gatun_fill(v.s.stream, nullptr, 0, &err), GATUN_INVALID_ARGUMENT, "NULL");
  OK(gatun_fill(v.s.stream, v.out, 0, &err));
  CHECK(err.code == GATUN_OK && err.text[0] == '\0', err.code, err.text);
}

TEST(longTextsAreCutAndTerminated) {
  Valid v;
  setenv("GATUN_CPU", std::string(5000, 'y').c_str(), 1);
  gatun_device* device = nullptr;
  std::memset(err.text, 'z', sizeof err.text);
  REFUSED(gatun_device_open(GATUN_CPU, 0, nullptr, &device, &err), GATUN_INVALID_ARGUMENT, "yyyy");
  CHECK(strnlen(err.text, sizeof err.text) == sizeof err.text - 1);
  unsetenv("GATUN_CPU");
}

TEST(closedHandlesAreRefused) {
  if (kSanitized) throw check::Skip{"these checks read a handle that was freed, which a sanitizer forbids"};
  Valid v;
  gatun_stream* stream = nullptr;
  gatun_event* event = nullptr;
  gatun_buffer* buffer = nullptr;
  gatun_weights* weights = nullptr;
  OK(gatun_stream_create(v.s.device, &stream, &err));
  OK(gatun_stream_destroy(stream, &err));
  REFUSED(gatun_stream_destroy(stream, &err), GATUN_INVALID_ARGUMENT, "stream is closed");
  REFUSED(gatun_fill(stream, v.out, 0, &err), GATUN_INVALID_ARGUMENT, "stream is closed");
  OK(gatun_event_create(v.s.device, &event, &err));
  OK(gatun_event_destroy(event, &err));
  REFUSED(gatun_event_destroy(event, &err), GATUN_INVALID_ARGUMENT, "event is closed");
  OK(gatun_buffer_alloc(v.s.stream, 64, &buffer, &err));
  OK(gatun_buffer_free(buffer, v.s.stream, &err));
  REFUSED(gatun_buffer_free(buffer, v.s.stream, &err), GATUN_INVALID_ARGUMENT, "buffer is closed");
  const gatun_tensor stale = dense(buffer, {4});
  REFUSED(gatun_fill(v.s.stream, &stale, 0, &err), GATUN_INVALID_ARGUMENT, "buffer is closed");
  OK(gatun_linear_weights(v.s.stream, v.x, GATUN_STRICT, &weights, &err));
  OK(gatun_weights_free(weights, v.s.stream, &err));
  v.s.sync();
  REFUSED(gatun_weights_free(weights, v.s.stream, &err), GATUN_INVALID_ARGUMENT, "weights is closed");
  gatun_device* device = nullptr;
  OK(gatun_device_open(GATUN_CPU, 0, nullptr, &device, &err));
  OK(gatun_device_close(device, &err));
  REFUSED(gatun_device_close(device, &err), GATUN_INVALID_ARGUMENT, "device is closed");
  // A handle of another kind.
  REFUSED(gatun_sync(reinterpret_cast<gatun_stream*>(v.s.device), &err), GATUN_INVALID_ARGUMENT, "no stream");
}

TEST(otherDevicesThingsAreRefused) {
  Valid v, other;
  gatun_event* event = nullptr;
  gatun_weights* weights = nullptr;
  char host[8] = {};
  OK(gatun_event_create(other.s.device, &event, &err));
  OK(gatun_linear_weights(other.s.stream, other.x, GATUN_STRICT, &weights, &err));
  REFUSED(gatun_fill(v.s.stream, other.out, 0, &err), GATUN_INVALID_ARGUMENT, "out belongs to another device");
  REFUSED(gatun_copy(v.s.stream, other.x, v.out, &err), GATUN_INVALID_ARGUMENT, "x belongs to another device");
  REFUSED(gatun_buffer_free(other.x.view.buffer, v.s.stream, &err), GATUN_INVALID_ARGUMENT, "another device");
  REFUSED(gatun_copy_to_host(v.s.stream, host, other.x.view.buffer, 0, 8, &err), GATUN_INVALID_ARGUMENT,
          "another device");
  REFUSED(gatun_copy_from_host(v.s.stream, other.x.view.buffer, 0, host, 8, &err), GATUN_INVALID_ARGUMENT,
          "another device");
  REFUSED(gatun_event_record(event, v.s.stream, &err), GATUN_INVALID_ARGUMENT, "another device");
  REFUSED(gatun_event_wait(v.s.stream, event, &err), GATUN_INVALID_ARGUMENT, "another device");
  REFUSED(gatun_linear(v.s.stream, v.x, weights, nullptr, 0, nullptr, v.out, &err), GATUN_INVALID_ARGUMENT,
          "weights belongs to another device");
  REFUSED(gatun_weights_free(weights, v.s.stream, &err), GATUN_INVALID_ARGUMENT, "another device");
  OK(gatun_weights_free(weights, other.s.stream, &err));
  OK(gatun_event_destroy(event, &err));
}

TEST(hostCopiesStayInTheBuffer) {
  Valid v;
  gatun_buffer* buffer = v.x.view.buffer;  // 96 bytes
  char host[200] = {};
  for (const auto& [offset, bytes] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 97}, {96, 1}, {97, 0}, {-1, 4}, {0, -1}, {INT64_MAX, 1}, {1, INT64_MAX}, {INT64_MIN, 4}}) {
    REFUSED(gatun_copy_to_host(v.s.stream, host, buffer, offset, bytes, &err), GATUN_INVALID_ARGUMENT, "of 96 bytes");
    REFUSED(gatun_copy_from_host(v.s.stream, buffer, offset, host, bytes, &err), GATUN_INVALID_ARGUMENT, "of 96 bytes");
  }
  REFUSED(gatun_copy_to_host(v.s.stream, nullptr, buffer, 0, 4, &err), GATUN_INVALID_ARGUMENT, "4 bytes");
  REFUSED(gatun_copy_from_host(v.s.stream, buffer, 0, nullptr, 4, &err), GATUN_INVALID_ARGUMENT, "4 bytes");
  OK(gatun_copy_to_host(v.s.stream, nullptr, buffer, 96, 0, &err));
}

TEST(tensorStructsAreChecked) {
  Valid v;
  const auto with = [&](const std::function<void(gatun_tensor&)>& change) {
    gatun_tensor tensor = v.out.view;
    change(tensor);
    return gatun_fill(v.s.stream, &tensor, 1, &err);
  };
  REFUSED(with([](auto& t) { t.struct_size = 24; }), GATUN_VERSION_MISMATCH, "struct_size 24");
  REFUSED(with([](auto& t) { t.buffer = nullptr; }), GATUN_INVALID_ARGUMENT, "buffer is NULL");
  REFUSED(with([](auto& t) { t.dtype = 10; }), GATUN_UNSUPPORTED_DTYPE, "dtype 10");
  REFUSED(with([](auto& t) { t.dtype = -1; }), GATUN_UNSUPPORTED_DTYPE, "dtype -1");
  REFUSED(with([](auto& t) { t.rank = 9; }), GATUN_SHAPE_MISMATCH, "rank 9");
  REFUSED(with([](auto& t) { t.rank = -1; }), GATUN_SHAPE_MISMATCH, "rank -1");
  REFUSED(with([](auto& t) { t.shape[0] = -4; }), GATUN_SHAPE_MISMATCH, "extent -4");
  REFUSED(with([](auto& t) { t.stride[1] = -1; }), GATUN_SHAPE_MISMATCH, "stride -1");
  REFUSED(with([](auto& t) { t.shape[0] = 5; }), GATUN_INVALID_ARGUMENT, "120 bytes");
  REFUSED(with([](auto& t) { t.stride[0] = 7; }), GATUN_INVALID_ARGUMENT, "of 96 bytes");
  REFUSED(with([](auto& t) { t.byte_offset = 4; }), GATUN_INVALID_ARGUMENT, "offset 4");
  REFUSED(with([](auto& t) { t.byte_offset = -4; }), GATUN_INVALID_ARGUMENT, "offset -4");
  REFUSED(with([](auto& t) { t.byte_offset = INT64_MAX - 3; }), GATUN_INVALID_ARGUMENT, "does not lie in its buffer");
  REFUSED(with([](auto& t) { t.byte_offset = 2, t.shape[0] = 1; }), GATUN_INVALID_ARGUMENT, "offset 2");
  REFUSED(with([](auto& t) { t.shape[0] = INT64_MAX; }), GATUN_SHAPE_MISMATCH, "9223372036854775807");
  REFUSED(with([](auto& t) { t.shape[0] = t.shape[1] = int64_t{1} << 40; }), GATUN_SHAPE_MISMATCH, "overflows 64 bits");
  REFUSED(with([](auto& t) { t.stride[0] = INT64_MAX; }), GATUN_SHAPE_MISMATCH, "overflows 64 bits");
  REFUSED(with([](auto& t) { t.stride[0] = 0; }), GATUN_SHAPE_MISMATCH, "several elements at one place");
  REFUSED(with([](auto& t) { t.stride[0] = 3; }), GATUN_SHAPE_MISMATCH, "[3, 1]");
  REFUSED(with([](auto& t) { t.dtype = GATUN_F64; }), GATUN_INVALID_ARGUMENT, "192 bytes");
  OK(with([](auto& t) { t.shape[0] = 0, t.stride[0] = 0; }));
  OK(with([](auto& t) { t.shape[0] = 1, t.stride[0] = int64_t{1} << 50; }));
}

TEST(misalignedMemoryIsRefused) {
  Session s;
  alignas(16) char memory[64] = {};
  gatun_buffer* buffer = nullptr;
  OK(gatun_buffer_wrap(s.device, memory + 2, 32, &buffer, &err));
  const gatun_tensor floats = dense(buffer, {2}), halves = dense(buffer, {2}, GATUN_F16);
  REFUSED(gatun_fill(s.stream, &floats, 1, &err), GATUN_INVALID_ARGUMENT, "no multiple of the 4 bytes");
  OK(gatun_fill(s.stream, &halves, 1, &err));
  s.sync();
  OK(gatun_buffer_free(buffer, s.stream, &err));
}

TEST(elementwiseChecksItsTensors) {
  Valid v;
  const Tensor narrow(v.s, {4, 5});
  gatun_tensor row = v.x.view;
  row.rank = 1;
  row.shape[0] = 6;
  row.stride[0] = 1;
  gatun_tensor shifted = v.x.view;
  shifted.shape[0] = 3;
  shifted.byte_offset = 24;
  gatun_tensor first = v.x.view;
  first.shape[0] = 3;
  REFUSED(gatun_copy(v.s.stream, v.x, narrow, &err), GATUN_SHAPE_MISMATCH, "[4, 5]");
  REFUSED(gatun_copy(v.s.stream, &row, v.out, &err), GATUN_SHAPE_MISMATCH, "[6]");
  REFUSED(gatun_copy(v.s.stream, &first, &shifted, &err), GATUN_INVALID_ARGUMENT, "share memory");
  REFUSED(gatun_copy(v.s.stream, v.x, v.x, &err), GATUN_INVALID_ARGUMENT, "share memory");
  REFUSED(gatun_binary(v.s.stream, GATUN_ADD, &first, &first, &shifted, &err), GATUN_INVALID_ARGUMENT, "share memory");
  REFUSED(gatun_binary(v.s.stream, GATUN_ADD, v.x, narrow, v.out, &err), GATUN_SHAPE_MISMATCH, "b has shape [4, 5]");
  REFUSED(gatun_binary(v.s.stream, GATUN_ADD, v.x, v.half, v.out, &err), GATUN_UNSUPPORTED_DTYPE, "float16");
  REFUSED(gatun_binary(v.s.stream, GATUN_ADD, v.x, v.x, v.half, &err), GATUN_UNSUPPORTED_DTYPE, "out is float16");
  gatun_tensor transposed = v.out.view;
  std::swap(transposed.shape[0], transposed.shape[1]);
  std::swap(transposed.stride[0], transposed.stride[1]);
  REFUSED(gatun_binary(v.s.stream, GATUN_ADD, v.x, v.x, &transposed, &err), GATUN_SHAPE_MISMATCH, "wants it dense");
  REFUSED(gatun_binary(v.s.stream, 6, v.x, v.x, v.out, &err), GATUN_INVALID_ARGUMENT, "operation 6");
  REFUSED(gatun_binary(v.s.stream, -1, v.x, v.x, v.out, &err), GATUN_INVALID_ARGUMENT, "operation -1");
  REFUSED(gatun_activate(v.s.stream, v.x, GATUN_ACT_RELU, narrow, &err), GATUN_SHAPE_MISMATCH, "out has shape [4, 5]");
  REFUSED(gatun_activate(v.s.stream, v.half, GATUN_ACT_RELU, v.out, &err), GATUN_UNSUPPORTED_DTYPE, "x is float16");
  REFUSED(gatun_activate(v.s.stream, &first, GATUN_ACT_RELU, &shifted, &err), GATUN_INVALID_ARGUMENT, "share memory");
  for (int32_t activation : {-1, 9}) {
    REFUSED(gatun_activate(v.s.stream, v.x, activation, v.out, &err), GATUN_INVALID_ARGUMENT,
            "none of gatun_activation");
  }
}

TEST(layerNormChecksItsTensors) {
  Valid v;
  const Tensor narrow(v.s, {4, 5}), scalar(v.s, {}), scalar_out(v.s, {});
  const auto call = [&](const gatun_tensor* x, const gatun_tensor* residual, const gatun_tensor* weight, double eps,
                        const gatun_tensor* out) {
    return gatun_layer_norm(v.s.stream, x, residual, weight, v.bias, eps, out, &err);
  };
  REFUSED(call(scalar, nullptr, v.weight, 0, scalar_out), GATUN_SHAPE_MISMATCH, "x is a scalar");
  REFUSED(call(v.x, narrow, v.weight, 0, v.out), GATUN_SHAPE_MISMATCH, "residual has shape [4, 5]");
  REFUSED(call(v.x, nullptr, v.weight, 0, narrow), GATUN_SHAPE_MISMATCH, "out has shape [4, 5]");
  REFUSED(call(narrow, nullptr, v.weight, 0, narrow), GATUN_SHAPE_MISMATCH, "weight has shape [6], expected [5]");
  REFUSED(call(v.half, nullptr, v.weight, 0, v.out), GATUN_UNSUPPORTED_DTYPE, "x is float16, expected float32");
  for (double eps : {-1.0, 1.0, double{NAN}, double{INFINITY}}) {
    REFUSED(call(v.x, nullptr, v.weight, eps, v.out), GATUN_INVALID_ARGUMENT, "eps is");
  }
  gatun_tensor first = v.x.view, shifted = v.x.view, inside = v.out.view;
  first.shape[0] = shifted.shape[0] = 3;
  shifted.byte_offset = 24;
  inside.rank = 1;
  inside.shape[0] = 6;
  inside.stride[0] = 1;
  REFUSED(call(&first, nullptr, v.weight, 0, &shifted), GATUN_INVALID_ARGUMENT, "out and x share memory");
  REFUSED(call(v.x, nullptr, &inside, 0, v.out), GATUN_INVALID_ARGUMENT, "out and weight share memory");
}

TEST(linearChecksItsTensors) {
  Valid v;
  const Tensor weight(v.s, {5, 6}, Random(4).floats(30)), out(v.s, {4, 5}), empty(v.s, {0, 6});
  const Tensor image(v.s, {1, 1, 3, 3});
  const Weights weights = linear_weights(v.s, weight), convolution = conv2d_weights(v.s, image);
  gatun_weights* none = nullptr;
  REFUSED(gatun_linear_weights(v.s.stream, v.weight, GATUN_STRICT, &none, &err), GATUN_SHAPE_MISMATCH, "expected 2 axes");
  REFUSED(gatun_linear_weights(v.s.stream, empty, GATUN_STRICT, &none, &err), GATUN_SHAPE_MISMATCH, "[0, 6]");
  REFUSED(gatun_linear_weights(v.s.stream, v.half, GATUN_STRICT, &none, &err), GATUN_UNSUPPORTED_DTYPE, "float16");
  const auto call = [&](const gatun_tensor* x, gatun_weights* w, const gatun_tensor* bias, int32_t activation,
                        const gatun_tensor* residual, const gatun_tensor* to) {
    return gatun_linear(v.s.stream, x, w, bias, activation, residual, to, &err);
  };
  REFUSED(call(v.x, convolution, nullptr, 0, nullptr, out), GATUN_INVALID_ARGUMENT, "made for conv2d");
  REFUSED(call(out, weights, nullptr, 0, nullptr, out), GATUN_SHAPE_MISMATCH, "must be 6");
  REFUSED(call(v.x, weights, nullptr, 0, nullptr, v.out), GATUN_SHAPE_MISMATCH, "4 rows of 5");
  REFUSED(call(v.x, weights, v.bias, 0, nullptr, out), GATUN_SHAPE_MISMATCH, "bias has shape [6], expected [5]");
  REFUSED(call(v.x, weights, nullptr, 9, nullptr, out), GATUN_INVALID_ARGUMENT, "activation 9");
  REFUSED(call(v.x, weights, nullptr, GATUN_ACT_SILU, nullptr, out), GATUN_INVALID_ARGUMENT, "has no SiLU behind it");
  REFUSED(call(v.x, weights, nullptr, 0, v.x, out), GATUN_SHAPE_MISMATCH, "residual has shape [4, 6]");
  REFUSED(call(v.x, weights, nullptr, 0, out, out), GATUN_INVALID_ARGUMENT, "out and residual share memory");
  gatun_tensor in_x = dense(v.x.view.buffer, {4, 5});
  REFUSED(call(v.x, weights, nullptr, 0, nullptr, &in_x), GATUN_INVALID_ARGUMENT, "out and x share memory");
  CHECK(none == nullptr);
}

TEST(attentionChecksItsTensors) {
  Session s;
  const Tensor q(s, {2, 3, 4}), k(s, {2, 5, 4}), v(s, {2, 5, 4}), out(s, {2, 3, 4}), flat(s, {6, 4});
  const Tensor none(s, {2, 0, 4});
  const Tensor narrow(s, {2, 5, 3}), few(s, {2, 4, 4}), ids(s, {2, 5, 4}, GATUN_I64);
  const Tensor mask(s, {2, 1, 5}, GATUN_BOOL), bytes(s, {1, 3, 5}, GATUN_U8), wrong(s, {2, 2, 5}, GATUN_BOOL);
  const Tensor floats(s, {2, 3, 5}), plain(s, {5}, GATUN_BOOL);
  const auto call = [&](const gatun_tensor* query, const gatun_tensor* key, const gatun_tensor* value,
                        const gatun_tensor* allowed, int64_t heads, int32_t precision, const gatun_tensor* to) {
    return gatun_attention(s.stream, query, key, value, allowed, heads, precision, to, &err);
  };
  OK(call(q, k, v, nullptr, 2, GATUN_STRICT, out));
  OK(call(q, k, v, mask, 2, GATUN_STRICT, out));
  OK(call(q, k, v, bytes, 2, GATUN_STRICT, out));
  OK(call(none, k, v, nullptr, 2, GATUN_STRICT, none));
  REFUSED(call(q, k, v, nullptr, 0, 0, out), GATUN_SHAPE_MISMATCH, "4 columns for 0 heads");
  REFUSED(call(q, k, v, nullptr, -2, 0, out), GATUN_SHAPE_MISMATCH, "-2 heads");
  REFUSED(call(q, k, v, nullptr, 3, 0, out), GATUN_SHAPE_MISMATCH, "4 columns for 3 heads");
  REFUSED(call(q, k, v, nullptr, 2, 3, out), GATUN_INVALID_ARGUMENT, "precision 3");
  REFUSED(call(nullptr, k, v, nullptr, 2, 0, out), GATUN_INVALID_ARGUMENT, "query is NULL");
  REFUSED(call(flat, k, v, nullptr, 2, 0, out), GATUN_SHAPE_MISMATCH, "query has shape [6, 4], expected 3 axes");
  REFUSED(call(q, narrow, v, nullptr, 2, 0, out), GATUN_SHAPE_MISMATCH, "key has shape [2, 5, 3], expected [2, 5, 4]");
  REFUSED(call(q, k, few, nullptr, 2, 0, out), GATUN_SHAPE_MISMATCH, "value has shape [2, 4, 4], expected [2, 5, 4]");
  REFUSED(call(q, none, none, nullptr, 2, 0, out), GATUN_SHAPE_MISMATCH, "3 queries have no key");
  REFUSED(call(q, k, v, nullptr, 2, 0, v), GATUN_SHAPE_MISMATCH, "out has shape [2, 5, 4], expected [2, 3, 4]");
  REFUSED(call(q, k, ids, nullptr, 2, 0, out), GATUN_UNSUPPORTED_DTYPE, "value is int64, expected float32");
  REFUSED(call(q, k, v, wrong, 2, 0, out), GATUN_SHAPE_MISMATCH,
          "mask has shape [2, 2, 5], expected [2 or 1, 3 or 1, 5]");
  REFUSED(call(q, k, v, plain, 2, 0, out), GATUN_SHAPE_MISMATCH, "mask has shape [5], expected 3 axes");
  REFUSED(call(q, k, v, floats, 2, 0, out), GATUN_UNSUPPORTED_DTYPE, "mask is float32, expected bool or uint8");
  gatun_tensor turned = dense(k.view.buffer, {2, 5, 4});
  turned.stride[1] = 1;
  turned.stride[2] = 5;
  REFUSED(call(q, &turned, v, nullptr, 2, 0, out), GATUN_SHAPE_MISMATCH, "key has strides [20, 1, 5]");
  gatun_tensor endless = dense(k.view.buffer, {2, int64_t{1} << 43, 4});
  endless.stride[0] = endless.stride[1] = 0;
  REFUSED(call(q, &endless, &endless, nullptr, 2, 0, out), GATUN_SHAPE_MISMATCH, "expected at most");
  REFUSED(call(q, k, v, nullptr, 2, 0, q), GATUN_INVALID_ARGUMENT, "out and query share memory");
  const gatun_tensor inside = dense(v.view.buffer, {2, 3, 4});
  REFUSED(call(q, k, v, nullptr, 2, 0, &inside), GATUN_INVALID_ARGUMENT, "out and value share memory");
}

TEST(patchEmbedChecksItsArguments) {
  Session s;
  const Tensor x(s, {1, 2, 1, 8, 12}), mask(s, {1, 2, 1, 8, 12}, GATUN_BOOL), bytes(s, {1, 2, 1, 8, 12}, GATUN_U8);
  const Tensor weight(s, {5, 64}), vector(s, {5}), out(s, {1, 6, 5}), small_mask(s, {1, 2, 1, 8, 6}, GATUN_BOOL);
  const Tensor empty(s, {1, 2, 0, 0, 0}), empty_out(s, {1, 0, 5});
  const Weights weights = linear_weights(s, weight);
  gatun_patch_embed_options valid{};
  valid.struct_size = sizeof valid;
  valid.patch_t = 1;
  valid.patch_h = valid.patch_w = 4;
  valid.validity = GATUN_VALIDITY_MASK;
  valid.eps = 1e-5;
  const auto call = [&](const std::function<void(gatun_patch_embed_options&)>& change, const gatun_tensor* missing,
                        const gatun_tensor* norm_weight, const gatun_tensor* norm_bias, const gatun_tensor* to) {
    gatun_patch_embed_options options = valid;
    change(options);
    return gatun_patch_embed(s.stream, x, missing, weights, nullptr, norm_weight, norm_bias, nullptr, &options, to,
                             &err);
  };
  const auto same = [](gatun_patch_embed_options&) {};
  OK(call(same, mask, nullptr, nullptr, out));
  REFUSED(call([](auto& o) { o.struct_size = 1; }, mask, nullptr, nullptr, out), GATUN_VERSION_MISMATCH,
          "struct_size 1");
  REFUSED(call([](auto& o) { o.patch_t = 0; }, mask, nullptr, nullptr, out), GATUN_SHAPE_MISMATCH, "0 x 4 x 4");
  REFUSED(call([](auto& o) { o.patch_w = -4; }, mask, nullptr, nullptr, out), GATUN_SHAPE_MISMATCH, "1 x 4 x -4");
  REFUSED(call([](auto& o) { o.patch_w = 5; }, mask, nullptr, nullptr, out), GATUN_SHAPE_MISMATCH, "pad it to 15");
  REFUSED(call([](auto& o) { o.patch_h = 3; }, mask, nullptr, nullptr, out), GATUN_SHAPE_MISMATCH,
          "extent 8 of axis H");
  REFUSED(call([](auto& o) { o.patch_t = 2; }, mask, nullptr, nullptr, out), GATUN_SHAPE_MISMATCH, "axis T");
  REFUSED(call([](auto& o) { o.patch_h = 2; }, mask, nullptr, nullptr, out), GATUN_SHAPE_MISMATCH,
          "64 inputs, expected 32");
  REFUSED(call([](auto& o) { o.validity = 4; }, mask, nullptr, nullptr, out), GATUN_INVALID_ARGUMENT, "validity 4");
  REFUSED(call([](auto& o) { o.validity = GATUN_VALIDITY_NAN; }, mask, nullptr, nullptr, out), GATUN_INVALID_ARGUMENT,
          "got a mask");
  REFUSED(call(same, nullptr, nullptr, nullptr, out), GATUN_INVALID_ARGUMENT, "got none");
  REFUSED(call([](auto& o) { o.eps = -1; }, mask, vector, vector, out), GATUN_INVALID_ARGUMENT, "eps is -1");
  REFUSED(call(same, bytes, nullptr, nullptr, out), GATUN_UNSUPPORTED_DTYPE, "mask is uint8, expected bool");
  REFUSED(call(same, small_mask, nullptr, nullptr, out), GATUN_SHAPE_MISMATCH, "mask has shape [1, 2, 1, 8, 6]");
  REFUSED(call(same, mask, vector, nullptr, out), GATUN_INVALID_ARGUMENT, "come together");
  REFUSED(call(same, mask, nullptr, nullptr, vector), GATUN_SHAPE_MISMATCH, "expected [1, 6, 5]");
  const gatun_tensor inside = dense(x.view.buffer, {1, 6, 5});
  REFUSED(call(same, mask, nullptr, nullptr, &inside), GATUN_INVALID_ARGUMENT, "out and x share memory");
  REFUSED(gatun_patch_embed(s.stream, x, mask, weights, nullptr, nullptr, nullptr, nullptr, nullptr, out, &err),
          GATUN_INVALID_ARGUMENT, "options is NULL");
  valid.patch_t = valid.patch_h = valid.patch_w = int64_t{1} << 40;  // every extent of an empty picture is a multiple
  valid.validity = GATUN_VALIDITY_NAN;
  REFUSED(gatun_patch_embed(s.stream, empty, nullptr, weights, nullptr, nullptr, nullptr, nullptr, &valid, empty_out,
                            &err),
          GATUN_SHAPE_MISMATCH, "64 inputs");
}

TEST(patchEmbedChecksTypesPackingAndPositions) {
  Session s;
  const Shape shape{1, 2, 1, 8, 12};
  const Tensor x(s, shape), packed(s, shape, GATUN_I16), brain(s, shape, GATUN_BF16), half(s, shape, GATUN_F16);
  const Tensor weight(s, {5, 64}), out(s, {1, 6, 5}), out_brain(s, {1, 6, 5}, GATUN_BF16);
  const Tensor position(s, {6, 5}), position_brain(s, {6, 5}, GATUN_BF16), out_half(s, {1, 6, 5}, GATUN_F16);
  const Weights weights = linear_weights(s, weight);
  gatun_patch_embed_options valid{};
  valid.struct_size = sizeof valid;
  valid.patch_t = 1;
  valid.patch_h = valid.patch_w = 4;
  valid.validity = GATUN_VALIDITY_FILL;
  valid.scale_factor = 1;
  const auto call = [&](const gatun_tensor* in, const gatun_tensor* places, const gatun_tensor* to,
                        const std::function<void(gatun_patch_embed_options&)>& change) {
    gatun_patch_embed_options options = valid;
    change(options);
    return gatun_patch_embed(s.stream, in, nullptr, weights, nullptr, nullptr, nullptr, places, &options, to, &err);
  };
  const auto same = [](gatun_patch_embed_options&) {};
  const auto unpacked = [](gatun_patch_embed_options& o) { o.scale_factor = 0; };
  for (const gatun_tensor* in : {&x.view, &packed.view, &brain.view}) {
    for (const gatun_tensor* to : {&out.view, &out_brain.view}) OK(call(in, position, to, same));
  }
  REFUSED(call(half, nullptr, out, same), GATUN_UNSUPPORTED_DTYPE, "x is float16, expected float32, bfloat16 or int16");
  REFUSED(call(x, nullptr, out_half, same), GATUN_UNSUPPORTED_DTYPE, "out is float16, expected float32 or bfloat16");
  REFUSED(call(x, position_brain, out, same), GATUN_UNSUPPORTED_DTYPE, "position is bfloat16, expected float32");
  const gatun_tensor by_image = dense(position.view.buffer, {1, 6, 5}), flat = dense(position.view.buffer, {30});
  REFUSED(call(x, &by_image, out, same), GATUN_SHAPE_MISMATCH, "position has shape [1, 6, 5], expected [6, 5]");
  REFUSED(call(x, &flat, out, same), GATUN_SHAPE_MISMATCH, "position has shape [30]");
  const gatun_tensor inside = dense(out.view.buffer, {6, 5});
  REFUSED(call(x, &inside, out, same), GATUN_INVALID_ARGUMENT, "out and position share memory");
  gatun_tensor turned = position.view;
  turned.stride[0] = 1;
  turned.stride[1] = 6;
  REFUSED(call(x, &turned, out, same), GATUN_SHAPE_MISMATCH, "wants it dense");
  // Only int16 is packed.
  OK(call(x, nullptr, out, unpacked));
  OK(call(brain, nullptr, out, unpacked));
  REFUSED(call(packed, nullptr, out, unpacked), GATUN_INVALID_ARGUMENT, "scale_factor 0");
  for (double wrong : {-HUGE_VAL, HUGE_VAL, 1e300, 1e-300}) {
    REFUSED(call(packed, nullptr, out, [&](auto& o) { o.scale_factor = wrong; }), GATUN_INVALID_ARGUMENT, "int16");
  }
  REFUSED(call(packed, nullptr, out, [](auto& o) { o.add_offset = NAN; }), GATUN_INVALID_ARGUMENT, "add_offset nan");
  REFUSED(call(packed, nullptr, out, [](auto& o) { o.validity = GATUN_VALIDITY_NAN; }), GATUN_INVALID_ARGUMENT,
          "has no NaN");
  // The options of ABI version 2 ended behind eps.
  REFUSED(call(x, nullptr, out, [](auto& o) { o.struct_size = 48; }), GATUN_VERSION_MISMATCH, "struct_size 48");
}

TEST(temporalPoolChecksItsTensors) {
  Session s;
  const Tensor x(s, {2, 3, 4, 5, 6}), day(s, {4, 6}), month(s, {3, 6}), vector(s, {6}), one(s, {1});
  const Tensor out(s, {2, 5, 3, 6});
  const Tensor weight(s, {6, 6}), wide(s, {7, 6}), padded(s, {2, 3, 4}, GATUN_BOOL), no_days(s, {2, 3, 0, 5, 6});
  const Weights weights = linear_weights(s, weight), wide_weights = linear_weights(s, wide);
  const auto call = [&](const gatun_tensor* in, const gatun_tensor* days, const gatun_tensor* months, gatun_weights* w,
                        const gatun_tensor* score_bias, const gatun_tensor* skip, const gatun_tensor* to) {
    return gatun_temporal_pool(s.stream, in, days, months, vector, vector, 1e-5, w, vector, vector, score_bias, skip,
                               to, &err);
  };
  OK(gatun_fill(s.stream, padded, 0, &err));
  OK(call(x, day, month, weights, one, padded, out));
  REFUSED(call(day, day, month, weights, one, padded, out), GATUN_SHAPE_MISMATCH, "expected 5 axes");
  REFUSED(call(no_days, day, month, weights, one, padded, out), GATUN_SHAPE_MISMATCH, "no days");
  REFUSED(call(x, month, month, weights, one, padded, out), GATUN_SHAPE_MISMATCH, "day_encoding has shape [3, 6]");
  REFUSED(call(x, day, day, weights, one, padded, out), GATUN_SHAPE_MISMATCH, "month_encoding has shape [4, 6]");
  REFUSED(call(x, day, month, wide_weights, one, padded, out), GATUN_SHAPE_MISMATCH,
          "weight is [7, 6], expected [6, 6]");
  REFUSED(call(x, day, month, weights, vector, padded, out), GATUN_SHAPE_MISMATCH, "score_bias has shape [6]");
  REFUSED(call(x, day, month, weights, one, day, out), GATUN_UNSUPPORTED_DTYPE, "padded is float32");
  REFUSED(call(x, day, month, weights, one, padded, x), GATUN_SHAPE_MISMATCH, "expected [2, 5, 3, 6]");
  const gatun_tensor inside = dense(x.view.buffer, {2, 5, 3, 6});
  REFUSED(call(x, day, month, weights, one, padded, &inside), GATUN_INVALID_ARGUMENT, "out and x share memory");
}

TEST(convolutionsCheckTheirTensors) {
  Session s;
  const Tensor x(s, {1, 4, 5, 2}), weight(s, {2, 3, 4, 4}), other(s, {3, 2, 3, 3}), bias(s, {3}), flat(s, {6});
  const Tensor out(s, {1, 8, 10, 3}), same(s, {1, 4, 5, 3}), huge(s, {1, 1, 300, 1}), deep(s, {1, 4, 5, 7});
  gatun_weights* none = nullptr;
  const auto make = [&](const gatun_tensor* w, int64_t stride_h, int64_t stride_w, int64_t padding_h,
                        int64_t padding_w) {
    return gatun_conv_transpose2d_weights(s.stream, w, stride_h, stride_w, padding_h, padding_w, GATUN_STRICT, &none, &err);
  };
  REFUSED(make(flat, 1, 1, 0, 0), GATUN_SHAPE_MISMATCH, "expected 4 axes");
  REFUSED(make(weight, 0, 1, 0, 0), GATUN_SHAPE_MISMATCH, "stride 0");
  REFUSED(make(weight, 1, 5, 0, 0), GATUN_SHAPE_MISMATCH, "stride 5");
  REFUSED(make(weight, 1, 1, -1, 0), GATUN_SHAPE_MISMATCH, "padding -1");
  REFUSED(make(weight, 1, 1, 0, 4), GATUN_SHAPE_MISMATCH, "padding 4");
  REFUSED(make(huge, 1, 1, 0, 0), GATUN_INVALID_ARGUMENT, "300 cells");
  REFUSED(gatun_conv2d_weights(s.stream, huge, GATUN_STRICT, &none, &err), GATUN_INVALID_ARGUMENT, "300 cells");
  REFUSED(gatun_conv2d_weights(s.stream, flat, GATUN_STRICT, &none, &err), GATUN_SHAPE_MISMATCH, "expected 4 axes");
  const Weights up = conv_transpose2d_weights(s, weight, 2, 2, 1, 1), across = conv2d_weights(s, other);
  OK(gatun_conv_transpose2d(s.stream, x, up, bias, out, &err));
  REFUSED(gatun_conv_transpose2d(s.stream, x, across, bias, out, &err), GATUN_INVALID_ARGUMENT, "made for conv2d");
  REFUSED(gatun_conv_transpose2d(s.stream, flat, up, bias, out, &err), GATUN_SHAPE_MISMATCH, "expected 4 axes");
  REFUSED(gatun_conv_transpose2d(s.stream, deep, up, bias, out, &err), GATUN_SHAPE_MISMATCH, "expected [1, 4, 5, 2]");
  REFUSED(gatun_conv_transpose2d(s.stream, x, up, flat, out, &err), GATUN_SHAPE_MISMATCH, "bias has shape [6]");
  REFUSED(gatun_conv_transpose2d(s.stream, x, up, bias, same, &err), GATUN_SHAPE_MISMATCH,
          "extent 4 on axis H, expected 8 to 9");
  const Tensor tall(s, {1, 10, 10, 3}), none_in(s, {1, 0, 5, 2});
  REFUSED(gatun_conv_transpose2d(s.stream, x, up, bias, tall, &err), GATUN_SHAPE_MISMATCH, "extent 10 on axis H");
  REFUSED(gatun_conv_transpose2d(s.stream, none_in, up, bias, out, &err), GATUN_SHAPE_MISMATCH, "0 inputs");

  const Tensor pixel(s, {1, 1, 1, 2});
  const auto conv = [&](const gatun_tensor* in, gatun_weights* w, gatun_conv2d_options window, int32_t act = 0) {
    return gatun_conv2d(s.stream, in, w, bias, &window, act, same, &err);
  };
  const auto with = [](int64_t gatun_conv2d_options::*member, int64_t value) {
    gatun_conv2d_options options = same_window(1);
    options.*member = value;
    return options;
  };
  OK(conv(x, across, same_window(1)));
  REFUSED(conv(x, up, same_window(1)), GATUN_INVALID_ARGUMENT, "made for conv_transpose2d");
  REFUSED(conv(deep, across, same_window(1)), GATUN_SHAPE_MISMATCH, "expected [1, 4, 5, 2]");
  REFUSED(conv(x, across, same_window(3)), GATUN_SHAPE_MISMATCH, "padding is 3 on axis H");
  REFUSED(conv(x, across, same_window(-1)), GATUN_SHAPE_MISMATCH, "padding is -1");
  REFUSED(conv(x, across, with(&gatun_conv2d_options::padding_w, 3)), GATUN_SHAPE_MISMATCH, "padding is 3 on axis W");
  REFUSED(conv(x, across, same_window(0)), GATUN_SHAPE_MISMATCH, "expected [1, 2, 3, 3]");
  REFUSED(conv(x, across, with(&gatun_conv2d_options::stride_w, 0)), GATUN_SHAPE_MISMATCH, "stride is 0");
  REFUSED(conv(x, across, with(&gatun_conv2d_options::dilation_h, 0)), GATUN_SHAPE_MISMATCH, "dilation 0 on axis H");
  REFUSED(conv(x, across, with(&gatun_conv2d_options::stride_h, 2)), GATUN_SHAPE_MISMATCH, "expected [1, 2, 5, 3]");
  REFUSED(conv(x, across, with(&gatun_conv2d_options::dilation_w, 4)), GATUN_SHAPE_MISMATCH,
          "3 cells with dilation 4 is larger than the padded image, 5 pixels and 2 x 1");
  REFUSED(conv(x, across, with(&gatun_conv2d_options::dilation_w, INT64_MAX)), GATUN_SHAPE_MISMATCH, "dilation 92233");
  REFUSED(conv(x, across, with(&gatun_conv2d_options::struct_size, 8)), GATUN_VERSION_MISMATCH, "struct_size 8");
  REFUSED(gatun_conv2d(s.stream, x, across, bias, nullptr, 0, same, &err), GATUN_INVALID_ARGUMENT, "options is NULL");
  REFUSED(conv(x, across, same_window(1), 9), GATUN_INVALID_ARGUMENT, "activation 9");
  REFUSED(conv(x, across, same_window(1), GATUN_ACT_SIGMOID), GATUN_INVALID_ARGUMENT, "then call gatun_activate");
  REFUSED(conv(pixel, across, same_window(0)), GATUN_SHAPE_MISMATCH, "larger than the padded image, 1 pixels");
  // Sizes of a padded image that overflow, and one that only no machine has.
  const Tensor square(s, {1, 2, 2, 1}), small(s, {1, 2, 2, 1});
  const Weights one = conv2d_weights(s, Tensor(s, {1, 1, 3, 3}));
  for (const auto& [wide, status, part] :
       {std::tuple{int64_t{1073741823}, GATUN_SHAPE_MISMATCH, "1073741823 and 1073741823 around 2 x 2 pixels"},
        {int64_t{1} << 29, GATUN_OUT_OF_MEMORY, "cannot allocate"}}) {
    const gatun_conv2d_options window = same_window(wide, 1, wide);
    REFUSED(gatun_conv2d(s.stream, square, one, nullptr, &window, 0, small, &err), status, part);
  }
  CHECK(none == nullptr);
}

TEST(reductionsAndRowsCheckTheirTensors) {
  Session s;
  const Tensor x(s, {2, 3, 4}), out(s, {2, 4}), wrong(s, {2, 3}), none(s, {2, 0, 4}), scalar(s, {}), flat(s, {2, 0});
  const Tensor ids(s, {5}, GATUN_I64), rows(s, {2, 3}, GATUN_I64), table(s, {7, 4}), taken(s, {5, 4});
  OK(gatun_reduce(s.stream, x, GATUN_REDUCE_MAX, out, &err));
  REFUSED(gatun_reduce(s.stream, out, 0, out, &err), GATUN_SHAPE_MISMATCH, "expected 3 axes");
  REFUSED(gatun_reduce(s.stream, x, 0, wrong, &err), GATUN_SHAPE_MISMATCH, "expected [2, 4]");
  REFUSED(gatun_reduce(s.stream, none, 0, out, &err), GATUN_SHAPE_MISMATCH, "nothing to reduce");
  REFUSED(gatun_reduce(s.stream, x, 4, out, &err), GATUN_INVALID_ARGUMENT, "reduction 4");
  const gatun_tensor inside = dense(x.view.buffer, {2, 4}), same = dense(x.view.buffer, {2, 3}, GATUN_I64);
  REFUSED(gatun_reduce(s.stream, x, 0, &inside, &err), GATUN_INVALID_ARGUMENT, "share memory");

  OK(gatun_softmax(s.stream, x, x, &err));
  REFUSED(gatun_softmax(s.stream, x, out, &err), GATUN_SHAPE_MISMATCH, "expected that of x");
  REFUSED(gatun_softmax(s.stream, scalar, scalar, &err), GATUN_SHAPE_MISMATCH, "x is a scalar");
  REFUSED(gatun_softmax(s.stream, flat, flat, &err), GATUN_SHAPE_MISMATCH, "the last axis of x is empty");
  REFUSED(gatun_softmax(s.stream, ids, ids, &err), GATUN_UNSUPPORTED_DTYPE, "x is int64, expected float32");

  OK(gatun_argmax(s.stream, x, rows, &err));
  REFUSED(gatun_argmax(s.stream, x, wrong, &err), GATUN_UNSUPPORTED_DTYPE, "out is float32, expected int64");
  REFUSED(gatun_argmax(s.stream, x, ids, &err), GATUN_SHAPE_MISMATCH, "expected that of the rows of x, [2, 3]");
  REFUSED(gatun_argmax(s.stream, scalar, ids, &err), GATUN_SHAPE_MISMATCH, "x is a scalar");
  REFUSED(gatun_argmax(s.stream, x, &same, &err), GATUN_INVALID_ARGUMENT, "share memory");

  OK(gatun_fill(s.stream, ids, 6, &err));
  OK(gatun_take_rows(s.stream, table, ids, taken, &err));
  REFUSED(gatun_take_rows(s.stream, x, ids, taken, &err), GATUN_SHAPE_MISMATCH, "expected 2 axes");
  REFUSED(gatun_take_rows(s.stream, table, rows, taken, &err), GATUN_SHAPE_MISMATCH, "ids has shape [2, 3]");
  REFUSED(gatun_take_rows(s.stream, table, out, taken, &err), GATUN_SHAPE_MISMATCH, "ids has shape [2, 4]");
  REFUSED(gatun_take_rows(s.stream, table, ids, out, &err), GATUN_SHAPE_MISMATCH, "expected [5, 4]");
  const gatun_tensor line = dense(table.view.buffer, {5, 4}), floats = dense(table.view.buffer, {5});
  REFUSED(gatun_take_rows(s.stream, table, &floats, taken, &err), GATUN_UNSUPPORTED_DTYPE, "ids is float32");
  REFUSED(gatun_take_rows(s.stream, table, ids, &line, &err), GATUN_INVALID_ARGUMENT, "out and table share memory");
}

TEST(sampleTokensChecksItsArguments) {
  Session s;
  const Tensor logits(s, {5, 7}), counters(s, {5}, GATUN_I64), out(s, {5}, GATUN_I64), flat(s, {35}), none(s, {5, 0});
  const Tensor floats(s, {5}), four(s, {4}, GATUN_I64), no_rows(s, {0, 7}), no_ids(s, {0}, GATUN_I64);
  OK(gatun_fill(s.stream, logits, 0, &err));
  OK(gatun_fill(s.stream, counters, 3, &err));
  const auto call = [&](const gatun_tensor* x, double temperature, double top_k, double top_p, const gatun_tensor* at,
                        const gatun_tensor* to) {
    return gatun_sample_tokens(s.stream, x, temperature, top_k, top_p, 1, at, to, &err);
  };
  OK(call(logits, 1, 3, 0.5, counters, out));
  OK(call(logits, 0, 0.5, 0, counters, out));
  OK(call(logits, 1e300, 100, 1.5, counters, out));
  OK(call(no_rows, 1, 0, 0, no_ids, no_ids));
  REFUSED(call(flat, 1, 0, 0, counters, out), GATUN_SHAPE_MISMATCH, "logits has shape [35], expected 2 axes");
  REFUSED(call(counters, 1, 0, 0, counters, out), GATUN_UNSUPPORTED_DTYPE, "logits is int64");
  REFUSED(call(none, 1, 0, 0, counters, out), GATUN_SHAPE_MISMATCH, "a row has 0 logits");
  REFUSED(call(logits, 1, 0, 0, floats, out), GATUN_UNSUPPORTED_DTYPE, "counters is float32, expected int64");
  REFUSED(call(logits, 1, 0, 0, four, out), GATUN_SHAPE_MISMATCH, "counters has shape [4], expected [5]");
  REFUSED(call(logits, 1, 0, 0, counters, floats), GATUN_UNSUPPORTED_DTYPE, "out is float32, expected int64");
  REFUSED(call(logits, 1, 0, 0, counters, four), GATUN_SHAPE_MISMATCH, "out has shape [4], expected [5]");
  REFUSED(call(logits, 1, 0, 0, counters, counters), GATUN_INVALID_ARGUMENT, "out and counters share memory");
  for (double wrong : {-0.1, std::nan(""), double{INFINITY}}) {
    REFUSED(call(logits, wrong, 0, 0, counters, out), GATUN_INVALID_ARGUMENT, "temperature is");
    REFUSED(call(logits, 1, wrong, 0, counters, out), GATUN_INVALID_ARGUMENT, "top_k is");
    REFUSED(call(logits, 1, 0, wrong, counters, out), GATUN_INVALID_ARGUMENT, "top_p is");
  }
  REFUSED(call(logits, 1, 2.5, 0, counters, out), GATUN_INVALID_ARGUMENT, "top_k is 2.5, expected 0 (off)");
}

TEST(groupNormChecksItsTensors) {
  Session s;
  const Tensor x(s, {2, 3, 6}), out(s, {2, 3, 6}), weight(s, {6}), narrow(s, {4}), flat(s, {3, 6});
  const auto call = [&](const gatun_tensor* in, int64_t groups, const gatun_tensor* w, double eps, int32_t activation,
                        const gatun_tensor* to) {
    return gatun_group_norm(s.stream, in, groups, w, weight, eps, activation, to, &err);
  };
  OK(call(x, 2, weight, 1e-5, GATUN_ACT_SILU, x));
  REFUSED(call(flat, 2, weight, 0, 0, flat), GATUN_SHAPE_MISMATCH, "expected 3 axes");
  REFUSED(call(x, 2, weight, 0, 0, flat), GATUN_SHAPE_MISMATCH, "expected that of x");
  REFUSED(call(x, 4, weight, 0, 0, out), GATUN_SHAPE_MISMATCH, "6 channels for 4 groups");
  REFUSED(call(x, 0, weight, 0, 0, out), GATUN_SHAPE_MISMATCH, "6 channels for 0 groups");
  REFUSED(call(x, 2, narrow, 0, 0, out), GATUN_SHAPE_MISMATCH, "weight has shape [4], expected [6]");
  REFUSED(call(x, 2, weight, -1, 0, out), GATUN_INVALID_ARGUMENT, "eps is -1");
  REFUSED(call(x, 2, weight, 0, GATUN_ACT_RELU, out), GATUN_INVALID_ARGUMENT, "group_norm has no ReLU behind it");
  REFUSED(call(x, 2, weight, 0, 77, out), GATUN_INVALID_ARGUMENT, "activation 77");
}

TEST(resizeChecksItsTensors) {
  Session s;
  const Tensor x(s, {1, 4, 5, 2}), out(s, {1, 8, 9, 2}), deep(s, {1, 8, 9, 3}), none(s, {1, 0, 9, 2}), flat(s, {6});
  const auto call = [&](const gatun_tensor* in, int32_t mode, int32_t align, double scale, const gatun_tensor* to) {
    return gatun_resize2d(s.stream, in, mode, align, scale, 0, to, &err);
  };
  OK(call(x, GATUN_RESIZE_BILINEAR, 1, 2, out));
  REFUSED(call(flat, 0, 0, 0, out), GATUN_SHAPE_MISMATCH, "expected 4 axes");
  REFUSED(call(x, 0, 0, 0, flat), GATUN_SHAPE_MISMATCH, "out has shape [6], expected 4 axes");
  REFUSED(call(x, 0, 0, 0, deep), GATUN_SHAPE_MISMATCH, "expected [1, 8, 9, 2]");
  REFUSED(call(x, 0, 0, 0, none), GATUN_SHAPE_MISMATCH, "4 pixels on axis H are to become 0");
  REFUSED(call(none, 0, 0, 0, out), GATUN_SHAPE_MISMATCH, "0 pixels on axis H");
  REFUSED(call(x, 0, 0, 0, x), GATUN_INVALID_ARGUMENT, "share memory");
  REFUSED(call(x, 4, 0, 0, out), GATUN_INVALID_ARGUMENT, "mode 4");
  REFUSED(call(x, -1, 0, 0, out), GATUN_INVALID_ARGUMENT, "mode -1");
  REFUSED(call(x, GATUN_RESIZE_NEAREST, 1, 0, out), GATUN_INVALID_ARGUMENT, "align_corners is 1");
  REFUSED(call(x, GATUN_RESIZE_BICUBIC, 2, 0, out), GATUN_INVALID_ARGUMENT, "align_corners is 2");
  REFUSED(call(x, GATUN_RESIZE_AREA, 0, 2, out), GATUN_INVALID_ARGUMENT, "area has the scales 2, 0");
  for (double scale : {-2.0, 1e-30, double{NAN}}) {
    REFUSED(call(x, GATUN_RESIZE_BILINEAR, 0, scale, out), GATUN_INVALID_ARGUMENT, "the scale of axis H is");
  }
}

TEST(maxPoolChecksItsTensors) {
  Session s;
  const Tensor x(s, {1, 4, 5, 2}), out(s, {1, 2, 2, 2}), wrong(s, {1, 2, 3, 2});
  const auto call = [&](int64_t kernel_h, int64_t kernel_w, int64_t stride_h, int64_t stride_w,
                        const gatun_tensor* to) {
    return gatun_max_pool2d(s.stream, x, kernel_h, kernel_w, stride_h, stride_w, to, &err);
  };
  OK(call(2, 2, 2, 2, out));
  REFUSED(call(2, 2, 2, 2, wrong), GATUN_SHAPE_MISMATCH, "expected [1, 2, 2, 2]");
  REFUSED(call(0, 2, 2, 2, out), GATUN_SHAPE_MISMATCH, "kernel 0 x 2");
  REFUSED(call(2, 6, 2, 2, out), GATUN_SHAPE_MISMATCH, "kernel 2 x 6 and strides 2, 2 on 4 x 5 pixels");
  REFUSED(call(2, 2, 0, 2, out), GATUN_SHAPE_MISMATCH, "strides 0, 2");
  REFUSED(call(2, 2, 2, -1, out), GATUN_SHAPE_MISMATCH, "strides 2, -1");
  const gatun_tensor inside = dense(x.view.buffer, {1, 2, 2, 2});
  REFUSED(call(2, 2, 2, 2, &inside), GATUN_INVALID_ARGUMENT, "share memory");
}

TEST(padChecksItsTensors) {
  Session s;
  const Tensor x(s, {1, 3, 4, 2}), out(s, {1, 6, 6, 2}), tall(s, {1, 7, 6, 2}), none(s, {1, 0, 4, 2});
  const auto call = [&](const gatun_tensor* in, int64_t top, int64_t left, int32_t mode, const gatun_tensor* to) {
    return gatun_pad2d(s.stream, in, top, left, mode, 0, to, &err);
  };
  OK(call(x, 2, 1, GATUN_PAD_REFLECT, out));
  OK(call(x, 3, 1, GATUN_PAD_CIRCULAR, out));
  REFUSED(call(x, -1, 1, GATUN_PAD_CONSTANT, out), GATUN_SHAPE_MISMATCH, "axis H gets borders of -1 and 4 around 3");
  REFUSED(call(x, 1, 3, GATUN_PAD_CONSTANT, out), GATUN_SHAPE_MISMATCH, "axis W gets borders of 3 and -1 around 4");
  REFUSED(call(x, 3, 1, GATUN_PAD_REFLECT, out), GATUN_SHAPE_MISMATCH, "expected 0 to 2");
  REFUSED(call(x, 0, 1, GATUN_PAD_REFLECT, out), GATUN_SHAPE_MISMATCH, "borders of 0 and 3");
  REFUSED(call(x, 4, 1, GATUN_PAD_CIRCULAR, tall), GATUN_SHAPE_MISMATCH, "expected 0 to 3");
  REFUSED(call(none, 3, 1, GATUN_PAD_REPLICATE, out), GATUN_SHAPE_MISMATCH, "around 0 pixels");
  REFUSED(call(x, 1, 1, 4, out), GATUN_INVALID_ARGUMENT, "mode 4");
  REFUSED(call(x, 0, 0, 0, x), GATUN_INVALID_ARGUMENT, "share memory");
  const Tensor narrow(s, {1, 3, 1, 2});
  for (int32_t mode : {GATUN_PAD_CONSTANT, GATUN_PAD_REPLICATE}) {
    REFUSED(call(x, 0, INT64_MAX, mode, narrow), GATUN_SHAPE_MISMATCH, "borders of 9223372036854775807 and -");
    REFUSED(call(x, 0, INT64_MIN, mode, narrow), GATUN_SHAPE_MISMATCH, "borders of -9223372036854775808 and ");
  }
}

TEST(mapHeadChecksItsTensors) {
  Session s;
  const Tensor x(s, {2, 3, 4, 5, 6}), weight(s, {6}), one(s, {1}), months(s, {3}), out(s, {2, 3, 4, 5});
  const Tensor land(s, {2, 4, 5}, GATUN_BOOL), small(s, {2, 4, 4}, GATUN_BOOL);
  const auto call = [&](const gatun_tensor* in, const gatun_tensor* w, const gatun_tensor* scale,
                        const gatun_tensor* dry, const gatun_tensor* to) {
    return gatun_map_head(s.stream, in, w, one, scale, months, dry, to, &err);
  };
  OK(gatun_fill(s.stream, land, 0, &err));
  OK(call(x, weight, months, land, out));
  REFUSED(call(out, weight, months, land, out), GATUN_SHAPE_MISMATCH, "expected 5 axes");
  REFUSED(call(x, months, months, land, out), GATUN_SHAPE_MISMATCH, "weight has shape [3], expected [6]");
  REFUSED(call(x, weight, weight, land, out), GATUN_SHAPE_MISMATCH, "scale has shape [6], expected [3]");
  REFUSED(call(x, weight, months, small, out), GATUN_SHAPE_MISMATCH, "land has shape [2, 4, 4]");
  REFUSED(call(x, weight, months, out, out), GATUN_UNSUPPORTED_DTYPE, "land is float32");
  REFUSED(call(x, weight, months, land, x), GATUN_SHAPE_MISMATCH, "expected [2, 3, 4, 5]");
  const gatun_tensor inside = dense(x.view.buffer, {2, 3, 4, 5});
  REFUSED(call(x, weight, months, land, &inside), GATUN_INVALID_ARGUMENT, "share memory");
}

}  // namespace
