// SPDX-License-Identifier: Apache-2.0

/**
 * The process: command line, settings, log, start and stop. The one package, with the demo, that names the
 * implementations behind the floors' interfaces and puts them together.
 *
 * <p>Settings are hostile until {@link org.blkbackd.blkback.service.ConfigLoader} has looked at all of them.
 */
package org.blkbackd.blkback.service;
