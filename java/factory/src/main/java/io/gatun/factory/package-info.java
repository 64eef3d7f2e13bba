// SPDX-License-Identifier: Apache-2.0
/** The encoder-decoder factory, the models it builds, and the contracts of their parts. */
package io.gatun.factory;
