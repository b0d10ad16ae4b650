internal import SIPCore
internal import SansIO

/// Where SIP domains are (RFC 3263), found through the driver's DNS and remembered for as long as its records hold.
///
/// Many may ask at once: one question is under way once, and those who ask it too wait for its answer.
final class ServerDirectory: Sendable {
    private struct State {
        var cache = DNSCache()
        var generator: SeededGenerator
        /// Who waits for a question that another one has asked.
        var waiting: [DNSQuestion: [Waiter]] = [:]
        var lastWaiter: UInt64 = 0
        /// Waiters that were cancelled before they had begun to wait.
        var cancelled: Set<UInt64> = []
    }

    private struct Waiter {
        var number: UInt64
        var continuation: UnsafeContinuation<Void, Never>
    }

    private let driver: any Driver
    // Guards what is known and what is being asked: any task may ask.
    private let state: Locked<State>

    init(driver: any Driver) {
        self.driver = driver
        state = Locked(State(generator: driver.makeGenerator(label: "servers")))
    }

    /// The servers in the order in which to try them, drawn anew each time where the DNS says so.
    ///
    /// - Throws: ``LocatingFailure``; `CancellationError` when the task is cancelled.
    func targets(of query: ServerQuery) async throws -> [SIPTarget] {
        var locator = ServerLocator(query)
        try await complete(&locator)
        return try state.withLock { try locator.result(using: &$0.generator) }
    }

    /// Answers a locator's questions until it has no more; those that are open at once are asked at once.
    func complete(_ locator: inout ServerLocator) async throws {
        while !locator.questions.isEmpty {
            let open = locator.questions
            let answers = try await withThrowingTaskGroup(of: (Int, DNSAnswer).self) { group in
                var answers: [DNSAnswer?] = open.map { known($0) }
                for (index, question) in open.enumerated() where answers[index] == nil {
                    group.addTask { (index, try await self.answer(to: question)) }
                }
                while let (index, answer) = try await group.next() { answers[index] = answer }
                return answers
            }
            for (question, answer) in zip(open, answers) {
                if let answer { locator.receive(answer, to: question) }
            }
        }
    }

    private func known(_ question: DNSQuestion) -> DNSAnswer? {
        let now = driver.now
        return state.withLock { $0.cache.answer(to: question, at: now) }
    }

    private func answer(to question: DNSQuestion) async throws -> DNSAnswer {
        while true {
            if let answer = known(question) { return answer }
            try Task.checkCancellation()
            if take(question) { break }
            await waitForAnother(question)
        }
        defer { release(question) }
        let answer: DNSAnswer
        do {
            answer = try await driver.queryDNS(question.name, type: question.type)
        } catch is DriverError {
            answer = .failed(.unreachable)
        }
        let now = driver.now
        state.withLock { $0.cache.store(answer, to: question, at: now) }
        return answer
    }

    /// - Returns: Whether the question is the caller's to ask.
    private func take(_ question: DNSQuestion) -> Bool {
        state.withLock { state in
            guard state.waiting[question] == nil else { return false }
            state.waiting[question] = []
            return true
        }
    }

    /// Waits until whoever asks has an answer, or the task is cancelled.
    private func waitForAnother(_ question: DNSQuestion) async {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let isOpen = state.withLock { state in
                    guard state.waiting[question] != nil, !state.cancelled.contains(number) else {
                        return false
                    }
                    state.waiting[question]?.append(Waiter(number: number, continuation: continuation))
                    return true
                }
                if !isOpen { continuation.resume() }
            }
        } onCancel: {
            cancel(number, of: question)
        }
        state.withLock { _ = $0.cancelled.remove(number) }
    }

    private func cancel(_ number: UInt64, of question: DNSQuestion) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state.waiting[question]?.firstIndex(where: { $0.number == number }) else {
                state.cancelled.insert(number)
                return nil
            }
            return state.waiting[question]?.remove(at: index)
        }
        waiter?.continuation.resume()
    }

    private func release(_ question: DNSQuestion) {
        let waiting = state.withLock { $0.waiting.removeValue(forKey: question) ?? [] }
        for waiter in waiting { waiter.continuation.resume() }
    }
}
