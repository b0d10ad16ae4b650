import CallSimulator
import SIPCore
import SansIO
import Telephony
import Testing

/// Signs with 64 octets of 7 and takes those.
private struct ToyCredential: PASSporTSigning, PASSporTVerifying {
    var certificateURL = "https://cert.example.org/shaken.pem"

    func sign(_ bytes: [UInt8]) throws(PASSporTSigningError) -> [UInt8] { [UInt8](repeating: 7, count: 64) }

    func verify(
        _ signature: [UInt8], over bytes: [UInt8], certificateURL: String, now: WallClockInstant
    ) -> CredentialVerdict {
        signature == [UInt8](repeating: 7, count: 64) ? .valid : .wrongSignature
    }
}

@Suite("The dialer is called, and the caller vouched for")
struct InboundIdentityTests {
    /// Calls with a token for `signed`, `age` seconds old, and rejects by its verdict.
    private func verdict(signed caller: String?, age: Int = 0) throws -> (IdentityVerdict?, status: Int) {
        let seen = Locked<IdentityVerdict?>(nil)
        let routing = IncomingCallRouting([
            .init(.any) { call in
                seen.withLock { $0 = call.identity }
                return .reject(status: call.identity?.faults.first?.status.code ?? 486)
            }
        ])
        let world = InboundWorld(routing: routing) { policy, _ in
            policy.identity = IdentityVerification(verifier: ToyCredential())
        }
        let trunk = world.trunk
        let report = try world.run { clock in
            var script = SimulatedCaller.Script()
            if let caller {
                let assertion = IdentityAssertion(signer: ToyCredential(), originationID: "id")
                script.headers = try assertion.headerFields(
                    from: "<sip:\(caller)@a.example>", to: "<sip:+15550100@b.example>", attestation: .full,
                    now: clock.wallClock.advanced(by: .seconds(-age)))
            }
            return await trunk.call(InboundWorld.dialerAddress, script)
        }
        return (seen.withLock { $0 }, report.status)
    }

    @Test("A route sees who vouches for the caller, and may refuse as RFC 8224 says")
    func verdicts() throws {
        let (passed, status) = try verdict(signed: "+15557777")
        #expect(passed?.status == .passed)
        #expect(passed?.attestation == .full)
        #expect(status == 486)
        #expect(
            try verdict(signed: "+15557778") == (
                IdentityVerdict(status: .failed, faults: [.otherCaller]), 438
            ))
        #expect(
            try verdict(signed: "+15557777", age: 90)
                == (IdentityVerdict(status: .failed, faults: [.stale(seconds: 90)]), 403))
        #expect(try verdict(signed: nil) == (IdentityVerdict(status: .none), 486))
    }
}
