/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gatun.h: the C ABI of Gatun, Earth-observation and climate models on CPU and GPU.
 *
 * Plain C11. One library to load: libgatun.so holds the dispatch layer and the CPU backend; a CUDA device is served by
 * the plug-in libgatun_cuda.so beside it, opened the first time such a device is asked for.
 *
 * Rules that hold for every function
 *  - The result is a gatun_status, 0 on success. The last argument, which may be NULL, receives code and text of a
 *    failure in the same call; nothing is kept per thread. Nothing throws, aborts or prints.
 *  - Every argument is checked: NULL, rank, extents, dtype, device, contiguity, bounds of the buffer, overlap.
 *  - Operations are queued on a stream, run in the order of their calls, and return at once. gatun_sync,
 *    gatun_event_sync and the host copies wait. A failure of queued work surfaces at the next call that waits.
 *  - Host memory of the caller is never touched after a call returns. Tensor and option structs are copied by the call.
 *  - Memory given back with gatun_buffer_free is reused in stream order, so it may be given back while work that uses
 *    it is still queued on the same stream.
 *  - A stream may be used by one thread at a time; different streams by different threads. Devices and weights may be
 *    shared by all threads.
 *  - "dense" means row-major without gaps. Floating-point accumulation is always f32. Shapes are written outermost
 *    first; images are channels-last, [B, H, W, C], unless stated.
 */
#ifndef GATUN_GATUN_H
#define GATUN_GATUN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GATUN_API __attribute__((visibility("default")))

/* Version of this header; gatun_abi_version() of a library must return the same before any other call is made. */
#define GATUN_ABI_VERSION 6
#define GATUN_MAX_RANK 8
#define GATUN_ERROR_TEXT_BYTES 1016

typedef enum gatun_status {
  GATUN_OK = 0,
  GATUN_INVALID_ARGUMENT = 1,   /* a NULL, a value out of range, a handle that is closed or of another device */
  GATUN_SHAPE_MISMATCH = 2,     /* rank, extent, stride or contiguity */
  GATUN_UNSUPPORTED_DTYPE = 3,  /* an element type this operation does not take */
  GATUN_DEVICE_UNAVAILABLE = 4, /* no such device, no driver, no plug-in: the text says which */
  GATUN_OUT_OF_MEMORY = 5,      /* after trimming the cache and trying again */
  GATUN_VERSION_MISMATCH = 6,   /* a driver, plug-in or struct of another version */
  GATUN_LAUNCH_FAILED = 7,      /* queued work failed; the stream is unusable */
  GATUN_DEVICE_LOST = 8,        /* the device needs a new process */
  GATUN_INTERNAL = 9            /* a defect of Gatun */
} gatun_status;

typedef enum gatun_dtype {
  GATUN_F32 = 0,
  GATUN_BF16 = 1,
  GATUN_F16 = 2,
  GATUN_I64 = 3,
  GATUN_I32 = 4,
  GATUN_I16 = 5,
  GATUN_U8 = 6,
  GATUN_BOOL = 7, /* one byte an element, 0 or 1 */
  GATUN_F64 = 8,  /* storage only: gatun_copy converts it */
  GATUN_I8 = 9    /* storage only: gatun_copy converts it */
} gatun_dtype;

typedef enum gatun_device_kind {
  GATUN_CPU = 0,
  GATUN_CUDA = 1,
  GATUN_META = 2 /* shapes without data: every call is checked, nothing is computed, memory is counted, not taken */
} gatun_device_kind;

/* Instruction set of the CPU kernels. */
typedef enum gatun_cpu_level {
  GATUN_CPU_AUTO = 0, /* GATUN_CPU=portable|avx2|avx512 if set, else the best of this machine */
  GATUN_CPU_PORTABLE = 1,
  GATUN_CPU_AVX2 = 2,
  GATUN_CPU_AVX512 = 3
} gatun_cpu_level;

/* Arithmetic of products, chosen when weights are arranged. Accumulation is f32 in each.
 * Reduced on the CPU: weights take half the memory; both factors are rounded to bf16, to nearest even, and multiplied
 * by the processor's tiles (AMX, unless GATUN_DISABLE=amx) or its dot product of bf16 pairs (avx512_bf16), both at
 * GATUN_CPU_AVX512, or, widened, in f32: results differ between the three in the last bits. f32 stay refine_head with
 * its weights, and attention of 16 queries and 16 keys or fewer as on CUDA, and of 4 queries or fewer. */
