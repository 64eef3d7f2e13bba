// SPDX-License-Identifier: Apache-2.0
#include "onednn.h"

#include "../library_folder.h"
#include "../status.h"

#if GATUN_WITH_ONEDNN

#include <oneapi/dnnl/dnnl.h>

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <new>

namespace gatun::cpu {

// The functions we call, by their own names.
#define GATUN_ONEDNN_FUNCTIONS(X)                                                                                     \
  X(dnnl_version) X(dnnl_engine_create) X(dnnl_stream_create) X(dnnl_stream_destroy) X(dnnl_stream_wait)              \
  X(dnnl_memory_desc_create_with_tag) X(dnnl_memory_desc_destroy)             \
  X(dnnl_memory_desc_get_size) X(dnnl_memory_create) X(dnnl_memory_destroy) X(dnnl_primitive_attr_create)             \
  X(dnnl_primitive_attr_destroy) X(dnnl_primitive_attr_set_scratchpad_mode) X(dnnl_primitive_attr_set_fpmath_mode)    \
  X(dnnl_matmul_primitive_desc_create) X(dnnl_convolution_forward_primitive_desc_create)                              \
  X(dnnl_reorder_primitive_desc_create) X(dnnl_primitive_desc_destroy) X(dnnl_primitive_desc_query)                   \
  X(dnnl_primitive_desc_query_md) X(dnnl_primitive_create) X(dnnl_primitive_destroy) X(dnnl_primitive_execute)

class OneDnn {
 public:
#define X(name) decltype(&::name) name = nullptr;
  GATUN_ONEDNN_FUNCTIONS(X)
#undef X
  dnnl_engine_t engine = nullptr;
  std::string status;
  bool usable = false;

  static const OneDnn& get() {
    static const OneDnn library;
    return library;
  }

  // A worker is one thread to oneDNN too.
  void this_thread_only() const {
    thread_local bool done = false;
    if (!done) set_threads_(1);
    done = true;
  }

 private:
  OneDnn() {
    if (disabled("onednn")) {
      status = "oneDNN is disabled by GATUN_DISABLE";
      return;
    }
    const char* told = std::getenv("GATUN_ONEDNN_PATH");
    const std::string folder = told != nullptr && *told != '\0' ? told : library_folder();
    // libgomp first: libdnnl then finds it loaded, whatever the search path.
    void* openmp = open(folder + "/libgomp.so.1");
    void* library = openmp == nullptr ? nullptr : open(folder + "/libdnnl.so.3");
    if (library == nullptr) return;
    set_threads_ = reinterpret_cast<void (*)(int)>(dlsym(openmp, "omp_set_num_threads"));
    bool complete = set_threads_ != nullptr;
#define X(name) complete = (name = reinterpret_cast<decltype(name)>(dlsym(library, #name))) != nullptr && complete;
    GATUN_ONEDNN_FUNCTIONS(X)
#undef X
    if (!complete || dnnl_version()->major != DNNL_VERSION_MAJOR) {
      status = text_of("oneDNN in ", folder, " is not version ", DNNL_VERSION_MAJOR, ".x");
      return;
    }
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) {
      status = "oneDNN has no CPU engine";
      return;
    }
    status = text_of("oneDNN ", dnnl_version()->major, ".", dnnl_version()->minor, ".", dnnl_version()->patch);
    usable = true;
  }

  void* open(const std::string& path) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) status = text_of("oneDNN could not be loaded: ", dlerror());
    return library;
  }

  void (*set_threads_)(int) = nullptr;
};

namespace {

// oneDNN reports failure by status; inside this file it is an exception, caught by create().
struct Refused {};

void want(dnnl_status_t status) {
  if (status != dnnl_success) throw Refused{};
}

struct Descriptor {
  dnnl_memory_desc_t handle = nullptr;

  Descriptor() = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (handle != nullptr) OneDnn::get().dnnl_memory_desc_destroy(handle);
  }
  void tagged(std::initializer_list<int64_t> dims, dnnl_format_tag_t tag) {
    want(OneDnn::get().dnnl_memory_desc_create_with_tag(&handle, static_cast<int>(dims.size()), dims.begin(), dnnl_f32,
                                                        tag));
  }
};

