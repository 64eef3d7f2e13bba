// SPDX-License-Identifier: Apache-2.0
// Fill, strided copy with conversion, arithmetic of two views with repeated axes: 1 to 8 bytes read (of each view) and
// written an element, at most one FLOP: bound by memory. Dense data of one type moves 16 bytes a thread; a copy whose
// innermost axes are permuted goes through a tile in shared memory, so that both sides are coalesced; the rest walks
// the merged axes of the views. Kernels know the size of an element, not its type; one kernel alone converts.
#include "../convert.h"
#include "../nest.h"
#include "launch.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int kEach = 4;  // elements of a thread, kThreads apart

template <size_t Count>
struct Walk {
  int rank = 0;
  int64_t count = 1;
  int64_t shape[GATUN_MAX_RANK] = {}, stride[Count][GATUN_MAX_RANK] = {};

  explicit Walk(const Nest<Count>& nest) : rank(nest.rank) {
    for (int axis = 0; axis < rank; ++axis) {
      count *= shape[axis] = nest.shape[axis];
      for (size_t v = 0; v < Count; ++v) stride[v][axis] = nest.stride[v][axis];
    }
  }

  // Division of 64 bits takes some hundred instructions: most tensors need none.
  template <class Index>
  GATUN_DEVICE void add_offsets(Index index, int64_t (&at)[Count]) const {
    for (int axis = rank - 1; axis >= 0; --axis) {
      const Index extent = static_cast<Index>(shape[axis]);
      const int64_t place = axis == 0 ? static_cast<int64_t>(index) : static_cast<int64_t>(index % extent);
      for (size_t v = 0; v < Count; ++v) at[v] += place * stride[v][axis];
      if (axis > 0) index /= extent;
    }
  }

  GATUN_DEVICE void offsets(int64_t index, int64_t (&at)[Count]) const {
    for (size_t v = 0; v < Count; ++v) at[v] = 0;
    if (count <= UINT32_MAX) {
      add_offsets(static_cast<uint32_t>(index), at);
    } else {
      add_offsets(static_cast<uint64_t>(index), at);
    }
  }
};

// Calls body(index) for the elements of this thread.
template <class Body>
GATUN_DEVICE void for_elements(int64_t count, const Body& body) {
  const int64_t first = block_index<0>() * kThreads * kEach + thread_index();
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    if (first + i * kThreads < count) body(first + i * kThreads);
  }
}

Grid grid_for(int64_t count) { return {(count + kThreads * kEach - 1) / (kThreads * kEach)}; }

template <class Word>
GATUN_KERNEL(kThreads) fill_strided(Walk<1> walk, Word* out, Word value) {
  for_elements(walk.count, [&](int64_t index) {
    int64_t at[1];
    walk.offsets(index, at);
    out[at[0]] = value;
  });
}

GATUN_KERNEL(kThreads) fill_dense(int64_t count, Float4* out, Float4 value) {
  for_elements(count, [&](int64_t index) { out[index] = value; });
}

GATUN_KERNEL(kThreads) copy_dense(int64_t count, const Float4* x, Float4* out) {
  for_elements(count, [&](int64_t index) { out[index] = x[index]; });
}

template <class Word>
GATUN_KERNEL(kThreads) copy_strided(Walk<2> walk, const Word* x, Word* out) {
  for_elements(walk.count, [&](int64_t index) {
    int64_t at[2];
    walk.offsets(index, at);
    out[at[1]] = x[at[0]];
  });
}

// dtype::with_type on the device.
template <class Body>
GATUN_DEVICE void for_type(int32_t dtype, const Body& body) {
  switch (dtype) {
    case GATUN_F32: return body(float{});
    case GATUN_BF16: return body(dtype::Bf16{});
    case GATUN_F16: return body(dtype::F16{});
    case GATUN_I64: return body(int64_t{});
    case GATUN_I32: return body(int32_t{});
    case GATUN_I16: return body(int16_t{});
    case GATUN_U8: return body(uint8_t{});
    case GATUN_BOOL: return body(dtype::Bool{});
    case GATUN_F64: return body(double{});
    default: return body(int8_t{});
  }
}

