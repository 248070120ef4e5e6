// SPDX-License-Identifier: Apache-2.0
// The guest's disk tester, small and static so that guests are: tester DISK MIB DEPTH [SEED]
//
// DEPTH threads, each with one request in flight, write every 4 KiB block of the first MIB once in a random order, past the
// page cache, with an fdatasync every 64 writes; then read all of them back in another order. Every 8 bytes of a block
// derive from the seed, the block's number and their place, so a lost, stale, torn or misplaced write is found.
// Prints what is wrong and returns 1, or how many requests were right, the time in ms that the slowest of them took, flushes
// included ("requests=N slowest=MS"), and 0.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, WORDS = BLOCK / 8, WRITES_PER_FLUSH = 64, MOST_REPORTS = 10 };

static int disk;
static uint64_t seed;
static uint32_t blocks;
static uint32_t *order;
static uint32_t next;
static int reading;
static int wrong;
static long slowest;

static uint64_t mix(uint64_t x) {    // splitmix64
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

static void report(const char *what, uint32_t block, int word) {
    if (__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED) <= MOST_REPORTS)
        fprintf(stderr, "tester: %s of block %u, word %d, errno %d (%s)\n", what, block, word, errno, strerror(errno));
}

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

static void took(long since) {
    long ms = now_ms() - since, before = __atomic_load_n(&slowest, __ATOMIC_RELAXED);
    while (ms > before && !__atomic_compare_exchange_n(&slowest, &before, ms, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

static void one(uint64_t *buffer, uint32_t block) {
    off_t offset = (off_t) block * BLOCK;
    uint64_t first = mix(seed ^ block);
    if (reading) {
        if (pread(disk, buffer, BLOCK, offset) != BLOCK) {
            report("read", block, -1);
            return;
        }
        for (int i = 0; i < WORDS; i++)
            if (buffer[i] != first + i) {
                report("content", block, i);
                return;
            }
    } else {
        for (int i = 0; i < WORDS; i++)
            buffer[i] = first + i;
        if (pwrite(disk, buffer, BLOCK, offset) != BLOCK)
            report("write", block, -1);
    }
}

static void *work(void *buffer) {
    uint32_t i;
    while ((i = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < blocks) {
        long since = now_ms();
        errno = 0;
        one(buffer, order[i]);
        took(since);
        if (!reading && i % WRITES_PER_FLUSH == 0) {
            since = now_ms();
            if (fdatasync(disk) != 0)
                report("flush", order[i], -1);
            took(since);
        }
    }
    return NULL;
}

static void shuffle(uint64_t from) {
    for (uint32_t i = blocks; i > 1; i--) {
        uint32_t j = (from = mix(from)) % i;
        uint32_t other = order[j];
        order[j] = order[i - 1];
        order[i - 1] = other;
    }
}

static void pass(int depth, void *buffers[]) {
    pthread_t threads[depth];
    shuffle(seed + reading);
    next = 0;
    for (int i = 0; i < depth; i++)
        pthread_create(&threads[i], NULL, work, buffers[i]);
    for (int i = 0; i < depth; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: tester DISK MIB DEPTH [SEED]\n");
        return 2;
    }
    int depth = atoi(argv[3]);
    void *buffers[depth];
    blocks = atoi(argv[2]) * (1024 * 1024 / BLOCK);
    seed = argc > 4 ? strtoull(argv[4], NULL, 0) : 1;
    disk = open(argv[1], O_RDWR | O_DIRECT);
    if (disk < 0) {
        perror(argv[1]);
        return 1;
    }
    order = malloc(blocks * sizeof *order);
    for (uint32_t i = 0; i < blocks; i++)
        order[i] = i;
    for (int i = 0; i < depth; i++)
        buffers[i] = aligned_alloc(BLOCK, BLOCK);
    pass(depth, buffers);
    if (fdatasync(disk) != 0)
        report("last flush", 0, -1);
    reading = 1;
    pass(depth, buffers);
    if (wrong > 0)
        fprintf(stderr, "tester: %d faults, seed %llu\n", wrong, (unsigned long long) seed);
    else
        printf("requests=%u slowest=%ld\n", 2 * blocks, slowest);
    return wrong > 0;
}
