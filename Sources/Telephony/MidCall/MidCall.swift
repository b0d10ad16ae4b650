internal import SIPCore
internal import SansIO

/// What goes on in an answered call beside talking, and who waits for it.
struct MidCall {
    typealias Answer<Value> = @Sendable (Result<Value, CallError>) -> Void

    /// A hold or resume that the far end has not agreed to yet.
    struct Hold {
        var isHeld: Bool
        var then: Answer<Void>
    }

    /// A REFER of ours.
    struct Transfer {
        var referral: SentReferral
        var request: SIPRequestID
        var then: Answer<TransferResult>
    }

    /// A REFER of the far end.
    struct Referred {
        var referral: ReceivedReferral
        var request: SIPRequestID
        /// The NOTIFY under way.
        var notify: SIPRequestID?

        var isOver: Bool { referral.state == .over && notify == nil }
    }

    /// An INFO of ours.
    struct Info {
        var request: SIPRequestID
        var then: Answer<Int>
    }

    var hold: Hold?
    var transfer: Transfer?
    var referred: Referred?
    var infos: [Info] = []
    /// Keys of ours that go out as INFO.
    var keys = InfoDigitSender()
    /// The one that has not been answered yet.
    var keyRequest: SIPRequestID?
    /// Keys of the far end, by whichever way they come.
    var digits = DigitMerger()

    /// When ``transfer`` or ``referred`` has waited long enough, or the next key is due.
    var nextDeadline: MonotonicInstant? {
        .earlier(
            .earlier(transfer?.referral.nextDeadline, referred?.referral.nextDeadline), keys.nextDeadline)
    }

    /// The call is over: nobody waits any longer.
    mutating func end() {
        let over = CallError(.ended, "the call is over")
        hold.take()?.then(.failure(over))
        transfer.take()?.then(.success(.unknown))
        referred = nil
        keys = InfoDigitSender()
        keyRequest = nil
        let waiting = infos
        infos.removeAll()
        for info in waiting { info.then(.failure(over)) }
    }
}

extension TransferResult {
    init(_ result: SentReferral.Result) {
        switch result {
        case .finished(let status, _) where (200..<300).contains(status): self = .completed
        case .finished(let status, let reason): self = .failed(status: status, reason: reason)
        case .refused(let response):
            self = .failed(status: response.status, reason: response.reasonPhrase)
        case .unobserved: self = .accepted
        case .failed(.credentialsRefused(let response)):
            self = .failed(status: response.status, reason: response.reasonPhrase)
        case .abandoned, .timedOut, .failed, .sessionEnded: self = .unknown
        }
    }
}
