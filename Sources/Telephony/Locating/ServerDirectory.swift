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
        var waiting: [DNSQuestion: [UnsafeContinuation<Void, Never>]] = [:]
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

    private func waitForAnother(_ question: DNSQuestion) async {
        await withUnsafeContinuation { continuation in
            let isOpen = state.withLock { state in
                guard state.waiting[question] != nil else { return false }
                state.waiting[question]?.append(continuation)
                return true
            }
            if !isOpen { continuation.resume() }
        }
    }

    private func release(_ question: DNSQuestion) {
        let waiting = state.withLock { $0.waiting.removeValue(forKey: question) ?? [] }
        for continuation in waiting { continuation.resume() }
    }
}
