// SPDX-License-Identifier: Apache-2.0
/** What necks, decoders and heads share. */
package io.gatun.factory.internal;
