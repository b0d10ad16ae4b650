import SIPCore
import Telephony
import Testing

@Suite("Fault and advice")
struct CallFaultTests {
    struct Row: Sendable {
        var disposition: CallDisposition
        var fault: CallFault
        var retry: RetryAdvice
        var isRetryable: Bool
    }

    private static let rows = [
        Row(disposition: .answered, fault: .none, retry: .never, isRetryable: false),
        Row(disposition: .busy, fault: .callee, retry: .sameNumberLater, isRetryable: true),
        Row(disposition: .noAnswer, fault: .callee, retry: .sameNumberLater, isRetryable: true),
        Row(disposition: .declined, fault: .callee, retry: .never, isRetryable: false),
        Row(disposition: .blocked, fault: .carrier, retry: .notFromThisCaller, isRetryable: false),
        Row(disposition: .badNumber, fault: .callee, retry: .never, isRetryable: false),
        Row(disposition: .forbidden, fault: .us, retry: .afterRepair, isRetryable: false),
        Row(disposition: .trunkFault, fault: .carrier, retry: .anotherRoute, isRetryable: true),
        Row(disposition: .mediaRefused, fault: .us, retry: .afterRepair, isRetryable: false),
        Row(disposition: .dropped, fault: .carrier, retry: .sameNumberLater, isRetryable: true),
        Row(disposition: .noTrunk, fault: .us, retry: .sameNumberLater, isRetryable: true),
        Row(disposition: .cancelled, fault: .us, retry: .sameNumberLater, isRetryable: true),
        Row(disposition: .notPrepared, fault: .us, retry: .afterRepair, isRetryable: false),
        Row(disposition: .failed, fault: .us, retry: .afterRepair, isRetryable: false),
        Row(disposition: .unknown, fault: .none, retry: .never, isRetryable: false),
    ]

    private func outcome(_ disposition: CallDisposition, _ cause: CallCause = CallCause()) -> CallOutcome {
        CallOutcome(id: "a", disposition: disposition, cause: cause, endedBy: .network)
    }

    @Test("Every disposition has whose fault it is and what may be done, one row each")
    func table() {
        #expect(Self.rows.map(\.disposition) == CallDisposition.allCases)
        for row in Self.rows {
            let outcome = outcome(row.disposition)
            #expect(outcome.fault == row.fault, "\(row.disposition)")
            #expect(outcome.retry == row.retry, "\(row.disposition)")
            #expect(outcome.isRetryable == row.isRetryable, "\(row.disposition)")
        }
    }

    @Test(
        "Retry-After is the callee's word with 480, 486 and 600, and the trunk's with 413, 429, 500 and 503")
    func retryAfter() {
        let callee = outcome(.busy, CallCause(sipStatus: 486, retryAfterSeconds: 90))
        #expect(callee.retry == .afterSeconds(90))
        #expect(callee.carrierWait == nil && !callee.isCarrierLimit)
        let trunk = outcome(.trunkFault, CallCause(sipStatus: 503, retryAfterSeconds: 30))
        #expect(trunk.retry == .afterSeconds(30))
        #expect(trunk.carrierWait == 30 && trunk.isCarrierLimit)
        #expect(outcome(.trunkFault, CallCause(sipStatus: 429)).isCarrierLimit)
        #expect(!outcome(.trunkFault, CallCause(sipStatus: 503)).isCarrierLimit)
        #expect(outcome(.trunkFault, CallCause(sipStatus: 504, retryAfterSeconds: 9)).retry == .anotherRoute)
        #expect(outcome(.badNumber, CallCause(sipStatus: 404, retryAfterSeconds: 9)).retry == .never)
    }
}
