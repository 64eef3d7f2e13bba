// SPDX-License-Identifier: Apache-2.0
/** Predictions for one scene, from file to file, as a TerraTorch configuration says. */
package io.gatun.factory.predict;