typedef enum gatun_precision {
  GATUN_STRICT = 0, /* f32, or its equal on matrix units: each factor split into two tf32 parts */
  GATUN_FAST = 1,   /* tf32 on CUDA (10 bits of fraction); strict on the CPU */
  GATUN_REDUCED = 2 /* bf16 factors (7 bits of fraction) */
} gatun_precision;

/* Behind a product GATUN_ACT_NONE, GATUN_ACT_GELU and GATUN_ACT_RELU; gatun_activate has all. */
typedef enum gatun_activation {
  GATUN_ACT_NONE = 0,
  GATUN_ACT_GELU = 1, /* exact, erf form; NaN of -infinity, as torch's */
  GATUN_ACT_RELU = 2,
  GATUN_ACT_SIGMOID = 3,
  GATUN_ACT_TANH = 4,
  GATUN_ACT_SILU = 5,
  GATUN_ACT_SOFTPLUS = 6,   /* beta 1; x itself above 20 */
  GATUN_ACT_LEAKY_RELU = 7, /* slope 0.01 */
  GATUN_ACT_ELU = 8         /* alpha 1 */
} gatun_activation;

/* GATUN_MAXIMUM and GATUN_MINIMUM give NaN if either is. */
typedef enum gatun_binary_op {
  GATUN_ADD = 0,
  GATUN_SUBTRACT = 1,
  GATUN_MULTIPLY = 2,
  GATUN_DIVIDE = 3,
  GATUN_MAXIMUM = 4,
  GATUN_MINIMUM = 5
} gatun_binary_op;

/* Maximum and minimum of numbers with a NaN among them are NaN. */
typedef enum gatun_reduction {
  GATUN_REDUCE_SUM = 0,
  GATUN_REDUCE_MEAN = 1,
  GATUN_REDUCE_MAX = 2,
  GATUN_REDUCE_MIN = 3
} gatun_reduction;

/* torch.nn.functional.interpolate's modes, without antialiasing. */
typedef enum gatun_resize_mode {
  GATUN_RESIZE_NEAREST = 0,
  GATUN_RESIZE_BILINEAR = 1,
  GATUN_RESIZE_BICUBIC = 2, /* a = -0.75 */
  GATUN_RESIZE_AREA = 3     /* adaptive average pooling */
} gatun_resize_mode;

/* torch.nn.functional.pad's modes. */
typedef enum gatun_pad_mode {
  GATUN_PAD_CONSTANT = 0,
  GATUN_PAD_REFLECT = 1,
  GATUN_PAD_REPLICATE = 2,
  GATUN_PAD_CIRCULAR = 3
} gatun_pad_mode;

/* Where masked-patch embedding takes the validity channels from. */
typedef enum gatun_validity {
  GATUN_VALIDITY_NONE = 0, /* no validity channels: the weight has in_chans inputs a pixel */
  GATUN_VALIDITY_MASK = 1, /* from the mask tensor, true = missing */
  GATUN_VALIDITY_NAN = 2,  /* NaN = missing; not for int16, which has none */
  GATUN_VALIDITY_FILL = 3  /* a value equal to fill_value = missing */
} gatun_validity;

typedef struct gatun_device gatun_device;
typedef struct gatun_stream gatun_stream;
typedef struct gatun_event gatun_event;
typedef struct gatun_buffer gatun_buffer;
typedef struct gatun_weights gatun_weights;
typedef struct gatun_graph gatun_graph;

typedef struct gatun_error {
  int32_t code; /* a gatun_status */
  int32_t reserved;
  char text[GATUN_ERROR_TEXT_BYTES]; /* UTF-8, terminated: what was got, what was expected */
} gatun_error;

/* A view of a buffer. The caller owns the struct; a call copies it. */
typedef struct gatun_tensor {
  int64_t struct_size;  /* sizeof(gatun_tensor) */
  gatun_buffer *buffer; /* the memory the view lies in, which also says the device */
  int64_t byte_offset;  /* of element [0, ..., 0] in the buffer */
  int32_t dtype;        /* a gatun_dtype */
  int32_t rank;         /* 0 to GATUN_MAX_RANK */
  int64_t shape[GATUN_MAX_RANK];
  int64_t stride[GATUN_MAX_RANK]; /* in elements, at least 0 */
} gatun_tensor;

