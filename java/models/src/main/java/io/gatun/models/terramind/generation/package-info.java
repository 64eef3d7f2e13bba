// SPDX-License-Identifier: Apache-2.0
/** Any-to-any generation with TerraMind: schedules, samplers, generators and Thinking-in-Modalities. */
package io.gatun.models.terramind.generation;
