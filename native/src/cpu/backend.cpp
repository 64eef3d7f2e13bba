// SPDX-License-Identifier: Apache-2.0
// The CPU backend's table: devices, memory, streams, events, weights, and the queueing of tiled kernels.
#include "device.h"

#include "../library_folder.h"
#include "../status.h"
#include "decoder_fold.h"
#include "pack.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace gatun::cpu {

namespace {

int default_threads() {
  const char* told = std::getenv("GATUN_NUM_THREADS");
  if (told == nullptr || *told == '\0') return available_cores();
  char* end = nullptr;
  const long threads = std::strtol(told, &end, 10);
  if (*end != '\0' || threads < 1 || threads > 4096) {
    fail(GATUN_INVALID_ARGUMENT, "GATUN_NUM_THREADS is \"", told, "\", expected a number from 1 to 4096");
  }
  return static_cast<int>(threads);
}

int32_t level_told() {
  const char* told = std::getenv("GATUN_CPU");
  if (told == nullptr || *told == '\0') return best_level();
  for (int32_t level = GATUN_CPU_PORTABLE; level <= GATUN_CPU_AVX512; ++level) {
    if (std::strcmp(told, level_name(level)) == 0) return level;
  }
  fail(GATUN_INVALID_ARGUMENT, "GATUN_CPU is \"", told, "\", expected portable, avx2 or avx512");
}

int32_t checked_level(int32_t level) {
  if (level < GATUN_CPU_AUTO || level > GATUN_CPU_AVX512) {
    fail(GATUN_INVALID_ARGUMENT, "cpu_level ", level, " is none of gatun_cpu_level");
  }
  const int32_t chosen = level == GATUN_CPU_AUTO ? level_told() : level;
  if (chosen > best_level()) {
    fail(GATUN_DEVICE_UNAVAILABLE, "the CPU level ", level_name(chosen), " was asked for; this processor (",
         processor_name(), ") has ", level_name(best_level()), " at best");
  }
  return chosen;
}

gatun_status device_open(int32_t index, const gatun_device_options& options, gatun_device** device,
                         gatun_error* error) {
  return guard(error, [&] {
    if (index != 0) fail(GATUN_DEVICE_UNAVAILABLE, "there is one CPU device, cpu:0; got index ", index);
    const int threads = options.num_threads > 0 ? static_cast<int>(options.num_threads) : default_threads();
    const int64_t limit = options.memory_limit > 0 ? options.memory_limit : available_memory();
    auto* opened = new CpuDevice(threads, limit, checked_level(options.cpu_level));
    opened->backend = &cpu_backend();
    *device = opened;
  });
}

gatun_status device_close(gatun_device* device, gatun_error* error) {
  return guard(error, [&] {
    CpuDevice& cpu = own(device);
    const int64_t buffers = cpu.pool.stats().buffers_live, handles = cpu.handles.load();
    if (buffers + handles > 0) {
      fail(GATUN_INVALID_ARGUMENT, "the device still has ", buffers, " buffers or weights and ", handles,
           " streams, events or wrapped buffers; close them first");
    }
    retire(cpu.mark);
    delete &cpu;
  });
}

gatun_status device_info(gatun_device* device, gatun_device_info* info, gatun_error* error) {
  return guard(error, [&] {
    const CpuDevice& cpu = own(device);
    *info = {};
    info->struct_size = sizeof *info;
    info->kind = GATUN_CPU;
    info->cpu_level = cpu.level;
    info->num_threads = cpu.workers.count();
    info->memory_bytes = available_memory();
    std::strncpy(info->name, processor_name().c_str(), sizeof info->name - 1);
    constexpr const char* kReduced[] = {"widened to f32", "pair by pair", "in AMX tiles"};
    const std::string libraries = text_of("all operations: own ", level_name(cpu.level), " kernels; bf16: own, ",
                                          kReduced[static_cast<int>(cpu.pairs)]);
    std::strncpy(info->libraries, libraries.c_str(), sizeof info->libraries - 1);
  });
}

gatun_status memory_stats(gatun_device* device, gatun_memory_stats* stats, gatun_error* error) {
  return guard(error, [&] { *stats = own(device).pool.stats(); });
}

gatun_status memory_limit(gatun_device* device, int64_t bytes, gatun_error* error) {
  return guard(error, [&] { own(device).pool.set_limit(bytes > 0 ? bytes : available_memory()); });
}

gatun_status memory_trim(gatun_device* device, int64_t* freed, gatun_error* error) {
  return guard(error, [&] { *freed = own(device).pool.trim(); });
}

gatun_status memory_peak_reset(gatun_device* device, gatun_error* error) {
  return guard(error, [&] { own(device).pool.reset_peak(); });
}

gatun_status buffer_alloc(gatun_stream* stream, int64_t bytes, gatun_buffer** buffer, gatun_error* error) {
  return guard(error, [&] {
    auto fresh = std::make_unique<CpuBuffer>();
    fresh->block = device_of(stream).pool.take(bytes, own(stream).queue.progress());
    fresh->device = stream->device;
    fresh->data = fresh->block.data;
    fresh->bytes = bytes;
    *buffer = fresh.release();
  });
}

gatun_status buffer_wrap(gatun_device* device, void* data, int64_t bytes, gatun_buffer** buffer, gatun_error* error) {
  return guard(error, [&] {
    auto fresh = std::make_unique<CpuBuffer>();
    fresh->device = device;
    fresh->data = static_cast<char*>(data);
    fresh->bytes = bytes;
    ++own(device).handles;
    *buffer = fresh.release();
  });
}

gatun_status buffer_free(gatun_buffer* buffer, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    auto* old = static_cast<CpuBuffer*>(buffer);
    Queue& queue = own(stream).queue;
    if (old->block.data != nullptr) {
      device_of(stream).pool.give(old->block, queue.progress(), queue.submitted());
    } else {
      --device_of(stream).handles;
    }
    retire(old->mark);
    delete old;
  });
}

