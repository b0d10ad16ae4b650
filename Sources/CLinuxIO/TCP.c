#if defined(__linux__)
#define _GNU_SOURCE
#include "CLinuxIO.h"
#include "addresses.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static int close_failed(int descriptor) {
    int code = errno;
    close(descriptor);
    return -code;
}

static int open_tcp(const linuxio_address *address) {
    int family = address->family == 4 ? AF_INET : AF_INET6;
    int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return descriptor < 0 ? -errno : descriptor;
}

static int bound_address(int descriptor, linuxio_address *bound) {
    struct sockaddr_storage system;
    socklen_t length = sizeof system;
    if (getsockname(descriptor, (struct sockaddr *)&system, &length) < 0) return close_failed(descriptor);
    linuxio_from_system(&system, bound);
    return descriptor;
}

int linuxio_tcp_listen(const linuxio_address *address, linuxio_address *bound) {
    int descriptor = open_tcp(address);
    if (descriptor < 0) return descriptor;
    int on = 1;
    // Without it a restarted program would wait for minutes until the old streams are forgotten.
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->family == 6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    struct sockaddr_storage system;
    socklen_t length = linuxio_to_system(address, &system);
    if (bind(descriptor, (struct sockaddr *)&system, length) < 0) return close_failed(descriptor);
    if (listen(descriptor, 1024) < 0) return close_failed(descriptor);
    return bound_address(descriptor, bound);
}

int linuxio_tcp_accept(int listener, linuxio_address *source) {
    struct sockaddr_storage system;
    int descriptor;
    do {
        socklen_t length = sizeof system;
        descriptor = accept4(listener, (struct sockaddr *)&system, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        // A connection that died while it waited is not the listener's fault.
    } while (descriptor < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (descriptor < 0) return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    linuxio_from_system(&system, source);
    return descriptor;
}

int linuxio_tcp_connect(const linuxio_address *destination, const linuxio_address *local, linuxio_address *bound) {
    int descriptor = open_tcp(destination);
    if (descriptor < 0) return descriptor;
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct sockaddr_storage system;
    socklen_t length;
    if (local != NULL) {
#ifdef IP_BIND_ADDRESS_NO_PORT
        // The port is drawn when the destination is known: one port may serve several destinations.
        if (local->port == 0) setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
#endif
        length = linuxio_to_system(local, &system);
        if (bind(descriptor, (struct sockaddr *)&system, length) < 0) return close_failed(descriptor);
    }
    length = linuxio_to_system(destination, &system);
    int code;
    do { code = connect(descriptor, (struct sockaddr *)&system, length); } while (code < 0 && errno == EINTR);
    if (code < 0 && errno != EINPROGRESS) return close_failed(descriptor);
    return bound_address(descriptor, bound);
}

int linuxio_tcp_error(int descriptor) {
    int code = 0;
    socklen_t length = sizeof code;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) < 0) return -errno;
    return -code;
}

long linuxio_tcp_read(int descriptor, void *bytes, size_t capacity) {
    ssize_t count;
    do { count = recv(descriptor, bytes, capacity, MSG_DONTWAIT); } while (count < 0 && errno == EINTR);
    if (count < 0) return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    return count;
}

long linuxio_tcp_write(int descriptor, const void *bytes, size_t count) {
    ssize_t written;
    do {
        written = send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (written < 0 && errno == EINTR);
    if (written < 0) return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    return written;
}

void linuxio_tcp_end(int descriptor) { shutdown(descriptor, SHUT_WR); }

#endif
