// SPDX-License-Identifier: Apache-2.0

/*
 * LD_PRELOAD shim: an unmodified xenstored runs with no hypervisor. It gives xenstored the library calls it makes
 * for domains, event channels and grants, over files in $XENSHIM_DIR:
 *
 *   dom/<domid>           exists while the domain lives
 *   grant.<domid>.<ref>   a granted page, 4096 bytes; ref 1 is the domain's xenstore ring
 *   kva                   domain 0's own ring page
 *   evtchn                FIFO: a local port written to it (4 bytes, little-endian) is pending; port 2 is VIRQ_DOM_EXC,
 *                         upon which xenstored looks which domains still live
 *   port.<domid>.<remote> the local port, in decimal, bound to a domain's port
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE 4096
#define VIRQ_PORT 2
#define FIRST_PORT 10

static int events = -1;
static unsigned next_port = FIRST_PORT;

static void state_path(char *path, const char *format, unsigned a, unsigned b)
{
    char name[64];
    const char *dir = getenv("XENSHIM_DIR");

    snprintf(name, sizeof name, format, a, b);
    snprintf(path, PAGE, "%s/%s", dir ? dir : ".", name);
}

static int libc_open(const char *path, int flags, int mode)
{
    static int (*next)(const char *, int, ...);

    if (!next)
        next = dlsym(RTLD_NEXT, "open");
    return next(path, flags, mode);
}

static int page_file(const char *format, unsigned a, unsigned b)
{
    char path[PAGE];
    int fd;

    state_path(path, format, a, b);
    fd = libc_open(path, O_RDWR | O_CREAT, 0600);
    if (fd >= 0 && ftruncate(fd, PAGE)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Domain 0's ring and port, which the kernel would show here. */
int open(const char *path, int flags, ...)
{
    va_list arguments;
    int mode, fd;

    if (!strcmp(path, "/proc/xen/xsd_kva"))
        return page_file("kva", 0, 0);
    if (!strcmp(path, "/proc/xen/xsd_port")) {
        fd = memfd_create("port", 0);
        if (fd >= 0 && write(fd, "1", 1) == 1)
            lseek(fd, 0, SEEK_SET);
        return fd;
    }
    va_start(arguments, flags);
    mode = va_arg(arguments, int);
    va_end(arguments);
    return libc_open(path, flags, mode);
}

xc_interface *xc_interface_open(xentoollog_logger *log, xentoollog_logger *dombuild, unsigned flags)
{
    return calloc(1, 64);
}

int xc_interface_close(xc_interface *xc)
{
    free(xc);
    return 0;
}

int xc_domain_getinfo(xc_interface *xc, uint32_t domid, unsigned max, xc_dominfo_t *info)
{
    char path[PAGE];

    state_path(path, "dom/%u", domid, 0);
    if (max == 0 || (domid != 0 && access(path, F_OK)))
        return 0;
    memset(info, 0, sizeof *info);
    info->domid = domid;
    info->running = 1;
    return 1;
}

xenevtchn_handle *xenevtchn_open(xentoollog_logger *log, unsigned flags)
{
    char path[PAGE];

    state_path(path, "evtchn", 0, 0);
    mkfifo(path, 0600);
    events = libc_open(path, O_RDWR, 0);
    return calloc(1, 64);
}

int xenevtchn_close(xenevtchn_handle *xce)
{
    return close(events);
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
    return events;
}

/* Test clients look at the ring instead of waiting for an event. */
int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid, evtchn_port_t remote)
{
    char path[PAGE];
    FILE *file;

    state_path(path, "port.%u.%u", domid, remote);
    file = fopen(path, "w");
    if (!file)
        return -1;
    fprintf(file, "%u\n", next_port);
    fclose(file);
    return next_port++;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce, unsigned virq)
{
    return VIRQ_PORT;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
    uint32_t port;

    return read(events, &port, sizeof port) == sizeof port ? (int)port : -1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
    return 0;
}

xengnttab_handle *xengnttab_open(xentoollog_logger *log, unsigned flags)
{
    return calloc(1, 64);
}

int xengnttab_close(xengnttab_handle *xgt)
{
    return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t grants)
{
    return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int protection)
{
    int fd = page_file("grant.%u.%u", domid, ref);
    void *page;

    if (fd < 0)
        return NULL;
    page = mmap(NULL, PAGE, protection, MAP_SHARED, fd, 0);
    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

int xengnttab_unmap(xengnttab_handle *xgt, void *page, uint32_t count)
{
    return munmap(page, (size_t)count * PAGE);
}