typedef struct gatun_device_options {
  int64_t struct_size;
  int64_t num_threads;  /* CPU workers; 0: GATUN_NUM_THREADS if set, else all that affinity and cgroup quota allow */
  int64_t memory_limit; /* bytes the allocator may hold; 0: the memory of the machine or its cgroup */
  int32_t cpu_level;    /* a gatun_cpu_level */
  int32_t reserved;
} gatun_device_options;

typedef struct gatun_device_info {
  int64_t struct_size;
  int32_t kind;      /* a gatun_device_kind */
  int32_t index;     /* of the device among its kind */
  int32_t cpu_level; /* in force; 0 on other kinds */
  int32_t graphs;    /* 1: gatun_graph_end makes graphs; 0: it makes none */
  int64_t num_threads;
  int64_t memory_bytes; /* physical memory, or the cgroup's limit if that is lower */
  char name[128];       /* the processor's own name */
  char libraries[512];  /* which library serves which operation, and why another is absent */
} gatun_device_info;

typedef struct gatun_memory_stats {
  int64_t struct_size;
  int64_t bytes_in_use;  /* in live buffers and weights */
  int64_t bytes_peak;    /* largest bytes_in_use so far */
  int64_t bytes_cached;  /* held for reuse */
  int64_t bytes_limit;   /* in use and cached together never exceed it */
  int64_t buffers_live;  /* buffers and weights not freed */
  int64_t buffers_total; /* ever allocated */
} gatun_memory_stats;

/* ---- library ---------------------------------------------------------------------------------------------------- */

/* GATUN_ABI_VERSION of the library. Callable before anything else. */
GATUN_API int64_t gatun_abi_version(void);

/* ---- devices ---------------------------------------------------------------------------------------------------- */

/* Opens a device. CPU devices are independent of each other: each has its workers and its allocator. options may be
 * NULL. DEVICE_UNAVAILABLE carries the exact reason (plug-in, driver, device). */
GATUN_API gatun_status gatun_device_open(int32_t kind, int32_t index, const gatun_device_options *options,
                                         gatun_device **device, gatun_error *error);

/* Closes a device and stops its workers. INVALID_ARGUMENT, and nothing is closed, while streams, events, buffers or
 * weights of it are alive. NULL is allowed. */
GATUN_API gatun_status gatun_device_close(gatun_device *device, gatun_error *error);

/* Fills info, whose struct_size must be set. */
GATUN_API gatun_status gatun_device_info_get(gatun_device *device, gatun_device_info *info, gatun_error *error);

/* ---- memory ----------------------------------------------------------------------------------------------------- */

GATUN_API gatun_status gatun_memory_stats_get(gatun_device *device, gatun_memory_stats *stats, gatun_error *error);

/* Sets the limit in bytes (0: the machine's memory) and trims the cache to it. */
GATUN_API gatun_status gatun_memory_limit_set(gatun_device *device, int64_t bytes, gatun_error *error);

/* Returns cached memory to the system; freed, if not NULL, receives the bytes. */
GATUN_API gatun_status gatun_memory_trim(gatun_device *device, int64_t *freed, gatun_error *error);

/* bytes_peak starts again from bytes_in_use. */
GATUN_API gatun_status gatun_memory_peak_reset(gatun_device *device, gatun_error *error);

/* Allocates bytes >= 0 for use on a stream, 64-byte aligned, contents undefined. */
GATUN_API gatun_status gatun_buffer_alloc(gatun_stream *stream, int64_t bytes, gatun_buffer **buffer,
                                          gatun_error *error);

/* A buffer over memory of the caller, who keeps it alive and in place until the buffer is freed and the stream that
 * used it has been waited for. On the CPU host memory, on CUDA device memory. */
GATUN_API gatun_status gatun_buffer_wrap(gatun_device *device, void *data, int64_t bytes, gatun_buffer **buffer,
                                         gatun_error *error);

/* Gives a buffer back in the order of the stream. NULL buffer is allowed. */
GATUN_API gatun_status gatun_buffer_free(gatun_buffer *buffer, gatun_stream *stream, gatun_error *error);

/* Address of the buffer's memory: host memory on the CPU, a device address on CUDA. */
GATUN_API gatun_status gatun_buffer_data(gatun_buffer *buffer, void **data, gatun_error *error);

