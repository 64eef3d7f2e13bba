// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import java.util.Map;

/**
 * One more decoder on the same features, upstream's {@code AuxiliaryHead}.
 *
 * @param name name of its output
 * @param decoder name of a decoder, or a {@link DecoderBuilder}
 * @param decoderArgs arguments, those of the decoder with the prefix {@code decoder_}, of the head with {@code head_}
 */
public record AuxiliaryHead(String name, Object decoder, Map<String, Object> decoderArgs) {}
