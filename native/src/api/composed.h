// SPDX-License-Identifier: Apache-2.0
// Fusions as single operations, for backends that have no kernel for them. The arguments have been checked.
#pragma once

#include "../backend.h"

namespace gatun {

gatun_status compose_encode_pool(gatun_stream* stream, EncodePoolArgs args, gatun_error* error);

gatun_status compose_decoder_weights(gatun_stream* stream, const gatun_weights& shape, const DecoderSource& source,
                                     gatun_weights** weights, gatun_error* error);
gatun_status compose_decoder_weights_free(gatun_weights* weights, gatun_stream* stream, gatun_error* error);
gatun_status compose_decoder_prefix(gatun_stream* stream, const DecoderPrefixArgs& args, gatun_error* error);

gatun_status compose_refine_head(gatun_stream* stream, const RefineHeadArgs& args, gatun_error* error);

}  // namespace gatun