/* Copies bytes between host memory and a buffer, in stream order; the host memory may be reused on return. */
GATUN_API gatun_status gatun_copy_from_host(gatun_stream *stream, gatun_buffer *dst, int64_t dst_offset,
                                            const void *src, int64_t bytes, gatun_error *error);
GATUN_API gatun_status gatun_copy_to_host(gatun_stream *stream, void *dst, gatun_buffer *src, int64_t src_offset,
                                          int64_t bytes, gatun_error *error);

/* ---- streams and events ----------------------------------------------------------------------------------------- */

GATUN_API gatun_status gatun_stream_create(gatun_device *device, gatun_stream **stream, gatun_error *error);

/* Waits for the queued work, then destroys the stream. NULL is allowed. */
GATUN_API gatun_status gatun_stream_destroy(gatun_stream *stream, gatun_error *error);

/* Waits until all work queued on the stream so far is done. */
GATUN_API gatun_status gatun_sync(gatun_stream *stream, gatun_error *error);

/* An event is a point in a stream: recorded on one, waited for by others or by the host. Waiting for an event that was
 * never recorded returns at once. Recording again moves it. */
GATUN_API gatun_status gatun_event_create(gatun_device *device, gatun_event **event, gatun_error *error);
GATUN_API gatun_status gatun_event_destroy(gatun_event *event, gatun_error *error);
GATUN_API gatun_status gatun_event_record(gatun_event *event, gatun_stream *stream, gatun_error *error);
GATUN_API gatun_status gatun_event_wait(gatun_stream *stream, gatun_event *event, gatun_error *error);
GATUN_API gatun_status gatun_event_sync(gatun_event *event, gatun_error *error);

/* ---- graphs ----------------------------------------------------------------------------------------------------- */

/* Work queued on a stream, recorded once and replayed with one call. From begin to end the stream records and runs
 * nothing: only operations, gatun_buffer_alloc, gatun_buffer_free and gatun_copy_from_host may be called on it. Buffers
 * allocated meanwhile lie in memory of the graph and have the same address in each replay; what copy_from_host writes
 * meanwhile is written at once and is a constant of the graph. A replay reads buffers from before at the time of the
 * replay. Buffers that are kept may outlive the graph. A graph replays on one stream at a time.
 * Where device info says graphs = 0 the work just runs and *graph is NULL. */
GATUN_API gatun_status gatun_graph_begin(gatun_stream *stream, gatun_error *error);

/* Ends the recording, also after an operation failed in it: then *graph is NULL and the status says why. */
GATUN_API gatun_status gatun_graph_end(gatun_stream *stream, gatun_graph **graph, gatun_error *error);
GATUN_API gatun_status gatun_graph_launch(gatun_graph *graph, gatun_stream *stream, gatun_error *error);

/* Waits for its replays, then destroys the graph. NULL is allowed. */
GATUN_API gatun_status gatun_graph_destroy(gatun_graph *graph, gatun_error *error);

/* ---- elementwise ------------------------------------------------------------------------------------------------ */

/* out = value, converted to out's dtype. out: any shape and strides, no two elements at one place. */
GATUN_API gatun_status gatun_fill(gatun_stream *stream, const gatun_tensor *out, double value, gatun_error *error);

/* out = x, converted: floats round to nearest even, float to integer truncates and saturates (NaN to 0), anything to
 * bool is x != 0. x: any strides (0 repeats an axis); out: same shape, dense or any strides without overlap. */
GATUN_API gatun_status gatun_copy(gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *out,
                                  gatun_error *error);

/* out = a op b, op a gatun_binary_op. f32; a, b: out's shape with any strides (0 repeats an axis); out dense. out may
 * be a or b itself. */
GATUN_API gatun_status gatun_binary(gatun_stream *stream, int32_t op, const gatun_tensor *a, const gatun_tensor *b,
                                    const gatun_tensor *out, gatun_error *error);

/* out = activation(x). x, out dense f32 of one shape; out may be x. */
GATUN_API gatun_status gatun_activate(gatun_stream *stream, const gatun_tensor *x, int32_t activation,
                                      const gatun_tensor *out, gatun_error *error);

/* ---- reductions, rows ------------------------------------------------------------------------------------------- */

/* Over the middle axis: x [P, R, C], out [P, C] dense f32, R >= 1. Sums are added in an order that does not depend
 * on P. */
