// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.ioengine.uring;

/** Numbers of linux/io_uring.h and the layouts of its structures. Nothing here is younger than Linux 6.1. */
final class UringAbi {

    /** System calls; the same numbers on every architecture. */
    static final long SYS_SETUP = 425;
    static final long SYS_ENTER = 426;
    static final long SYS_REGISTER = 427;

    static final int SETUP_CQSIZE = 1 << 3;
    static final int SETUP_CLAMP = 1 << 4;
    static final int SETUP_R_DISABLED = 1 << 6;
    static final int SETUP_SUBMIT_ALL = 1 << 7;
    static final int SETUP_COOP_TASKRUN = 1 << 8;
    static final int SETUP_TASKRUN_FLAG = 1 << 9;
    static final int SETUP_SINGLE_ISSUER = 1 << 12;
    static final int SETUP_DEFER_TASKRUN = 1 << 13;

    static final int FEAT_SINGLE_MMAP = 1;
    static final int FEAT_NODROP = 1 << 1;
    static final int FEAT_SUBMIT_STABLE = 1 << 2;
    static final int FEAT_EXT_ARG = 1 << 8;
    /** Linux 5.13, as is the multishot poll, which has no bit of its own. */
    static final int FEAT_RSRC_TAGS = 1 << 10;
    /** Without these it is not worth the while; every kernel from 5.13 on has them. */
    static final int NEEDED = FEAT_SINGLE_MMAP | FEAT_NODROP | FEAT_SUBMIT_STABLE | FEAT_EXT_ARG | FEAT_RSRC_TAGS;

    static final int ENTER_GETEVENTS = 1;
    static final int ENTER_EXT_ARG = 1 << 3;

    static final int REGISTER_BUFFERS = 0;
    static final int REGISTER_ENABLE_RINGS = 12;
    static final int REGISTER_IOWQ_MAX_WORKERS = 19;

    static final int SQ_CQ_OVERFLOW = 1 << 1;
    static final int SQ_TASKRUN = 1 << 2;

    static final int CQE_F_MORE = 1 << 1;

    static final int OP_READV = 1;
    static final int OP_READ_FIXED = 4;
    static final int OP_POLL_ADD = 6;
    static final int OP_READ = 22;
    /** From each of the operations that read to the one that writes. */
    static final int READ_TO_WRITE = 1;
    /** In the length of a POLL_ADD. */
    static final int POLL_ADD_MULTI = 1;
    static final int POLLIN = 1;

    static final long OFF_RINGS = 0;
    static final long OFF_SQES = 0x10000000L;

    static final int SQE_BYTES = 64;
    static final int CQE_BYTES = 16;

    /** struct io_uring_params: where things are in it. */
    static final int PARAMS_BYTES = 120;
    static final int PARAMS_SQ_ENTRIES = 0;
    static final int PARAMS_CQ_ENTRIES = 4;
    static final int PARAMS_FLAGS = 8;
    static final int PARAMS_FEATURES = 20;
    static final int PARAMS_SQ_HEAD = 40;
    static final int PARAMS_SQ_TAIL = 44;
    static final int PARAMS_SQ_FLAGS = 56;
    static final int PARAMS_SQ_ARRAY = 64;
    static final int PARAMS_CQ_HEAD = 80;
    static final int PARAMS_CQ_TAIL = 84;
    static final int PARAMS_CQ_CQES = 100;

    /** struct io_uring_getevents_arg: signal set, its size, and where the address of a timespec is. */
    static final int EXT_ARG_BYTES = 24;
    static final int EXT_ARG_TIMESPEC = 16;

    private UringAbi() {
    }
}
