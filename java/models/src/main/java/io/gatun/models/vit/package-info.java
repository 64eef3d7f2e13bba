// SPDX-License-Identifier: Apache-2.0
/** The plain vision transformer under timm's names, arguments and weights. */
package io.gatun.models.vit;