// Little is copied twice, so that the caller goes on queueing: a stream that runs empty lets its workers sleep. The
// limit is of all that waits in a stream, or a model's weights would be there twice while they are loaded.
constexpr int64_t kStaged = 4 << 20;

gatun_status copy_from_host(gatun_stream* stream, char* dst, const void* src, int64_t bytes, gatun_error* error) {
  return guard(error, [&] {
    Queue& queue = own(stream).queue;
    std::atomic<int64_t>& waiting = own(stream).staged_bytes;
    if (bytes > 0 && bytes <= kStaged - waiting && queue.progress()->completed() < queue.submitted()) {
      const char* from = static_cast<const char*>(src);
      queue.submit([dst, &waiting, staged = std::vector<char>(from, from + bytes)] {
        std::memcpy(dst, staged.data(), staged.size());
        waiting -= static_cast<int64_t>(staged.size());
      });
      waiting += bytes;
      return;
    }
    queue.sync();
    if (bytes > 0) std::memcpy(dst, src, static_cast<size_t>(bytes));  // either address may be NULL else
  });
}

gatun_status copy_to_host(gatun_stream* stream, void* dst, const char* src, int64_t bytes, gatun_error* error) {
  return guard(error, [&] {
    own(stream).queue.sync();
    if (bytes > 0) std::memcpy(dst, src, static_cast<size_t>(bytes));  // either address may be NULL else
  });
}

gatun_status stream_create(gatun_device* device, gatun_stream** stream, gatun_error* error) {
  return guard(error, [&] {
    *stream = new CpuStream(own(device));
    ++own(device).handles;
  });
}

gatun_status stream_destroy(gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    Queue& queue = own(stream).queue;
    queue.progress()->wait_for(queue.submitted());
    --device_of(stream).handles;
    retire(stream->mark);
    delete &own(stream);
  });
}

gatun_status stream_sync(gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] { own(stream).queue.sync(); });
}

gatun_status event_create(gatun_device* device, gatun_event** event, gatun_error* error) {
  return guard(error, [&] {
    auto* fresh = new CpuEvent;
    fresh->device = device;
    ++own(device).handles;
    *event = fresh;
  });
}

gatun_status event_destroy(gatun_event* event, gatun_error* error) {
  return guard(error, [&] {
    --own(event->device).handles;
    retire(event->mark);
    delete &own(event);
  });
}

gatun_status event_record(gatun_event* event, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    CpuEvent& point = own(event);
    const std::lock_guard lock(point.mutex);
    point.progress = own(stream).queue.progress();
    point.ticket = own(stream).queue.submitted();
  });
}

gatun_status event_wait(gatun_stream* stream, gatun_event* event, gatun_error* error) {
  return guard(error, [&] {
    CpuEvent& point = own(event);
    const std::lock_guard lock(point.mutex);
    if (point.progress != nullptr) own(stream).queue.wait_for(point.progress, point.ticket);
  });
}