GATUN_API gatun_status gatun_reduce(gatun_stream *stream, const gatun_tensor *x, int32_t reduction,
                                    const gatun_tensor *out, gatun_error *error);

/* Softmax over the last axis, which is not empty. x, out dense f32 of one shape; out may be x. */
GATUN_API gatun_status gatun_softmax(gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *out,
                                     gatun_error *error);

/* Place of the largest element of the last axis, the first among equals; a NaN counts as largest. x [..., C] dense f32,
 * C >= 1; out [...] dense int64. */
GATUN_API gatun_status gatun_argmax(gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *out,
                                    gatun_error *error);

/* A token for each row: the places of logits [N, V] drawn with probability softmax(logits / temperature) after
 * filtering. f32, dense, V from 1 to 2^23 - 1.
 *   temperature  at least 0; up to 1e-10 it is gatun_argmax, and nothing is drawn
 *   top_k        0: off. A whole number: only the k largest logits stay, and what equals the least of them. Between 0
 *                and 1: that share of V, rounded down, at least one.
 *   top_p        0, or 1 and more: off. Of what is left, by softmax(logits) at temperature 1 from the largest down (the
 *                lower place first among equals), a token stays if those before it have together at most top_p.
 *   seed, counters [N] dense int64: the row's number is the first 32-bit word of Random123's Philox4x32-10 with the
 *                seed as its key and (counters[row], 0) as its counter, low words first.
 *   out [N] dense int64; -1 where a logit is NaN (at temperature 0 the first NaN's place, as of gatun_argmax). An
 *                infinite logit shares all with its equals.
 * Weights are integers of 2^-40 of the largest, off by one unit and 1e-7 of themselves for a distance from the largest
 * that is rounded to f32; their sums are exact. A row's token depends on its logits, the options, the seed and its
 * counter alone, and is the same on every device and CPU level, in any batch and for any number of threads. */
GATUN_API gatun_status gatun_sample_tokens(gatun_stream *stream, const gatun_tensor *logits, double temperature,
                                           double top_k, double top_p, int64_t seed, const gatun_tensor *counters,
                                           const gatun_tensor *out, gatun_error *error);

/* Rows of a table (torch.nn.Embedding): out[i] = table[ids[i]]. table [V, E], out [N, E] dense f32; ids [N] dense
 * int64. An id outside 0 to V - 1 gives a row of NaN. */
GATUN_API gatun_status gatun_take_rows(gatun_stream *stream, const gatun_tensor *table, const gatun_tensor *ids,
                                       const gatun_tensor *out, gatun_error *error);

/* ---- normalisation, products, attention ------------------------------------------------------------------------- */

/* out = (z - mean(z)) / sqrt(var(z) + eps) * weight + bias over the last axis, z = x + residual, biased variance
 * (torch.nn.LayerNorm). x, out [..., E] dense f32; residual NULL or like x; weight, bias [E]. out may be x. */
GATUN_API gatun_status gatun_layer_norm(gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *residual,
                                        const gatun_tensor *weight, const gatun_tensor *bias, double eps,
                                        const gatun_tensor *out, gatun_error *error);

/* torch.nn.GroupNorm, then an activation (NONE, GELU, SILU): over the P places and C / groups neighbouring channels of
 * each sample, biased variance. x, out [B, P, C] dense f32; weight, bias [C]; groups a divisor of C. out may be x. */
GATUN_API gatun_status gatun_group_norm(gatun_stream *stream, const gatun_tensor *x, int64_t groups,
                                        const gatun_tensor *weight, const gatun_tensor *bias, double eps,
                                        int32_t activation, const gatun_tensor *out, gatun_error *error);

/* Weights are arranged once, in the layout the device's kernels want, and are read-only from then on. The source tensor
 * may be freed after the call, in stream order. Sources are dense f32. precision: a gatun_precision. */

/* weight [N, K] of torch.nn.Linear. */
GATUN_API gatun_status gatun_linear_weights(gatun_stream *stream, const gatun_tensor *weight, int32_t precision,
                                            gatun_weights **weights, gatun_error *error);

/* weight [O, I, kH, kW] of torch.nn.Conv2d with one group, kH kW at most 256. */
GATUN_API gatun_status gatun_conv2d_weights(gatun_stream *stream, const gatun_tensor *weight, int32_t precision,
                                            gatun_weights **weights, gatun_error *error);