// Floats travel as double, integers as int64: both exact. Two switches in the place of a kernel for each of 90 pairs.
GATUN_KERNEL(kThreads) convert_strided(Walk<2> walk, const void* x, int32_t from, void* out, int32_t to) {
  for_elements(walk.count, [&](int64_t index) {
    int64_t at[2];
    walk.offsets(index, at);
    double real = 0;
    int64_t whole = 0;
    bool integer = false;
    for_type(from, [&](auto type) {
      using From = decltype(type);
      const From value = static_cast<const From*>(x)[at[0]];
      if constexpr (dtype::is_float<From>) {
        real = dtype::as_double(value);
      } else if constexpr (std::is_same_v<From, dtype::Bool>) {
        whole = value.value, integer = true;
      } else {
        whole = value, integer = true;
      }
    });
    for_type(to, [&](auto type) {
      using To = decltype(type);
      static_cast<To*>(out)[at[1]] = integer ? dtype::convert<To>(whole) : dtype::convert<To>(real);
    });
  });
}

constexpr int kSide = 32;

// The walk's last two axes, of which x is dense along the first and out along the second, by tiles of 32 x 32; the
// other axes are `outer`.
template <class Word>
GATUN_KERNEL(kThreads) copy_transposed(Walk<2> outer, int64_t rows, int64_t columns, int64_t x_step, int64_t out_step,
                                       const Word* x, Word* out) {
  auto* tile = reinterpret_cast<Word*>(shared_memory());  // [kSide][kSide + 1]
  const int64_t across = (columns + kSide - 1) / kSide, down = (rows + kSide - 1) / kSide;
  const int64_t index = block_index<0>();
  const int64_t row = index / across % down * kSide, column = index % across * kSide;
  int64_t at[2];
  outer.offsets(index / across / down, at);
  const int fast = thread_index() % kSide, first = thread_index() / kSide;
  for (int slow = first; slow < kSide; slow += kThreads / kSide) {
    if (row + fast < rows && column + slow < columns) {
      tile[fast * (kSide + 1) + slow] = x[at[0] + row + fast + (column + slow) * x_step];
    }
  }
  sync_block();
  for (int slow = first; slow < kSide; slow += kThreads / kSide) {
    if (row + slow < rows && column + fast < columns) {
      out[at[1] + (row + slow) * out_step + column + fast] = tile[slow * (kSide + 1) + fast];
    }
  }
}

GATUN_DEVICE float combined(int32_t op, float a, float b) {
  switch (op) {
    case GATUN_ADD: return a + b;
    case GATUN_SUBTRACT: return a - b;
    case GATUN_MULTIPLY: return a * b;
    case GATUN_DIVIDE: return a / b;
    case GATUN_MAXIMUM: return a > b || a != a ? a : b;
    default: return a < b || a != a ? a : b;
  }
}

GATUN_KERNEL(kThreads) binary_dense(int64_t count, int32_t op, const Float4* a, const Float4* b, Float4* out) {
  for_elements(count, [&](int64_t index) {
    Float4 value = a[index];
    const Float4 other = b[index];
    for (int i = 0; i < 4; ++i) value.at[i] = combined(op, value.at[i], other.at[i]);
    out[index] = value;
  });
}

GATUN_KERNEL(kThreads) binary_strided(Walk<3> walk, int32_t op, const float* a, const float* b, float* out) {
  for_elements(walk.count, [&](int64_t index) {
    int64_t at[3];
    walk.offsets(index, at);
    out[at[2]] = combined(op, a[at[0]], b[at[1]]);
  });
}

template <size_t Count>
bool dense(const Nest<Count>& nest) {
  for (size_t v = 0; v < Count; ++v) {
    if (nest.inner_stride(v) != 1) return false;
  }
  return nest.rank == 1;
}

// A word of the size of an element.
template <class Type>
using WordOf = std::conditional_t<sizeof(Type) == 1, uint8_t,
                                  std::conditional_t<sizeof(Type) == 2, uint16_t,
                                                     std::conditional_t<sizeof(Type) == 4, uint32_t, uint64_t>>>;

