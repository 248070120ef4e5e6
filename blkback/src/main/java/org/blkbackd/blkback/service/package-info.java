// SPDX-License-Identifier: Apache-2.0

/**
 * The running service: builds the parts in order and stops them in reverse. With the demo, the one package that names
 * the implementations behind the floors' interfaces.
 */
package org.blkbackd.blkback.service;
