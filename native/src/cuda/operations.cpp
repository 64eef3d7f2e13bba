// SPDX-License-Identifier: Apache-2.0
#include "operations.h"

namespace gatun::cuda {

void add_operations(Backend& backend) {
  backend.weights_create = weights_create;
  backend.weights_free = weights_free;
  backend.fill = fill;
  backend.copy = copy;
  backend.add = add;
  backend.layer_norm = layer_norm;
  backend.linear = linear;
  backend.attention = attention;
}

}  // namespace gatun::cuda
