// SPDX-License-Identifier: Apache-2.0
/** What all models share. */
package io.gatun.models;
