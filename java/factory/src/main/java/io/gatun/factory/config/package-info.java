// SPDX-License-Identifier: Apache-2.0
/** TerraTorch's configuration files and Lightning's checkpoints, as they are. */
package io.gatun.factory.config;
