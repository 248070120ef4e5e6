// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.file;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.Callable;
import org.blkbackd.ioengine.DiskProvider;

/** Files whose system calls somebody stands before; in this package, whose own business the calls are. */
public final class WatchedFiles {

    /** Stands before the calls of one provider. Any thread. */
    public interface Watcher {

        /**
         * In the place of a call.
         *
         * @param call      one of {@link FileIo}
         * @param arguments of it
         * @param real      makes the call, and returns what it returned
         * @return an Integer or Long, as the call does; negative errno
         */
        Object around(Method call, Object[] arguments, Callable<Object> real) throws Exception;
    }

    private WatchedFiles() {
    }

    /** A provider as the daemon has it. */
    public static DiskProvider provider(FileOptions options, Watcher watcher) {
        FileIo real = new SystemFileIo();
        return new FileProvider(options, (FileIo) Proxy.newProxyInstance(FileIo.class.getClassLoader(),
            new Class<?>[] {FileIo.class}, (proxy, call, arguments) -> watcher.around(call, arguments,
                () -> call.invoke(real, arguments))));
    }

    /** Closes a descriptor, whoever stands before its calls. */
    public static void close(int fd) {
        new SystemFileIo().close(fd);
    }
}
