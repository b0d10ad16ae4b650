#if defined(__linux__)
#define _GNU_SOURCE
#include "CLinuxIO.h"
#include "addresses.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Waiting

int linuxio_epoll_create(void) {
    int descriptor = epoll_create1(EPOLL_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int linuxio_epoll_add(int epoll, int descriptor, uint64_t data) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = data};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

int linuxio_epoll_watch(int epoll, int descriptor, uint64_t data, _Bool input, _Bool output, _Bool is_known) {
    struct epoll_event event = {.events = (input ? EPOLLIN : 0u) | (output ? EPOLLOUT : 0u), .data.u64 = data};
    return epoll_ctl(epoll, is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

int linuxio_epoll_wait(int epoll, uint64_t *ready, int capacity, int64_t timeout) {
    enum { most = 256 };
    static _Bool has_nanoseconds = 1;
    struct epoll_event events[most];
    if (capacity > most) capacity = most;
    int count = -1;
#if defined(SYS_epoll_pwait2)
    if (__atomic_load_n(&has_nanoseconds, __ATOMIC_RELAXED)) {
        // Two 64-bit fields: the kernel's own layout, whatever the width of time_t.
        struct { int64_t seconds, nanoseconds; } limit = {timeout / 1000000000, timeout % 1000000000};
        count = (int)syscall(SYS_epoll_pwait2, epoll, events, capacity, timeout < 0 ? NULL : &limit, NULL, 0);
        // Kernels before 5.11 and some sandboxes refuse it.
        if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
            __atomic_store_n(&has_nanoseconds, 0, __ATOMIC_RELAXED);
        }
    }
    if (count < 0 && !__atomic_load_n(&has_nanoseconds, __ATOMIC_RELAXED))
#endif
    {
        // Rounded up: late by less than a millisecond, and never a spin.
        int64_t milliseconds = timeout < 0 ? -1 : timeout / 1000000 + (timeout % 1000000 != 0);
        if (milliseconds > 1000000000) milliseconds = 1000000000;
        count = epoll_wait(epoll, events, capacity, (int)milliseconds);
    }
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int index = 0; index < count; index++) ready[index] = events[index].data.u64;
    return count;
}

int linuxio_eventfd_create(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

void linuxio_eventfd_signal(int descriptor) {
    uint64_t one = 1;
    while (write(descriptor, &one, sizeof one) < 0 && errno == EINTR) {}
}

void linuxio_eventfd_drain(int descriptor) {
    uint64_t count;
    while (read(descriptor, &count, sizeof count) < 0 && errno == EINTR) {}
}

void linuxio_close(int descriptor) { close(descriptor); }

// Clocks and entropy

static int64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t linuxio_monotonic_nanoseconds(void) { return nanoseconds(CLOCK_MONOTONIC); }

int64_t linuxio_wall_nanoseconds(void) { return nanoseconds(CLOCK_REALTIME); }

uint64_t linuxio_random(void) {
    uint64_t value = 0;
    while (getrandom(&value, sizeof value, 0) != sizeof value) {
        if (errno != EINTR) abort();  // A kernel without getrandom is older than this program's toolchain.
    }
    return value;
}

// Addresses

static uint64_t load_big_endian(const uint8_t *bytes, int count) {
    uint64_t value = 0;
    for (int index = 0; index < count; index++) value = value << 8 | bytes[index];
    return value;
}

static void store_big_endian(uint8_t *bytes, int count, uint64_t value) {
    for (int index = count - 1; index >= 0; index--, value >>= 8) bytes[index] = (uint8_t)value;
}

socklen_t linuxio_to_system(const linuxio_address *address, struct sockaddr_storage *system) {
    if (address->family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)system;
        memset(in, 0, sizeof *in);
        in->sin_family = AF_INET;
        in->sin_port = htons(address->port);
        in->sin_addr.s_addr = htonl((uint32_t)address->low);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)system;
    memset(in6, 0, sizeof *in6);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(address->port);
    in6->sin6_scope_id = address->scope;
    store_big_endian(in6->sin6_addr.s6_addr, 8, address->high);
    store_big_endian(in6->sin6_addr.s6_addr + 8, 8, address->low);
    return sizeof *in6;
}

_Bool linuxio_from_system(const void *system, linuxio_address *address) {
    memset(address, 0, sizeof *address);
    switch (((const struct sockaddr *)system)->sa_family) {
    case AF_INET: {
        const struct sockaddr_in *in = system;
        address->family = 4;
        address->port = ntohs(in->sin_port);
        address->low = ntohl(in->sin_addr.s_addr);
        return 1;
    }
    case AF_INET6: {
        const struct sockaddr_in6 *in6 = system;
        address->family = 6;
        address->port = ntohs(in6->sin6_port);
        address->scope = in6->sin6_scope_id;
        address->high = load_big_endian(in6->sin6_addr.s6_addr, 8);
        address->low = load_big_endian(in6->sin6_addr.s6_addr + 8, 8);
        return 1;
    }
    default: return 0;
    }
}

static int open_udp(const linuxio_address *address) {
    int family = address->family == 4 ? AF_INET : AF_INET6;
    int descriptor = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return descriptor < 0 ? -errno : descriptor;
}

static int close_failed(int descriptor) {
    int code = errno;
    close(descriptor);
    return -code;
}

// UDP

static void widen(int descriptor, int privileged, int plain, int bytes) {
    if (setsockopt(descriptor, SOL_SOCKET, privileged, &bytes, sizeof bytes) < 0)
        setsockopt(descriptor, SOL_SOCKET, plain, &bytes, sizeof bytes);
}

int linuxio_udp_bind(const linuxio_address *address, int buffer_bytes, linuxio_address *bound) {
    int descriptor = open_udp(address);
    if (descriptor < 0) return descriptor;
    int on = 1;
    if (address->family == 6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    widen(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, buffer_bytes);
    widen(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, buffer_bytes);
    struct sockaddr_storage system;
    socklen_t length = linuxio_to_system(address, &system);
    if (bind(descriptor, (struct sockaddr *)&system, length) < 0) return close_failed(descriptor);
    length = sizeof system;
    if (getsockname(descriptor, (struct sockaddr *)&system, &length) < 0) return close_failed(descriptor);
    linuxio_from_system(&system, bound);
    return descriptor;
}

void linuxio_udp_note_arrivals(int descriptor) {
    int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

int linuxio_udp_send(int descriptor, const void *bytes, size_t count, const linuxio_address *destination) {
    struct sockaddr_storage system;
    socklen_t length = linuxio_to_system(destination, &system);
    ssize_t sent;
    do {
        sent = sendto(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&system, length);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

int linuxio_udp_source(const linuxio_address *destination, linuxio_address *source) {
    int descriptor = open_udp(destination);
    if (descriptor < 0) return descriptor;
    struct sockaddr_storage system;
    socklen_t length = linuxio_to_system(destination, &system);
    if (connect(descriptor, (struct sockaddr *)&system, length) < 0) return close_failed(descriptor);
    length = sizeof system;
    if (getsockname(descriptor, (struct sockaddr *)&system, &length) < 0) return close_failed(descriptor);
    close(descriptor);
    linuxio_from_system(&system, source);
    return 0;
}

// The largest UDP payload: nothing is ever truncated.
enum { datagram_bytes = 65535 };

// Room for the arrival of one datagram.
union arrival {
    char bytes[CMSG_SPACE(sizeof(struct timespec))];
    struct cmsghdr aligned;
};

struct linuxio_batch {
    int capacity;
    // Headers that the kernel has written to since they were made ready.
    int used;
    struct mmsghdr *headers;
    struct iovec *slices;
    struct sockaddr_storage *sources;
    union arrival *arrivals;
    // Only the pages that datagrams really reach become resident.
    uint8_t *bytes;
};

linuxio_batch *linuxio_batch_create(int capacity) {
    linuxio_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) abort();
    batch->capacity = capacity;
    batch->used = capacity;
    batch->headers = calloc((size_t)capacity, sizeof *batch->headers);
    batch->slices = calloc((size_t)capacity, sizeof *batch->slices);
    batch->sources = calloc((size_t)capacity, sizeof *batch->sources);
    batch->arrivals = calloc((size_t)capacity, sizeof *batch->arrivals);
    batch->bytes = malloc((size_t)capacity * datagram_bytes);
    if (!batch->headers || !batch->slices || !batch->sources || !batch->arrivals || !batch->bytes)
        abort();
    for (int index = 0; index < capacity; index++) {
        batch->slices[index].iov_base = batch->bytes + (size_t)index * datagram_bytes;
        batch->slices[index].iov_len = datagram_bytes;
        batch->headers[index].msg_hdr.msg_iov = &batch->slices[index];
        batch->headers[index].msg_hdr.msg_iovlen = 1;
        batch->headers[index].msg_hdr.msg_name = &batch->sources[index];
        batch->headers[index].msg_hdr.msg_control = &batch->arrivals[index];
    }
    return batch;
}

void linuxio_batch_destroy(linuxio_batch *batch) {
    free(batch->headers);
    free(batch->slices);
    free(batch->sources);
    free(batch->arrivals);
    free(batch->bytes);
    free(batch);
}

int linuxio_batch_receive(linuxio_batch *batch, int descriptor) {
    // The one behind the last datagram may have been tried, too.
    for (int index = 0; index < batch->capacity && index <= batch->used; index++) {
        batch->headers[index].msg_hdr.msg_namelen = sizeof batch->sources[index];
        batch->headers[index].msg_hdr.msg_controllen = sizeof batch->arrivals[index];
    }
    int count;
    do {
        count = recvmmsg(descriptor, batch->headers, (unsigned)batch->capacity, MSG_DONTWAIT, NULL);
    } while (count < 0 && errno == EINTR);
    batch->used = count < 0 ? 0 : count;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    return count;
}

int64_t linuxio_batch_arrival(const linuxio_batch *batch, int index) {
    struct msghdr *header = &batch->headers[index].msg_hdr;
    struct cmsghdr *note = CMSG_FIRSTHDR(header);
    if (note == NULL || note->cmsg_level != SOL_SOCKET || note->cmsg_type != SCM_TIMESTAMPNS) return 0;
    struct timespec instant;
    memcpy(&instant, CMSG_DATA(note), sizeof instant);
    return (int64_t)instant.tv_sec * 1000000000 + instant.tv_nsec;
}

const void *linuxio_batch_datagram(
    const linuxio_batch *batch, int index, size_t *count, linuxio_address *source) {
    *count = batch->headers[index].msg_len;
    linuxio_from_system(&batch->sources[index], source);
    return batch->slices[index].iov_base;
}

// Names and threads

int linuxio_resolve(const char *host, uint16_t port, linuxio_address *addresses, int capacity) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, NULL, &hints, &found);
    if (code != 0) {
        // AI_ADDRCONFIG hides everything on a machine with loopback alone; there "localhost" must still resolve.
        hints.ai_flags = 0;
        code = getaddrinfo(host, NULL, &hints, &found);
    }
    if (code != 0) return code < 0 ? code : -code;
    int count = 0;
    for (struct addrinfo *entry = found; entry != NULL && count < capacity; entry = entry->ai_next) {
        if (!linuxio_from_system(entry->ai_addr, &addresses[count])) continue;
        addresses[count].port = port;
        count++;
    }
    freeaddrinfo(found);
    return count;
}

struct start {
    void (*body)(void *context);
    void *context;
};

static void *run(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    prctl(PR_SET_TIMERSLACK, 1UL);
    start.body(start.context);
    return NULL;
}

int linuxio_thread_start(const char *name, void (*body)(void *context), void *context) {
    struct start *start = malloc(sizeof *start);
    if (start == NULL) return -ENOMEM;
    *start = (struct start){body, context};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int code = pthread_create(&thread, &attributes, run, start);
    if (code == 0)
        pthread_setname_np(thread, name);
    else
        free(start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -code;
}

uint64_t linuxio_thread_self(void) { return (uint64_t)pthread_self(); }

#endif