/* The same for gatun_refine_head: [O, I, 3, 3]. */
GATUN_API gatun_status gatun_refine_weights(gatun_stream *stream, const gatun_tensor *weight, int32_t precision,
                                            gatun_weights **weights, gatun_error *error);

/* weight [I, O, kH, kW] of torch.nn.ConvTranspose2d; 1 <= stride <= kernel in each axis, 0 <= padding < kernel. */
GATUN_API gatun_status gatun_conv_transpose2d_weights(gatun_stream *stream, const gatun_tensor *weight,
                                                      int64_t stride_h, int64_t stride_w, int64_t padding_h,
                                                      int64_t padding_w, int32_t precision, gatun_weights **weights,
                                                      gatun_error *error);

/* Gives weights back in the order of the stream. NULL weights are allowed. */
GATUN_API gatun_status gatun_weights_free(gatun_weights *weights, gatun_stream *stream, gatun_error *error);

/* out = activation(x W^T + bias) + residual. x [..., K], out [..., N] dense f32; bias NULL or [N]; residual NULL or
 * like out. activation: a gatun_activation. */
GATUN_API gatun_status gatun_linear(gatun_stream *stream, const gatun_tensor *x, gatun_weights *weights,
                                    const gatun_tensor *bias, int32_t activation, const gatun_tensor *residual,
                                    const gatun_tensor *out, gatun_error *error);

/* Multi-head attention without the Nq x Nk matrix: out = concat_h softmax(Q_h K_h^T / sqrt(d)) V_h, d = E / heads.
 *   query [B, Nq, E], key and value [B, Nk, E] f32: the last axis dense, any strides on the others, so that each may be
 *   a part of a packed projection (of torch's in_proj [B, N, 3E], for one). Nk >= 1.
 *   mask NULL, or bool or uint8 [B or 1, Nq or 1, Nk], its last axis dense: a key takes part where it is not 0, as in
 *   torch's attn_mask. A query for which no key takes part gets the mean of all values. Under a mask scores below -2^127
 *   count as if the key took no part.
 *   precision: a gatun_precision. out [B, Nq, E] dense f32. */
GATUN_API gatun_status gatun_attention(gatun_stream *stream, const gatun_tensor *query, const gatun_tensor *key,
                                       const gatun_tensor *value, const gatun_tensor *mask, int64_t heads,
                                       int32_t precision, const gatun_tensor *out, gatun_error *error);

/* ---- the three kernels ------------------------------------------------------------------------------------------ */

/* Masked-patch embedding: each patch of pt x ph x pw pixels becomes a token, in one pass over pixels and mask.
 *   out = layer_norm(W patch + bias) + position, in f32 up to the last rounding
 *   x [B, C, T, H, W] f32, bf16 or int16, dense; T, H, W multiples of the patch. int16 is packed as the CF conventions
 *   have it: a value is raw * scale_factor + add_offset. Missing values enter as 0, whatever lies there.
 *   mask NULL, or bool like x, true = missing (GATUN_VALIDITY_MASK).
 *   weights of the [E, K] matrix, K = (validity ? 2 : 1) C pt ph pw: torch's Conv3d weight flattened, the C data
 *   channels first, then the C validity channels (1 = present); bias NULL or [E].
 *   norm_weight, norm_bias: both NULL, or [E]: LayerNorm with eps follows.
 *   position NULL, or [T/pt * H/ph * W/pw, E] f32, added last: a row for each token of an image.
 *   out [B, T/pt * H/ph * W/pw, E] f32 or bf16 (rounded to nearest even), time slowest, column fastest. */
typedef struct gatun_patch_embed_options {
  int64_t struct_size;
  int64_t patch_t;
  int64_t patch_h;
  int64_t patch_w;
  int32_t validity;    /* a gatun_validity */
  float fill_value;    /* compared with the stored values: raw ones of int16; of bf16, after rounding it to bf16 */
  double eps;
  double scale_factor; /* of int16, finite and not 0; other types have none and ignore it */
  double add_offset;   /* of int16, finite; ignored likewise */
} gatun_patch_embed_options;
GATUN_API gatun_status gatun_patch_embed(gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *mask,
                                         gatun_weights *weights, const gatun_tensor *bias,
                                         const gatun_tensor *norm_weight, const gatun_tensor *norm_bias,
                                         const gatun_tensor *position, const gatun_patch_embed_options *options,
                                         const gatun_tensor *out, gatun_error *error);

