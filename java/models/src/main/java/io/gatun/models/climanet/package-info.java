// SPDX-License-Identifier: Apache-2.0
/**
 * ClimaNet's SpatioTemporalModel: monthly maps from gappy daily fields. Classes carry the names of
 * {@code climanet/st_encoder_decoder.py} at commit 4ca9a34 of ESMValGroup/ClimaNet, arguments and state-dict keys too.
 */
package io.gatun.models.climanet;
