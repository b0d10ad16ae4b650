#pragma once

// The Linux calls that Swift's Glibc module does not show: epoll, eventfd, recvmmsg and detached threads.
// No policy here. Every function that can fail returns a negated errno.

#include <stddef.h>
#include <stdint.h>

/// An address in the shape of SansIO's SocketAddress. `family` is 4 or 6; for IPv4 the address is in the low 32 bits of `low`.
typedef struct linuxio_address {
    uint64_t high;
    uint64_t low;
    uint32_t scope;
    uint16_t port;
    uint8_t family;
} linuxio_address;

// Waiting

int linuxio_epoll_create(void);
/// Watches `descriptor` for input, level-triggered; `data` comes back from linuxio_epoll_wait.
int linuxio_epoll_add(int epoll, int descriptor, uint64_t data);
/// Watches a stream for what is asked for (nothing: for failures only); `is_known` when it is watched already.
int linuxio_epoll_watch(int epoll, int descriptor, uint64_t data, _Bool input, _Bool output, _Bool is_known);
/// Waits until something is readable; `timeout` in nanoseconds, negative for ever. Returns how many of `ready` were filled.
int linuxio_epoll_wait(int epoll, uint64_t *ready, int capacity, int64_t timeout);
int linuxio_eventfd_create(void);
void linuxio_eventfd_signal(int descriptor);
void linuxio_eventfd_drain(int descriptor);
void linuxio_close(int descriptor);

// Clocks and entropy

int64_t linuxio_monotonic_nanoseconds(void);
int64_t linuxio_wall_nanoseconds(void);
uint64_t linuxio_random(void);

// UDP

/// Opens a non-blocking UDP socket bound to `address` and writes the address that it got to `bound`.
int linuxio_udp_bind(const linuxio_address *address, int buffer_bytes, linuxio_address *bound);
/// Lets a socket note when datagrams arrive. Where that fails they come without an instant.
void linuxio_udp_note_arrivals(int descriptor);
/// Sends one datagram; 0, or a negated errno.
int linuxio_udp_send(int descriptor, const void *bytes, size_t count, const linuxio_address *destination);
/// The local address that the routing table chooses for `destination`.
int linuxio_udp_source(const linuxio_address *destination, linuxio_address *source);

// TCP

/// Opens a non-blocking listener on `address` and writes the address that it got to `bound`.
int linuxio_tcp_listen(const linuxio_address *address, linuxio_address *bound);
/// Takes the next connection, non-blocking and without Nagle's delay; its descriptor, or a negated errno.
int linuxio_tcp_accept(int listener, linuxio_address *source);
/// Begins to connect, from `local` unless that is NULL; the address in use goes to `bound`. The descriptor, or a negated errno.
int linuxio_tcp_connect(const linuxio_address *destination, const linuxio_address *local, linuxio_address *bound);
/// The pending error of a stream as a negated errno, which it clears; 0 for none.
int linuxio_tcp_error(int descriptor);
/// Reads at most `capacity` bytes; 0 at the end of the stream, or a negated errno.
long linuxio_tcp_read(int descriptor, void *bytes, size_t capacity);
/// Writes what the kernel takes now; how much, or a negated errno.
long linuxio_tcp_write(int descriptor, const void *bytes, size_t count);
/// Ends our direction.
void linuxio_tcp_end(int descriptor);

/// Room for some datagrams of any size that one system call fetches.
typedef struct linuxio_batch linuxio_batch;
linuxio_batch *linuxio_batch_create(int capacity);
void linuxio_batch_destroy(linuxio_batch *batch);
/// Fetches what waits, at most the capacity; 0 when nothing waits.
int linuxio_batch_receive(linuxio_batch *batch, int descriptor);
/// When a datagram of the last fetch arrived, in nanoseconds of the wall clock; 0 when its socket does not note that.
int64_t linuxio_batch_arrival(const linuxio_batch *batch, int index);
/// One datagram of the last fetch, `index` below its count.
const void *linuxio_batch_datagram(
    const linuxio_batch *batch, int index, size_t *count, linuxio_address *source);

// Names and threads

/// Resolves a name to at most `capacity` addresses (A, AAAA); blocks. Returns how many, or a negated EAI code's absolute value.
int linuxio_resolve(const char *host, uint16_t port, linuxio_address *addresses, int capacity);
/// The name servers that the C library is configured with, at most `capacity`; how many, or a negated errno.
int linuxio_name_servers(linuxio_address *servers, int capacity);
/// Opens a UDP (or TCP) socket connected to `server`. Every wait below ends after `milliseconds` with -ETIMEDOUT.
int linuxio_name_connect(const linuxio_address *server, int is_stream, int milliseconds);
/// Sends all bytes; 0, or a negated errno.
int linuxio_name_send(int descriptor, const void *bytes, size_t count, int milliseconds);
/// Receives one datagram or what a stream has; how many bytes (0: the stream's end), or a negated errno.
int linuxio_name_receive(int descriptor, void *bytes, size_t capacity, int milliseconds);
/// Starts a detached thread with all signals blocked and the least timer slack.
int linuxio_thread_start(const char *name, void (*body)(void *context), void *context);
/// An identity of the calling thread, never 0.
uint64_t linuxio_thread_self(void);
