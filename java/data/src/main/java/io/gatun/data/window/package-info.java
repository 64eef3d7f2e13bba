// SPDX-License-Identifier: Apache-2.0
/**
 * Cutting a grid into overlapping windows and blending their results: a {@link io.gatun.data.window.WindowAxis} says
 * where the windows lie along one axis and what each of their cells counts for; a cell's weight is the product
 * over axes.
 */
package io.gatun.data.window;
