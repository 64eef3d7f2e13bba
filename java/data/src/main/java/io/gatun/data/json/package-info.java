// SPDX-License-Identifier: Apache-2.0
/** JSON files that come with models, such as the vocabularies of text tokenizers, as plain data. */
package io.gatun.data.json;