gatun_status event_sync(gatun_event* event, gatun_error* error) {
  return guard(error, [&] {
    CpuEvent& point = own(event);
    std::unique_lock lock(point.mutex);
    const std::shared_ptr<Progress> progress = point.progress;
    const uint64_t ticket = point.ticket;
    lock.unlock();
    if (progress != nullptr) progress->wait_for(ticket);
  });
}

// Memory that is given back in stream order unless it is kept: scratch of one operation, when it has been queued.
class Scratch {
 public:
  Scratch(CpuStream& stream, int64_t floats) : stream_(stream) {
    int64_t bytes = 0;
    if (__builtin_mul_overflow(floats, 4, &bytes)) bytes = INT64_MAX;  // the pool refuses it
    if (floats > 0) block_ = own(stream.device).pool.take(bytes, stream.queue.progress());
  }
  // Destroyed after the operation was queued: the block goes back behind it.
  ~Scratch() {
    if (block_.data != nullptr) {
      own(stream_.device).pool.give(block_, stream_.queue.progress(), stream_.queue.submitted());
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  float* floats() const { return reinterpret_cast<float*>(block_.data); }
  // Keeps it: whoever takes it gives it back.
  Block release() { return std::exchange(block_, Block{}); }

 private:
  CpuStream& stream_;
  Block block_;
};

gatun_status weights_create(gatun_stream* stream, const gatun_weights& shape, const float* source,
                            gatun_weights** weights, gatun_error* error) {
  return guard(error, [&] {
    auto fresh = std::make_unique<CpuWeights>();
    static_cast<gatun_weights&>(*fresh) = shape;
    if (shape.kind == WeightsKind::refine) fresh->precision = GATUN_STRICT;  // see refine_head.cpp
    fresh->winograd = (shape.kind == WeightsKind::refine ||
                       (shape.kind == WeightsKind::conv2d && shape.precision != GATUN_REDUCED)) &&
                      !disabled("winograd");
    CpuDevice& device = device_of(stream);
    fresh->device = &device;
    Scratch memory(own(stream), std::max<int64_t>(1, packed_floats(*fresh, device.kernels.panel)));
    fresh->packed = memory.floats();
    own(stream).queue.submit([&device, source, made = fresh.get()] { pack(*made, source, device.kernels.panel); });
    fresh->block = memory.release();
    *weights = fresh.release();
  });
}

// Rounded up to whole cache lines.
int64_t in_lines(int64_t floats) { return (floats + 15) / 16 * 16; }

// Queues a kernel: its scratch, a shared part and one for each worker, is taken now, in stream order, so that nothing
// can fail later.
template <class Args>
gatun_status enqueue(gatun_stream* stream, const Args& args, const TiledKernel<Args>& kernel, gatun_error* error) {
  return guard(error, [&] {
    CpuDevice& device = device_of(stream);
    const int64_t shared = in_lines(kernel.shared_floats(args)), scratch = in_lines(kernel.scratch_floats(args));
    int64_t floats = 0;
    if (__builtin_mul_overflow(scratch, device.workers.count(), &floats) ||
        __builtin_add_overflow(floats, shared, &floats)) {
      floats = INT64_MAX;
    }
    const Scratch memory(own(stream), floats);
    own(stream).queue.submit([args, &kernel, &device, shared, scratch, base = memory.floats()] {
      const int phases = kernel.phases_of != nullptr ? kernel.phases_of(args) : kernel.phases;
      for (int phase = 0; phase < phases; ++phase) {
        device.workers.for_tiles(kernel.tiles(args, phase), [&](int64_t tile, int worker) {
          kernel.tile(args, TileContext{base, base + shared + worker * scratch}, phase, tile);
        });
      }
    });
  });
}

gatun_status decoder_weights(gatun_stream* stream, const gatun_weights& shape, const DecoderSource& source,
                             gatun_weights** weights, gatun_error* error) {
  return guard(error, [&] {
    auto fresh = std::make_unique<CpuWeights>();
    static_cast<gatun_weights&>(*fresh) = shape;
    CpuDevice& device = device_of(stream);
    fresh->device = &device;
    Scratch memory(own(stream), std::max<int64_t>(1, FoldedDecoder(shape, device.kernels.panel).floats()));
    fresh->packed = memory.floats();
    const DecoderFoldArgs args{shape, source, fresh->packed};
    const gatun_status status = enqueue(stream, args, device.kernels.decoder_fold, error);
    if (status != GATUN_OK) fail(status, error == nullptr ? "" : error->text);
    fresh->block = memory.release();
    *weights = fresh.release();
  });
}

gatun_status weights_free(gatun_weights* weights, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    auto* old = static_cast<CpuWeights*>(weights);
    Queue& queue = own(stream).queue;
    device_of(stream).pool.give(old->block, queue.progress(), queue.submitted());
    retire(old->mark);
    // Operations queued before use it. Owned by the closure, so that a stream that failed and runs none frees it too.
    queue.submit([owned = std::shared_ptr<CpuWeights>(old)] {});
  });
}

