#if defined(__linux__)
#define _GNU_SOURCE
#include "CLinuxIO.h"
#include "addresses.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <string.h>
#include <unistd.h>

int linuxio_name_servers(linuxio_address *servers, int capacity) {
    // A state of the call's own: threads share nothing, and a changed resolv.conf is seen.
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) < 0) return -EIO;
    int count = 0;
    for (int index = 0; index < state.nscount && count < capacity; index++) {
        const void *server = &state.nsaddr_list[index];
        if (state.nsaddr_list[index].sin_family == 0) server = state._u._ext.nsaddrs[index];
        if (server != NULL && linuxio_from_system(server, &servers[count])) count++;
    }
    res_nclose(&state);
    return count;
}

static int wait_for(int descriptor, short events, int milliseconds) {
    struct pollfd entry = {.fd = descriptor, .events = events};
    int count;
    do {
        count = poll(&entry, 1, milliseconds);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return -errno;
    return count == 0 ? -ETIMEDOUT : 0;
}

int linuxio_name_connect(const linuxio_address *server, int is_stream, int milliseconds) {
    struct sockaddr_storage system;
    socklen_t length = linuxio_to_system(server, &system);
    int type = (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int descriptor = socket(system.ss_family, type, 0);
    if (descriptor < 0) return -errno;
    int code = 0;
    if (connect(descriptor, (struct sockaddr *)&system, length) < 0) code = -errno;
    if (code == -EINPROGRESS) {
        code = wait_for(descriptor, POLLOUT, milliseconds);
        int failure = 0;
        socklen_t size = sizeof failure;
        if (code == 0 && getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) == 0) code = -failure;
    }
    if (code == 0) return descriptor;
    close(descriptor);
    return code;
}

int linuxio_name_send(int descriptor, const void *bytes, size_t count, int milliseconds) {
    const char *rest = bytes;
    while (count > 0) {
        ssize_t sent = send(descriptor, rest, count, MSG_NOSIGNAL);
        if (sent >= 0) {
            rest += sent;
            count -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int code = wait_for(descriptor, POLLOUT, milliseconds);
            if (code < 0) return code;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

int linuxio_name_receive(int descriptor, void *bytes, size_t capacity, int milliseconds) {
    int code = wait_for(descriptor, POLLIN, milliseconds);
    if (code < 0) return code;
    ssize_t count;
    do {
        count = recv(descriptor, bytes, capacity, 0);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : (int)count;
}

#endif