class Memory {
 public:
  Memory(const_dnnl_memory_desc_t descriptor, const void* data) {
    want(OneDnn::get().dnnl_memory_create(&handle, descriptor, OneDnn::get().engine, const_cast<void*>(data)));
  }
  ~Memory() { OneDnn::get().dnnl_memory_destroy(handle); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  dnnl_memory_t handle = nullptr;
};

struct AlignedDelete {
  void operator()(char* bytes) const { ::operator delete[](bytes, std::align_val_t{64}); }
};

// A primitive with its weights in the layout it chose.
class Primitive {
 public:
  Primitive(dnnl_primitive_desc_t descriptor, const_dnnl_memory_desc_t plain_weights, const float* weight)
      : descriptor_(descriptor) {
    const OneDnn& dnnl = OneDnn::get();
    const char* implementation = nullptr;
    want(dnnl.dnnl_primitive_desc_query(descriptor_, dnnl_query_impl_info_str, 0, &implementation));
    if (std::strstr(implementation, "ref") != nullptr) throw Refused{};  // slower than our own kernels
    const auto chosen = dnnl.dnnl_primitive_desc_query_md(descriptor_, dnnl_query_weights_md, 0);
    weights_.reset(new (std::align_val_t{64}) char[dnnl.dnnl_memory_desc_get_size(chosen)]);
    weights_memory_ = std::make_unique<Memory>(chosen, weights_.get());
    dnnl_primitive_desc_t reorder = nullptr;
    want(dnnl.dnnl_reorder_primitive_desc_create(&reorder, plain_weights, dnnl.engine, chosen, dnnl.engine, nullptr));
    dnnl_primitive_t reorderer = nullptr;
    const dnnl_status_t created = dnnl.dnnl_primitive_create(&reorderer, reorder);
    dnnl.dnnl_primitive_desc_destroy(reorder);
    want(created);
    const Memory source(plain_weights, weight);
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, source.handle}, {DNNL_ARG_TO, weights_memory_->handle}};
    const dnnl_status_t done = execute(reorderer, 2, arguments);
    dnnl.dnnl_primitive_destroy(reorderer);
    want(done);
    want(dnnl.dnnl_primitive_create(&primitive_, descriptor_));
    scratch_bytes_ = dnnl.dnnl_memory_desc_get_size(md(dnnl_query_scratchpad_md));
  }

  ~Primitive() {
    if (primitive_ != nullptr) OneDnn::get().dnnl_primitive_destroy(primitive_);
    OneDnn::get().dnnl_primitive_desc_destroy(descriptor_);
  }
  Primitive(const Primitive&) = delete;
  Primitive& operator=(const Primitive&) = delete;

  void run(const_dnnl_memory_desc_t source, const float* x, const_dnnl_memory_desc_t bias_layout, const float* bias,
           const_dnnl_memory_desc_t target, float* out, OneDnnScratch& scratch) const {
    OneDnn::get().this_thread_only();
    if (scratch.bytes.size() < scratch_bytes_ + 64) scratch.bytes.resize(scratch_bytes_ + 64);
    char* aligned = scratch.bytes.data() + (64 - reinterpret_cast<uintptr_t>(scratch.bytes.data()) % 64) % 64;
    const Memory in(source, x), shift(bias_layout, bias), to(target, out), pad(md(dnnl_query_scratchpad_md), aligned);
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, in.handle},
                                         {DNNL_ARG_WEIGHTS, weights_memory_->handle},
                                         {DNNL_ARG_BIAS, shift.handle},
                                         {DNNL_ARG_DST, to.handle},
                                         {DNNL_ARG_SCRATCHPAD, pad.handle}};
    want(execute(primitive_, 5, arguments));
  }

 private:
  const_dnnl_memory_desc_t md(dnnl_query_t what) const {
    return OneDnn::get().dnnl_primitive_desc_query_md(descriptor_, what, 0);
  }

  static dnnl_status_t execute(dnnl_primitive_t primitive, int count, const dnnl_exec_arg_t* arguments) {
    const OneDnn& dnnl = OneDnn::get();
    dnnl_stream_t stream = nullptr;
    dnnl_status_t status = dnnl.dnnl_stream_create(&stream, dnnl.engine, dnnl_stream_default_flags);
    if (status != dnnl_success) return status;
    status = dnnl.dnnl_primitive_execute(primitive, stream, count, arguments);
    if (status == dnnl_success) status = dnnl.dnnl_stream_wait(stream);
    dnnl.dnnl_stream_destroy(stream);
    return status;
  }

  dnnl_primitive_desc_t descriptor_;
  dnnl_primitive_t primitive_ = nullptr;
  std::unique_ptr<char[], AlignedDelete> weights_;
  std::unique_ptr<Memory> weights_memory_;
  size_t scratch_bytes_ = 0;
};

class Attributes {
 public:
  Attributes() {
    want(OneDnn::get().dnnl_primitive_attr_create(&handle));
    // One primitive runs on several workers at a time: its scratch is ours. No lower precision, whatever the
    // environment says.
    want(OneDnn::get().dnnl_primitive_attr_set_scratchpad_mode(handle, dnnl_scratchpad_mode_user));
    want(OneDnn::get().dnnl_primitive_attr_set_fpmath_mode(handle, dnnl_fpmath_mode_strict));
  }
  ~Attributes() { OneDnn::get().dnnl_primitive_attr_destroy(handle); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  dnnl_primitive_attr_t handle = nullptr;
};

}  // namespace

const std::string& onednn_status() { return OneDnn::get().status; }

struct TileProduct::Parts {
  Descriptor source, plain, bias, target;
  std::unique_ptr<Primitive> primitive;
};

