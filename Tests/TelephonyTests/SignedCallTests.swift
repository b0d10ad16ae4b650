import Foundation
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
        let (request, error) = try await place(.full, assertion(isWilling: false))
        #expect(error?.code == .notSigned)
        #expect(request == nil)
    }

    @Test(
        "What is signed are the numbers themselves, however the trunk wants them dialed and whoever is shown")
    func canonical() async throws {
        let found = try await withDialer {
            $0.identity = assertion()
        } trunk: {
            $0.attestation = .full
            $0.dialFormat.international = .prefix("00")
            $0.callerFormat.international = .prefix("00")
            $0.identity = IdentityPolicy(header: .asserted, form: .sip, privacy: .id)
        } _: { dialer, callee in
            _ = try await dialer.call(CallRequest(to: "+1 555 123 4567")) { try await $0.answered() }
            return await callee.heard.requests.first
        }
        let request = try #require(found)
        #expect(request.requestURI.hasPrefix("sip:0015551234567@"))
        #expect(request.from.contains("anonymous"))
        let field = try #require(request.headers.first { $0.name == "Identity" })
        let token = try IdentityHeader.parse(field.value).token
        let parts = token.split(separator: ".").map { part in
            String(part).replacing("-", with: "+").replacing("_", with: "/")
        }
        let padded = parts[1] + String(repeating: "=", count: (4 - parts[1].count % 4) % 4)
        let claims = String(decoding: try #require(Data(base64Encoded: padded)), as: UTF8.self)
        #expect(claims.contains(#""orig":{"tn":"15550100"}"#), "\(claims)")
        #expect(claims.contains(#""dest":{"tn":["15551234567"]}"#), "\(claims)")
    }
}
