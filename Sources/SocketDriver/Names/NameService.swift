#if os(Linux)
    internal import SansIO

    /// Answers questions about names, off the loop: the hosts file, the name servers, then the system's other sources.
    ///
    /// Questions wait in lanes of their own, one for each question, so that a silent server holds up neither file work
    /// nor, before ``BlockingLanes/mostThreads`` of its questions wait, the answers of others.
    final class NameService: Sendable {
        /// Questions under way at once; one more is refused.
        static let mostQuestions = 1_024

        private let lanes = BlockingLanes()
        /// Asked in place of everything else; empty for the system's.
        private let nameServers: [SocketAddress]
        private let patience: Duration
        private let count = Locked(0)

        /// - Parameter patience: Time for one question, waiting in line included.
        init(nameServers: [SocketAddress], patience: Duration) {
            self.nameServers = nameServers
            self.patience = patience
        }

        var isOverridden: Bool { !nameServers.isEmpty }

        func ask(_ question: DNSQuestion) async throws -> DNSAnswer {
            let isTaken = count.withLock { count in
                guard count < Self.mostQuestions else { return false }
                count += 1
                return true
            }
            guard isTaken else {
                throw DriverError(code: .system, message: "too many questions to the name servers wait")
            }
            let asker = NameAsker()
            let deadline = System.now.advanced(by: patience)
            let answer = await withTaskCancellationHandler {
                await withUnsafeContinuation { continuation in
                    asker.begin(continuation)
                    lanes.submit(lane: "\(question)") {
                        asker.resume(with: asker.isWaiting ? self.answer(question, by: deadline) : nil)
                        self.count.withLock { $0 -= 1 }
                    }
                }
            } onCancel: {
                asker.resume(with: nil)
            }
            guard let answer else { throw CancellationError() }
            return answer
        }

        private func answer(_ question: DNSQuestion, by deadline: MonotonicInstant) -> DNSAnswer {
            guard System.now < deadline else { return .failed(.timedOut) }
            if isOverridden {
                return NameServerExchange(servers: nameServers, deadline: deadline).ask(question)
            }
            if let known = HostsFile.answer(to: question) { return known }
            let servers = System.nameServers
            let answer = NameServerExchange(servers: servers, deadline: deadline).ask(question)
            // Multicast DNS, search domains, a directory: only the C library's lookup knows them.
            guard answer.failure == .noSuchName || servers.isEmpty else { return answer }
            return System.addresses(for: question) ?? answer
        }
    }

    /// Who waits for an answer: resumed once, by the answer or by the cancellation.
    private final class NameAsker: Sendable {
        private enum State: Sendable {
            case idle, cancelled, over
            case waiting(UnsafeContinuation<DNSAnswer?, Never>)
        }

        // Guards against the answer and the cancellation coming at once.
        private let state = Locked(State.idle)

        var isWaiting: Bool {
            state.withLock { if case .waiting = $0 { true } else { false } }
        }

        func begin(_ continuation: UnsafeContinuation<DNSAnswer?, Never>) {
            let isCancelled = state.withLock { state in
                if case .cancelled = state { return true }
                state = .waiting(continuation)
                return false
            }
            if isCancelled { continuation.resume(returning: nil) }
        }

        func resume(with answer: DNSAnswer?) {
            let continuation: UnsafeContinuation<DNSAnswer?, Never>? = state.withLock { state in
                defer { if case .idle = state { state = .cancelled } else { state = .over } }
                if case .waiting(let continuation) = state { return continuation }
                return nil
            }
            continuation?.resume(returning: answer)
        }
    }
#endif
