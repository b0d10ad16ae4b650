import Foundation
import SansIO

/// Ports of 127.0.0.1 for the programs of one test process.
///
/// Below the system's own choices, so that nobody is given one by chance. Test processes run beside each other, each with a thousand
/// ports of its own: whoever listens on the first of them by TCP has them all, until its process ends.
enum FreePorts {
    private static let first: UInt16 = 20_000
    private static let blocks: UInt16 = 12
    private static let perBlock: UInt16 = 1_000
    /// From one port handed out to the next: room for those that a program takes above it.
    private static let step: UInt16 = 8

    /// The ports of this process; all of them where every block is taken.
    private static let own: Range<UInt16> = {
        let start = UInt16(getpid() % Int32(blocks))
        for turn in 0..<blocks {
            let block = first + (start + turn) % blocks * perBlock
            // Held open until the process ends; the programs that it starts do not inherit it.
            if let claim = bound(to: block, SOCK_STREAM) {
                if listen(claim, 1) == 0 { return block + step..<block + perBlock }
                close(claim)
            }
        }
        return first + step..<first + blocks * perBlock
    }()

    // Guards how many have been handed out.
    private static let handedOut = Locked(0)

    /// An even port, free for UDP and TCP as the one above it is, that was not handed out for a hundred turns.
    static func next() throws -> UInt16 {
        let count = own.count / Int(step)
        for _ in 0..<count {
            let turn = handedOut.withLock { turn in
                defer { turn += 1 }
                return turn
            }
            let port = own.lowerBound + UInt16(turn % count) * step
            if isFree(port), isFree(port + 1) { return port }
        }
        throw Stranger.Missing(description: "no port of 127.0.0.1 is free")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        [SOCK_DGRAM, SOCK_STREAM].allSatisfy { kind in
            guard let descriptor = bound(to: port, kind) else { return false }
            close(descriptor)
            return true
        }
    }

    /// - Returns: A socket; `nil` when somebody else has the port.
    private static func bound(to port: UInt16, _ kind: __socket_type) -> Int32? {
        let descriptor = socket(AF_INET, Int32(kind.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        // As programs do: connections that have ended a while ago are no hindrance.
        var reuse: Int32 = kind == SOCK_STREAM ? 1 : 0
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result == 0 { return descriptor }
        close(descriptor)
        return nil
    }
}
