import CallSimulator
import Foundation
import SansIO
import SocketDriver
import Telephony
import Testing

/// Calls to baresip, each a process of its own, that Outdial connects.
@Suite("Bridges and rooms of strangers", .serialized)
struct BaresipRoomTests {
    /// Shares of the energy that a phone recorded in its last second but for the end, by pitch.
    private static func shares(_ phone: Baresip, of pitches: [Double]) throws -> [Double] {
        let (samples, rate) = try phone.recording()
        let last = samples.dropLast(rate / 2).suffix(rate)
        try #require(last.count == rate, "\(phone.output)")
        return pitches.map { BaresipTests.share(of: $0, in: last, rateHertz: Double(rate)) }
    }

    private static func request(_ trunk: String) -> CallRequest {
        var request = CallRequest(to: "sip:phone@127.0.0.1", ringTimeout: .seconds(5))
        request.trunk = trunk
        return request
    }

    @Test("Two phones that are bridged hear each other's tone, and not their own", .timeLimit(.minutes(1)))
    func bridge() async throws {
        var found: (low: [Double], high: [Double])?
        // Sound that a starved machine sends late has holes; then once more.
        for _ in 0..<3 where found.map({ $0.low[1] < 0.8 || $0.high[0] < 0.8 }) ?? true {
            found = try await Self.bridged()
        }
        guard let (one, other) = found else { return }
        #expect(one[0] < 0.01 && one[1] > 0.8, "\(one)")
        #expect(other[0] > 0.8 && other[1] < 0.01, "\(other)")
    }

    /// Bridges two phones.
    ///
    /// - Returns: The shares of either tone that the low one heard and the high one; `nil` when baresip is not installed.
    private static func bridged() async throws -> (low: [Double], high: [Double])? {
        guard let low = try Baresip(hertz: 440, codecs: "PCMU"),
            let high = try Baresip(hertz: 1_150, codecs: "PCMA")
        else { return nil }
        let trunks = [("low", low), ("high", high)].map { name, phone in
            Trunk(name: name, host: "127.0.0.1", port: phone.port)
        }
        try await Dialer(trunks: trunks).serving { dialer in
            _ = try await dialer.call(request("low")) { first in
                try await first.answered()
                _ = try await dialer.call(request("high")) { second in
                    try await second.answered()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await first.bridge(with: second) }
                        try await first.sleep(for: .seconds(2))
                        group.cancelAll()
                    }
                    // What is recorded ends with the bridge, as near as may be.
                    first.hangUp()
                }
            }
        }
        return (try shares(low, of: [440, 1_150]), try shares(high, of: [440, 1_150]))
    }

    @Test("In a room of three each hears the other two and not itself", .timeLimit(.minutes(1)))
    func conference() async throws {
        var all: [[Double]] = []
        // Again: sound that a starved machine sends late has holes.
        for _ in 0..<3 where all.isEmpty || all.contains(where: { $0.reduce(0, +) < 0.8 }) {
            all = try await Self.threeInARoom()
        }
        // The callee's tone is 10 dB softer than the phones'.
        for (own, shares) in all.enumerated() {
            #expect(shares[own] < 0.01, "\(own): \(shares)")
            #expect(
                shares.enumerated().allSatisfy { $0.offset == own || $0.element > 0.05 }, "\(own): \(shares)")
            #expect(shares.reduce(0, +) > 0.8, "\(own): \(shares)")
        }
    }

    /// Two phones and a callee in a room, each with a pitch of its own, ascending.
    ///
    /// - Returns: What each has heard of every pitch; empty when baresip is not installed.
    private static func threeInARoom() async throws -> [[Double]] {
        guard let low = try Baresip(hertz: 440), let high = try Baresip(hertz: 1_150, codecs: "PCMA") else {
            return []
        }
        var hosting = LoopbackPeer.Configuration()
        hosting.keepsAudio = true
        let script = CalleeScript(steps: [.answer, .beep(hertz: 700, .seconds(30))])
        let peer = LoopbackPeer(
            driver: try SocketDriver(), directory: CalleeDirectory(["7": script]), configuration: hosting)
        let address = try await peer.start()
        let trunks = [
            Trunk(name: "low", host: "127.0.0.1", port: low.port),
            Trunk(name: "high", host: "127.0.0.1", port: high.port),
            Trunk(name: "middle", host: address.host, port: address.port, numbers: ["+15550100"]),
        ]
        try await Dialer(trunks: trunks).serving { dialer in
            let room = try await dialer.makeRoom("three")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["low", "middle", "high"] {
                    group.addTask {
                        var request = request(name)
                        if name == "middle" { request.to = "7" }
                        _ = try await dialer.call(request) { call in
                            try await call.answered()
                            try await room.join(call, as: name)
                            if name == "middle" {
                                _ = try await eventually { room.participants.count == 3 }
                                try await call.sleep(for: .seconds(2))
                                await room.close()
                            }
                            for await event in room.events where event.kind == .closed { break }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        await peer.stop()
        let pitches = [440.0, 700, 1_150]
        let heard = try #require(peer.reports.first?.heard.samples)
        let middle = pitches.map {
            BaresipTests.share(of: $0, in: heard.dropLast(4_000).suffix(8_000)[...], rateHertz: 8_000)
        }
        return [try shares(low, of: pitches), middle, try shares(high, of: pitches)]
    }
}
