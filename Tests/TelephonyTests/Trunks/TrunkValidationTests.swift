import SIPCore
import Testing

@testable import Telephony

@Suite("What a trunk may say, and which numbers are whose")
struct TrunkValidationTests {
    private typealias Change = @Sendable (inout Trunk) -> Void

    private static let unusable: [(String, Change)] = [
        ("priority", { $0.priority = -1 }), ("weight", { $0.weight = 65_536 }),
        ("callsPerSecond", { $0.callsPerSecond = 0 }), ("callsPerSecond", { $0.callsPerSecond = .nan }),
        ("maximumCalls", { $0.maximumCalls = 0 }), ("numbers", { $0.numbers = ["+1555", "bob"] }),
        ("verifiedNumbers", { $0.verifiedNumbers = [""] }),
        ("dialFormat", { $0.dialFormat.prefix = "x" }),
        ("callerFormat", { $0.callerFormat.prefix = "x" }),
        ("faultLimit", { $0.breaker.faultLimit = 0 }), ("openTime", { $0.breaker.openTime = .zero }),
        ("registration", { $0.registration = TrunkRegistration() }),
        (
            "expires",
            {
                $0.registration = TrunkRegistration()
                $0.registration?.expires = .seconds(1)
            }
        ),
        (
            "interval",
            {
                $0.healthCheck = TrunkHealthCheck()
                $0.healthCheck?.interval = .zero
            }
        ),
    ]

    @Test("A setting that cannot be kept is named", arguments: unusable)
    private func faults(field: String, change: Change) throws {
        var trunk = Trunk(name: "t", host: "192.0.2.1", numbers: ["+1 555 0100"])
        #expect(trunk.fault() == nil)
        change(&trunk)
        #expect(trunk.fault()?.contains("`\(field)`") == true)
        #expect(throws: CallError.self) { try Trunk.validate([trunk], canSign: false) }
    }

    @Test("Two trunks have two names")
    func names() {
        let trunk = Trunk(name: "t", host: "192.0.2.1")
        #expect(throws: CallError(.invalidTrunk, "trunk 2: `name` is that of another trunk")) {
            try Trunk.validate([trunk, trunk], canSign: false)
        }
    }

    @Test("A trunk whose calls are to be signed needs something to sign with")
    func attestation() throws {
        var trunk = Trunk(name: "t", host: "192.0.2.1")
        trunk.attestation = .full
        let words = "trunk 1: `attestation` needs an identity of the dialer to sign with"
        #expect(throws: CallError(.invalidTrunk, words)) { try Trunk.validate([trunk], canSign: false) }
        try Trunk.validate([trunk], canSign: true)
    }

    private static let trunks: [Trunk] = {
        var first = Trunk(name: "first", host: "192.0.2.1", numbers: ["+1 (555) 010-0100", "+15550101"])
        first.verifiedNumbers = ["+442079460000"]
        return [first, Trunk(name: "second", host: "192.0.2.2", numbers: ["+15550200", "+15550101"])]
    }()

    private static func suitable(_ request: CallRequest) throws -> [Int] {
        try CallPlan(request, trunks: trunks, configuration: DialerConfiguration(), handlerRate: nil).trunks
    }

    @Test(
        "A caller number decides the trunks",
        arguments: [
            (nil, [0, 1]), ("+15550100100", [0]), ("+1-555-010-0100", [0]), ("+15550101", [0, 1]),
            ("+15550200", [1]), ("+442079460000", [0]),
        ] as [(String?, [Int])])
    func caller(from: String?, trunks: [Int]) throws {
        #expect(try Self.suitable(CallRequest(to: "+1555", from: from)) == trunks)
    }

    @Test(
        "A number of nobody's is refused, and so is a trunk that is not there",
        arguments: ["+15559999", "100", ""])
    func foreignNumber(from: String) {
        #expect(
            throws: CallError(
                .invalidRequest, "`from` is no number that a trunk owns, nor one verified for it")
        ) {
            try Self.suitable(CallRequest(to: "+1555", from: from))
        }
    }

    @Test("A request may name its trunk")
    func named() throws {
        var request = CallRequest(to: "+1555")
        request.trunk = "second"
        #expect(try Self.suitable(request) == [1])
        request.from = "+15550100100"
        #expect(throws: CallError.self) { try Self.suitable(request) }
        request = CallRequest(to: "+1555")
        request.trunk = "third"
        #expect(throws: CallError(.invalidRequest, "`trunk` is the name of no trunk")) {
            try Self.suitable(request)
        }
    }
}
