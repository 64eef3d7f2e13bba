// SPDX-License-Identifier: Apache-2.0
/**
 * Embeddings of places and dates: a region is fetched by a provider, or given as numbers, prepared as the model was
 * trained, and comes back as a vector or a grid. The contract is that of rs-embed's adapters.
 */
package io.gatun.wrappers.embed;
