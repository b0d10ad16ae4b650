import CallSimulator
import SIPCore
import SansIO
import Telephony

/// A dialer, a trunk and a call with everything in it: reliable provisional responses, hold and resume, session refresh.
struct FullCallWorld {
    /// What a run does.
    struct Plan {
        var seed: UInt64 = 1
        var network = NetworkModel.perfect
        var faults: [FaultPlan.Fault] = []
        var callee = CalleeScript(steps: [
            .ring(.milliseconds(300)), .earlyMedia(.milliseconds(300)), .answer,
        ])
        var holds = true
        /// After the resume.
        var talk = Duration.seconds(1)
        /// How long the world goes on after the call, before what is left is looked at.
        var rest = Duration.seconds(130)
    }

    struct Report {
        var outcome: CallOutcome?
        var hold = HoldResult.untried
        var calleeEnds: [PeerCallReport.End] = []
        /// Signalling datagrams in the order of sending: their number in the world and their method or status.
        var signalling: [(number: Int, name: String, isOurs: Bool)] = []
        /// What is still there after the rest.
        var left: [String] = []

        func count(_ name: String, ours: Bool) -> Int {
            signalling.count { $0.name == name && $0.isOurs == ours }
        }

        /// What no run may show, whatever the network does.
        var faults: [String] {
            var faults = left
            switch outcome?.disposition {
            case nil: faults.append("no outcome")
            case .unknown, .failed: faults.append("outcome \(outcome.map { "\($0)" } ?? "")")
            case .answered:
                if calleeEnds.count != 1 { faults.append("answered, but the callee says \(calleeEnds)") }
            default: break
            }
            return faults
        }

        /// What a call over a network that loses one datagram has to show besides.
        var shortfalls: [String] {
            var shortfalls = faults
            if outcome?.disposition != .answered { shortfalls.append("not answered") }
            if outcome?.endedBy != .us {
                shortfalls.append("ended by \(outcome.map { "\($0.endedBy)" } ?? "")")
            }
            if calleeEnds != [.callerHungUp] { shortfalls.append("the callee says \(calleeEnds)") }
            if hold != .heldAndResumed { shortfalls.append("hold: \(hold)") }
            return shortfalls
        }
    }

    enum HoldResult { case untried, heldAndResumed, refused }

    static let trunkAddress = SocketAddress(ipv4: 0x0A00_0002, port: 5_060)

    static func run(_ plan: Plan) throws -> Report {
        var worldConfiguration = WorldConfiguration()
        worldConfiguration.network = plan.network
        worldConfiguration.jobOrder = plan.seed % 2 == 0 ? .drawn : .arrival
        let world = World(seed: plan.seed, configuration: worldConfiguration)
        world.faults = FaultPlan(plan.faults)
        let signalling = Locked<[(number: Int, name: String, isOurs: Bool)]>([])
        world.addTap { event, datagram in
            guard event == .sent, [datagram.source, datagram.destination].contains(trunkAddress) else {
                return
            }
            let (number, isOurs) = (datagram.number, datagram.destination == trunkAddress)
            let name = Self.name(datagram.bytes)
            signalling.withLock { $0.append((number, name, isOurs)) }
        }
        let clock = world.makeDriver(host: "10.0.0.1")
        var hosting = LoopbackPeer.Configuration()
        hosting.address = trunkAddress
        hosting.media = .signallingOnly
        hosting.userAgent.reliableProvisionals = .whenSupported
        let peer = LoopbackPeer(
            driver: world.makeDriver(host: "10.0.0.2"), callee: plan.callee, configuration: hosting)
        var trunk = Trunk(name: "t", host: "10.0.0.2", port: 5_060, numbers: ["+15550000"])
        trunk.reliableProvisional = .required
        trunk.sessionTimer = .seconds(90)
        var configuration = DialerConfiguration()
        configuration.mediaTimeout = nil
        let dialer = Dialer(trunk: trunk, configuration: configuration, driver: clock)
        var report = try world.run {
            try await peer.start()
            var report = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dialer.run() }
                try await clock.sleep(for: .milliseconds(1))
                var report = await Self.call(dialer, plan)
                try await clock.sleep(for: plan.rest)
                report.left = try await Self.remainder(dialer, peer)
                await dialer.shutDown()
                try await group.waitForAll()
                return report
            }
            await peer.stop()
            report.calleeEnds = peer.reports.map(\.end)
            return report
        }
        try world.drain(for: .seconds(1))
        if !world.leaks.isEmpty { report.left.append("\(world.leaks)") }
        report.signalling = signalling.withLock { $0 }
        return report
    }

    private static func call(_ dialer: Dialer, _ plan: Plan) async -> Report {
        let hold = Locked(HoldResult.untried)
        var report = Report()
        report.outcome = try? await dialer.call(CallRequest(to: "100")) { call in
            try await call.answered()
            if plan.holds {
                do {
                    try await call.hold()
                    try await call.sleep(for: .milliseconds(500))
                    try await call.resume()
                    hold.withLock { $0 = .heldAndResumed }
                } catch is CallError {
                    hold.withLock { $0 = .refused }
                }
            }
            try await call.sleep(for: plan.talk)
            return AgentResult(status: .done)
        }.outcome
        report.hold = hold.withLock { $0 }
        return report
    }

    /// Sessions, transactions, requests, calls and media legs that are still there.
    private static func remainder(_ dialer: Dialer, _ peer: LoopbackPeer) async throws -> [String] {
        let ours = try await dialer.statistics()
        let theirs = await peer.statistics
        let counts = [
            ("our calls", ours.liveCalls), ("our legs", ours.liveLegs),
            ("our sessions", ours.userAgent.liveSessions),
            ("our transactions", ours.userAgent.liveTransactions + ours.userAgent.tombstones),
            ("our requests", ours.userAgent.liveRequests), ("their calls", await peer.liveCalls),
            ("their sessions", theirs.liveSessions),
            ("their transactions", theirs.liveTransactions + theirs.tombstones),
            ("their requests", theirs.liveRequests),
        ]
        return counts.filter { $0.1 != 0 }.map { "\($0.1) \($0.0) left" }
    }

    /// `INVITE`, or `200 INVITE` for a response.
    private static func name(_ bytes: RawSpan) -> String {
        let text = String(
            decoding: (0..<bytes.byteCount).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) },
            as: UTF8.self)
        let words = text.prefix { !$0.isNewline }.split(separator: " ")
        guard words.count > 1, words[0] == "SIP/2.0" else { return words.first.map { String($0) } ?? "" }
        let cSeq = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("CSeq:") }
        return "\(words[1]) \(cSeq?.split(separator: " ").last ?? "?")"
    }
}