/* Temporal attention pooling: each place's T tokens become one.
 *   s = x + day_encoding[t] + month_encoding[m]
 *   logit = score_weight . gelu(W layer_norm(s) + hidden_bias) + score_bias
 *   out = sum_t softmax_t(logit) s, over the days that are not padded; a month with every day padded gives NaN.
 *   x [B, M, T, S, E] f32 dense (S places); day_encoding [T, E]; month_encoding [M, E]; norm_weight, norm_bias [E];
 *   weights of the [E, E] hidden layer W; hidden_bias, score_weight [E]; score_bias [1]; padded NULL or bool [B, M, T],
 *   true = the day does not exist; out [B, S, M, E] f32. Logits, weights and s are never stored. */
GATUN_API gatun_status gatun_temporal_pool(gatun_stream *stream, const gatun_tensor *x,
                                           const gatun_tensor *day_encoding, const gatun_tensor *month_encoding,
                                           const gatun_tensor *norm_weight, const gatun_tensor *norm_bias, double eps,
                                           gatun_weights *weights, const gatun_tensor *hidden_bias,
                                           const gatun_tensor *score_weight, const gatun_tensor *score_bias,
                                           const gatun_tensor *padded, const gatun_tensor *out, gatun_error *error);

/* Overlap-aware transposed convolution in gather form: each output pixel sums the at most ceil(k/s)^2 patches that
 * reach it; no scatter, no atomics. x [B, H, W, I], out [B, Ho, Wo, O] f32 dense, bias NULL or [O]. Ho is at least
 * (H-1) stride - 2 padding + kernel (torch's size) and less than that plus stride (output_padding); likewise Wo. */
GATUN_API gatun_status gatun_conv_transpose2d(gatun_stream *stream, const gatun_tensor *x, gatun_weights *weights,
                                              const gatun_tensor *bias, const gatun_tensor *out, gatun_error *error);

/* ---- fusions: several operations, their intermediates never in memory where the device has a kernel for them ------ */

/* gatun_patch_embed with LayerNorm, then gatun_temporal_pool: pixels in, month tokens out; day tokens are not stored.
 *   x [B M, C, T, H, W], mask, patch_weights, patch_bias, patch_norm_weight, patch_norm_bias, options: as patch_embed, of
 *   E outputs; both weights of one precision. The rest as temporal_pool, for T' = T / pt days and
 *   S = H/ph * W/pw places: day_encoding [T', E], month_encoding [M, E], padded NULL or bool [B, M, T'],
 *   out [B, S, M, E] f32. */
GATUN_API gatun_status gatun_encode_pool(gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *mask,
                                         gatun_weights *patch_weights, const gatun_tensor *patch_bias,
                                         const gatun_tensor *patch_norm_weight, const gatun_tensor *patch_norm_bias,
                                         const gatun_patch_embed_options *options, const gatun_tensor *day_encoding,
                                         const gatun_tensor *month_encoding, const gatun_tensor *norm_weight,
                                         const gatun_tensor *norm_bias, double eps, gatun_weights *hidden_weights,
                                         const gatun_tensor *hidden_bias, const gatun_tensor *score_weight,
                                         const gatun_tensor *score_bias, const gatun_tensor *padded,
                                         const gatun_tensor *out, gatun_error *error);

/* The linear beginning of an overlap decoder: 1x1 projection, transposed convolution, 3x3 convolution with padding 1.
 * proj_weight [Hd, E]; proj_bias [Hd]; up_weight [Hd, C, kH, kW], stride, padding as gatun_conv_transpose2d_weights;
 * up_bias [C]; conv_weight [O, C, 3, 3]; conv_bias [O]. */
GATUN_API gatun_status gatun_decoder_weights(gatun_stream *stream, const gatun_tensor *proj_weight,
                                             const gatun_tensor *proj_bias, const gatun_tensor *up_weight,
                                             const gatun_tensor *up_bias, const gatun_tensor *conv_weight,
                                             const gatun_tensor *conv_bias, int64_t stride_h, int64_t stride_w,
                                             int64_t padding_h, int64_t padding_w, int32_t precision,
                                             gatun_weights **weights, gatun_error *error);

/* out = activation(conv(up(proj(x)))) with decoder weights. x [B, H, W, E], out [B, Ho, Wo, O] f32 dense, Ho = (H-1)
 * stride - 2 padding + kernel, likewise Wo. */
