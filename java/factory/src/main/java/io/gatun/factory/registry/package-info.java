// SPDX-License-Identifier: Apache-2.0
/** Parts of models by name, from several sources, extendable in code and through {@code ServiceLoader}. */
package io.gatun.factory.registry;
