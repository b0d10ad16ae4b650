import SIPCore
import SansIO
import TestSupport
import Testing

@testable import Telephony

/// Signs with 64 octets of 7 and takes those, or refuses to sign.
private struct ToyCredential: PASSporTSigning, PASSporTVerifying {
    var certificateURL = "https://cert.example.org/shaken.pem"
    var isWilling = true

    func sign(_ bytes: [UInt8]) throws(PASSporTSigningError) -> [UInt8] {
        guard isWilling else { throw PASSporTSigningError("the key is lost") }
        return [UInt8](repeating: 7, count: 64)
    }

    func verify(
        _ signature: [UInt8], over bytes: [UInt8], certificateURL: String, now: WallClockInstant
    ) -> CredentialVerdict {
        signature == [UInt8](repeating: 7, count: 64) ? .valid : .wrongSignature
    }
}

@Suite("Calls that we vouch for, RFC 8224")
struct SignedCallTests {
    private func place(
        _ attestation: Attestation?, _ identity: IdentityAssertion?
    ) async throws -> (request: ReceivedRequest?, error: CallError?) {
        try await withDialer {
            $0.identity = identity
        } trunk: {
            $0.attestation = attestation
        } _: { dialer, callee in
            var failure: CallError?
            do {
                _ = try await dialer.call(CallRequest(to: "+15551234567")) { call in try await call.answered()
                }
            } catch {
                failure = error as? CallError
            }
            return (await callee.heard.requests.first, failure)
        }
    }

    private func assertion(isWilling: Bool = true) -> IdentityAssertion {
        IdentityAssertion(signer: ToyCredential(isWilling: isWilling), originationID: "origin-7")
    }

    @Test("The INVITE carries Date and Identity, which the callee can verify")
    func signed() async throws {
        let (found, error) = try await place(.partial, assertion())
        #expect(error == nil)
        let request = try #require(found)
        let date = try #require(request.headers.first { $0.name == "Date" })
        let now = WallClockInstant(secondsSinceEpoch: try #require(SIPDate.seconds(date.value)))
        let verdict = IdentityVerification(verifier: ToyCredential()).verify(request, now: now)
        #expect(verdict.status == .passed)
        #expect(verdict.passport?.shaken == .init(attestation: .partial, originationID: "origin-7"))
        #expect(verdict.passport?.originator == .number("15550100"))
        #expect(verdict.passport?.destinations == [.number("15551234567")])
    }

    @Test("A trunk without attestation sends nothing of it")
    func unsigned() async throws {
        let (request, error) = try await place(nil, assertion())
        #expect(error == nil)
        let names = try #require(request).headers.map(\.name)
        #expect(!names.contains("Identity"))
        #expect(!names.contains("Date"))
    }

    @Test("A call that is to be signed and cannot be is not sent")
    func unsignable() async throws {
        for identity in [nil, assertion(isWilling: false)] {
            let (request, error) = try await place(.full, identity)
            #expect(error?.code == .notSigned)
            #expect(request == nil)
        }
    }
}