template <class Word>
void copy_words(gatun_stream* stream, const Nest<2>& nest, const Word* from, Word* to) {
  const Walk<2> walk(nest);
  const int64_t bytes = walk.count * static_cast<int64_t>(sizeof(Word));
  if (dense(nest) && aligned(from) && aligned(to) && bytes % 16 == 0) {
    launch(stream, "copy", copy_dense, grid_for(bytes / 16), kThreads, 0, bytes / 16,
           reinterpret_cast<const Float4*>(from), reinterpret_cast<Float4*>(to));
    return;
  }
  const int last = nest.rank - 1;
  if (last > 0 && nest.stride[0][last - 1] == 1 && nest.stride[1][last] == 1 && nest.stride[0][last] > 1) {
    const int64_t rows = nest.shape[last - 1], columns = nest.shape[last];
    if (rows >= 8 && columns >= 8) {
      Walk<2> outer(nest);
      outer.rank -= 2;
      outer.count = walk.count / (rows * columns);
      launch(stream, "copy", copy_transposed<Word>, {outer.count * blocks_for(rows, kSide) * blocks_for(columns, kSide)},
             kThreads, kSide * (kSide + 1) * static_cast<int64_t>(sizeof(Word)), outer, rows, columns,
             nest.stride[0][last], nest.stride[1][last - 1], from, to);
      return;
    }
  }
  launch(stream, "copy", copy_strided<Word>, grid_for(walk.count), kThreads, 0, walk, from, to);
}

}  // namespace

gatun_status fill(gatun_stream* stream, const View& out, double value, gatun_error* error) {
  return guard(error, [&] {
    const Nest<1> nest({&out});
    dtype::with_type(out.dtype, [&]<class To>(To) {
      const To converted = dtype::convert<To>(value);
      const Walk<1> walk(nest);
      const int64_t bytes = walk.count * static_cast<int64_t>(sizeof(To));
      if (dense(nest) && aligned(out.data) && bytes % 16 == 0) {
        Float4 pattern;
        for (size_t i = 0; i < sizeof pattern; i += sizeof(To)) {
          std::memcpy(reinterpret_cast<char*>(&pattern) + i, &converted, sizeof(To));
        }
        launch(stream, "fill", fill_dense, grid_for(bytes / 16), kThreads, 0, bytes / 16,
               reinterpret_cast<Float4*>(out.data), pattern);
      } else {
        WordOf<To> word;
        std::memcpy(&word, &converted, sizeof word);
        launch(stream, "fill", fill_strided<WordOf<To>>, grid_for(walk.count), kThreads, 0, walk,
               reinterpret_cast<WordOf<To>*>(out.data), word);
      }
    });
  });
}

gatun_status copy(gatun_stream* stream, const View& x, const View& out, gatun_error* error) {
  return guard(error, [&] {
    const Nest<2> nest({&x, &out});
    if (x.dtype != out.dtype) {
      launch(stream, "copy", convert_strided, grid_for(Walk<2>(nest).count), kThreads, 0, Walk<2>(nest), x.data, x.dtype,
             out.data, out.dtype);
      return;
    }
    dtype::with_type(x.dtype, [&]<class Type>(Type) {
      copy_words(stream, nest, reinterpret_cast<const WordOf<Type>*>(x.data), reinterpret_cast<WordOf<Type>*>(out.data));
    });
  });
}

gatun_status binary(gatun_stream* stream, int32_t op, const View& a, const View& b, const View& out,
                    gatun_error* error) {
  return guard(error, [&] {
    const Nest<3> nest({&a, &b, &out});
    const Walk<3> walk(nest);
    if (dense(nest) && aligned(a.data) && aligned(b.data) && aligned(out.data) && walk.count % 4 == 0) {
      launch(stream, "binary", binary_dense, grid_for(walk.count / 4), kThreads, 0, walk.count / 4, op,
             reinterpret_cast<const Float4*>(a.data), reinterpret_cast<const Float4*>(b.data),
             reinterpret_cast<Float4*>(out.data));
    } else {
      launch(stream, "binary", binary_strided, grid_for(walk.count), kThreads, 0, walk, op, a.f32(), b.f32(),
             out.f32());
    }
  });
}

}  // namespace gatun::cuda