GATUN_API gatun_status gatun_decoder_prefix(gatun_stream *stream, const gatun_tensor *x, gatun_weights *weights,
                                            int32_t activation, const gatun_tensor *out, gatun_error *error);

/* A 3x3 convolution with padding 1 and GELU, then gatun_map_head: x [B, M, H, W, I] f32 dense; weights of [O, I, 3, 3];
 * conv_bias [O]; head_weight [O]; the rest and out [B, M, H, W] as gatun_map_head. The CPU makes 4 x 4 pixels at once: a
 * pixel of x that is not finite makes NaN of all of them that it reaches. With GATUN_DISABLE=winograd in the environment
 * it reaches the nine around it, as in gatun_conv2d. */
GATUN_API gatun_status gatun_refine_head(gatun_stream *stream, const gatun_tensor *x, gatun_weights *weights,
                                         const gatun_tensor *conv_bias, const gatun_tensor *head_weight,
                                         const gatun_tensor *head_bias, const gatun_tensor *scale,
                                         const gatun_tensor *shift, const gatun_tensor *land, const gatun_tensor *out,
                                         gatun_error *error);

/* ---- images ----------------------------------------------------------------------------------------------------- */

/* out = activation(conv2d(x) + bias). x [B, H, W, I] f32 dense; out [B, Ho, Wo, O], Ho = (H + 2 padding - dilation
 * (kH - 1) - 1) / stride + 1, likewise Wo; bias NULL or [O]. Strides and dilations are at least 1; padding is 0 to
 * dilation (kernel - 1). */
typedef struct gatun_conv2d_options {
  int64_t struct_size;
  int64_t stride_h;
  int64_t stride_w;
  int64_t padding_h;
  int64_t padding_w;
  int64_t dilation_h;
  int64_t dilation_w;
} gatun_conv2d_options;
GATUN_API gatun_status gatun_conv2d(gatun_stream *stream, const gatun_tensor *x, gatun_weights *weights,
                                    const gatun_tensor *bias, const gatun_conv2d_options *options, int32_t activation,
                                    const gatun_tensor *out, gatun_error *error);

/* Another size, as torch.nn.functional.interpolate. x [B, H, W, C], out [B, Ho, Wo, C] f32 dense, no extent 0. mode: a
 * gatun_resize_mode. align_corners: 0 or 1, for bilinear and bicubic. scale_h, scale_w: 0, and the step between samples
 * is H / Ho; or torch's scale_factor, used as it is given: the step is 1 / scale, whatever Ho is. AREA takes 0 only. */
GATUN_API gatun_status gatun_resize2d(gatun_stream *stream, const gatun_tensor *x, int32_t mode, int32_t align_corners,
                                      double scale_h, double scale_w, const gatun_tensor *out, gatun_error *error);

/* Largest of each window, NaN if one is. x [B, H, W, C]; out [B, (H - kernel_h) / stride_h + 1, likewise W, C] f32
 * dense; kernels 1 to the extent, strides at least 1. */
GATUN_API gatun_status gatun_max_pool2d(gatun_stream *stream, const gatun_tensor *x, int64_t kernel_h, int64_t kernel_w,
                                        int64_t stride_h, int64_t stride_w, const gatun_tensor *out,
                                        gatun_error *error);

/* A border: x [B, H, W, C] comes to lie at row `top`, column `left` of out [B, Ho, Wo, C], f32 dense. mode: a
 * gatun_pad_mode; CONSTANT fills with value. REFLECT takes borders below the extent, CIRCULAR up to it. */
GATUN_API gatun_status gatun_pad2d(gatun_stream *stream, const gatun_tensor *x, int64_t top, int64_t left, int32_t mode,
                                   double value, const gatun_tensor *out, gatun_error *error);

/* The decoder's last step: out = land ? 0 : (x . weight + bias) * scale[i] + shift[i].
 *   x [B, M, H, W, C] f32 dense; weight [C]; bias [1]; scale, shift [M]; land NULL or bool [B, H, W]; out [B, M, H, W]. */
GATUN_API gatun_status gatun_map_head(gatun_stream *stream, const gatun_tensor *x, const gatun_tensor *weight,
                                      const gatun_tensor *bias, const gatun_tensor *scale, const gatun_tensor *shift,
                                      const gatun_tensor *land, const gatun_tensor *out, gatun_error *error);

#ifdef __cplusplus
}
#endif
#endif