// The precision of an operation's products.
template <class Args>
int32_t precision_of(const Args& args) {
  if constexpr (requires { args.weights->precision; }) {
    return args.weights->precision;
  } else if constexpr (requires { args.pool.weights->precision; }) {
    return args.pool.weights->precision;
  } else if constexpr (requires { args.precision; }) {
    return args.precision;
  } else {
    return GATUN_STRICT;
  }
}

template <class Args, TiledKernel<Args> KernelTable::* Kernel>
gatun_status run(gatun_stream* stream, const Args& args, gatun_error* error) {
  const CpuDevice& device = device_of(stream);
  // Named, because g++ 12 takes a member of a copy where .* follows a choice.
  const KernelTable& table = precision_of(args) == GATUN_REDUCED ? device.reduced : device.kernels;
  return enqueue(stream, args, table.*Kernel, error);
}

constexpr Backend kBackend = {
    kBackendVersion,
    "cpu",
    device_open,
    device_close,
    device_info,
    memory_stats,
    memory_limit,
    memory_trim,
    memory_peak_reset,
    buffer_alloc,
    buffer_wrap,
    buffer_free,
    copy_from_host,
    copy_to_host,
    stream_create,
    stream_destroy,
    stream_sync,
    event_create,
    event_destroy,
    event_record,
    event_wait,
    event_sync,
    nullptr,  // no graphs
    nullptr,
    nullptr,
    nullptr,
    weights_create,
    weights_free,
    fill,
    copy,
    binary,
    run<ActivateArgs, &KernelTable::activate>,
    run<ReduceArgs, &KernelTable::reduce>,
    run<SoftmaxArgs, &KernelTable::softmax>,
    run<ArgmaxArgs, &KernelTable::argmax>,
    run<SampleTokensArgs, &KernelTable::sample_tokens>,
    run<TakeRowsArgs, &KernelTable::take_rows>,
    run<GroupNormArgs, &KernelTable::group_norm>,
    run<LayerNormArgs, &KernelTable::layer_norm>,
    run<LinearArgs, &KernelTable::linear>,
    run<AttentionArgs, &KernelTable::attention>,
    run<PatchEmbedArgs, &KernelTable::patch_embed>,
    run<TemporalPoolArgs, &KernelTable::temporal_pool>,
    run<ConvTranspose2dArgs, &KernelTable::conv_transpose2d>,
    run<Conv2dArgs, &KernelTable::conv2d>,
    run<Resize2dArgs, &KernelTable::resize2d>,
    run<MaxPool2dArgs, &KernelTable::max_pool2d>,
    run<Pad2dArgs, &KernelTable::pad2d>,
    run<MapHeadArgs, &KernelTable::map_head>,
    run<EncodePoolArgs, &KernelTable::encode_pool>,
    decoder_weights,
    run<DecoderPrefixArgs, &KernelTable::decoder_prefix>,
    run<RefineHeadArgs, &KernelTable::refine_head>,
};

}  // namespace

const KernelTable& kernel_table(int32_t level, PairProducts products) {
#if GATUN_AVX512
  if (level == GATUN_CPU_AVX512) return products == PairProducts::widened ? avx512::table() : avx512_bf16::table();
#endif
#if defined(__x86_64__)
  if (level == GATUN_CPU_AVX2) return avx2::table();
#endif
  (void)level, (void)products;
  return portable::table();
}

const KernelTable& reduced_table(int32_t level, PairProducts products) {
#if GATUN_AVX512
  if (products == PairProducts::tiles) return avx512_amx::table();
#endif
  return kernel_table(level, products);
}

}  // namespace gatun::cpu

namespace gatun {
const Backend& cpu_backend() { return cpu::kBackend; }
}  // namespace gatun