TileProduct::TileProduct(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TileProduct::~TileProduct() = default;

std::unique_ptr<TileProduct> TileProduct::create(int64_t inputs, int64_t outputs, const float* weight) try {
  const OneDnn& dnnl = OneDnn::get();
  if (!dnnl.usable) return nullptr;
  dnnl.this_thread_only();
  auto parts = std::make_unique<Parts>();
  parts->source.tagged({kRows, inputs}, dnnl_ab);
  parts->plain.tagged({inputs, outputs}, dnnl_ba);  // torch's [N, K] read as [K, N]
  parts->bias.tagged({1, outputs}, dnnl_ab);
  parts->target.tagged({kRows, outputs}, dnnl_ab);
  Descriptor any;
  any.tagged({inputs, outputs}, dnnl_format_tag_any);
  const Attributes attributes;
  dnnl_primitive_desc_t descriptor = nullptr;
  want(dnnl.dnnl_matmul_primitive_desc_create(&descriptor, dnnl.engine, parts->source.handle, any.handle,
                                              parts->bias.handle, parts->target.handle, attributes.handle));
  parts->primitive = std::make_unique<Primitive>(descriptor, parts->plain.handle, weight);
  return std::unique_ptr<TileProduct>(new TileProduct(std::move(parts)));
} catch (const Refused&) {
  return nullptr;
}

void TileProduct::run(const float* x, const float* bias, float* out, OneDnnScratch& scratch) const try {
  parts_->primitive->run(parts_->source.handle, x, parts_->bias.handle, bias, parts_->target.handle, out, scratch);
} catch (const Refused&) {
  fail(GATUN_INTERNAL, "a oneDNN product failed to run");
}

struct TileConvolution::Parts {
  Descriptor source, plain, bias, target;
  std::unique_ptr<Primitive> primitive;
};

TileConvolution::TileConvolution(const Shape& shape, std::unique_ptr<Parts> parts)
    : shape_(shape), parts_(std::move(parts)) {}
TileConvolution::~TileConvolution() = default;

std::unique_ptr<TileConvolution> TileConvolution::create(const Shape& s, const float* weight) try {
  const OneDnn& dnnl = OneDnn::get();
  if (!dnnl.usable) return nullptr;
  dnnl.this_thread_only();
  auto parts = std::make_unique<Parts>();
  const int64_t in_rows = s.rows + s.kernel_h - 1, columns = s.in_columns - s.kernel_w + 1;
  parts->source.tagged({1, s.inputs, in_rows, s.in_columns}, dnnl_nhwc);
  parts->plain.tagged({s.outputs, s.inputs, s.kernel_h, s.kernel_w}, dnnl_oihw);
  parts->bias.tagged({s.outputs}, dnnl_a);
  parts->target.tagged({1, s.outputs, s.rows, columns}, dnnl_nhwc);
  Descriptor any;
  any.tagged({s.outputs, s.inputs, s.kernel_h, s.kernel_w}, dnnl_format_tag_any);
  const Attributes attributes;
  const dnnl_dims_t one = {1, 1}, none = {0, 0};
  dnnl_primitive_desc_t descriptor = nullptr;
  want(dnnl.dnnl_convolution_forward_primitive_desc_create(
      &descriptor, dnnl.engine, dnnl_forward_inference, dnnl_convolution_direct, parts->source.handle, any.handle,
      parts->bias.handle, parts->target.handle, one, none, none, none, attributes.handle));
  parts->primitive = std::make_unique<Primitive>(descriptor, parts->plain.handle, weight);
  return std::unique_ptr<TileConvolution>(new TileConvolution(s, std::move(parts)));
} catch (const Refused&) {
  return nullptr;
}

void TileConvolution::run(const float* x, const float* bias, float* out, OneDnnScratch& scratch) const try {
  parts_->primitive->run(parts_->source.handle, x, parts_->bias.handle, bias, parts_->target.handle, out, scratch);
} catch (const Refused&) {
  fail(GATUN_INTERNAL, "a oneDNN convolution failed to run");
}

}  // namespace gatun::cpu

#else

namespace gatun::cpu {

const std::string& onednn_status() {
  static const std::string reason = "this build was made without oneDNN's headers (GATUN_ONEDNN_ROOT)";
  return reason;
}

struct TileProduct::Parts {};
TileProduct::~TileProduct() = default;
std::unique_ptr<TileProduct> TileProduct::create(int64_t, int64_t, const float*) { return nullptr; }
void TileProduct::run(const float*, const float*, float*, OneDnnScratch&) const {}

struct TileConvolution::Parts {};
TileConvolution::~TileConvolution() = default;
std::unique_ptr<TileConvolution> TileConvolution::create(const Shape&, const float*) { return nullptr; }
void TileConvolution::run(const float*, const float*, float*, OneDnnScratch&) const {}

}  // namespace gatun::cpu

#endif
