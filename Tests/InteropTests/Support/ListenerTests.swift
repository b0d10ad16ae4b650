import Foundation
import Testing

@Suite("Waiting for a program that listens")
struct ListenerTests {
    private static func bound() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        try #require(result == 0)
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    @Test("It is found among two hundred sockets of others")
    func found() throws {
        let sockets = try (0..<200).map { _ in try Self.bound() }
        defer { for socket in sockets { close(socket.descriptor) } }
        for socket in sockets {
            #expect(Stranger.waitForListener(port: socket.port, table: "udp", limit: 1))
        }
    }

    @Test("One that has ended is not waited for")
    func ended() throws {
        let started = Date()
        let port = try Stranger.freePort()
        #expect(!Stranger.waitForListener(port: port, table: "udp", while: { false }))
        #expect(Date().timeIntervalSince(started) < 20)
    }
}
