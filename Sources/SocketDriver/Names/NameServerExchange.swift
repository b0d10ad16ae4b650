#if os(Linux)
    internal import SansIO

    /// One question to the name servers, in order and again, until one answers or the deadline has come. Blocks.
    ///
    /// A socket of its own for each try, connected: its port is the kernel's draw, and datagrams from elsewhere, for
    /// another question or with another id are not even looked at twice.
    struct NameServerExchange {
        let servers: [SocketAddress]
        let deadline: MonotonicInstant
        private static let rounds = 2

        func ask(_ question: DNSQuestion) -> DNSAnswer {
            var failure = DNSFailure.unreachable
            let share = System.now.duration(to: deadline) / max(1, servers.count * Self.rounds)
            for _ in 0..<Self.rounds {
                for server in servers {
                    let now = System.now
                    guard now < deadline else {
                        return .failed(failure == .unreachable ? .timedOut : failure)
                    }
                    let answer = ask(question, of: server, until: min(deadline, now.advanced(by: share)))
                    switch answer.failure {
                    case nil, .noSuchName, .noData: return answer
                    case .unreachable?: break
                    // What a server said tells more than another's silence.
                    case .timedOut?: if failure == .unreachable { failure = .timedOut }
                    case let other?: failure = other
                    }
                }
            }
            return .failed(failure)
        }

        private func ask(
            _ question: DNSQuestion, of server: SocketAddress, until limit: MonotonicInstant
        ) -> DNSAnswer {
            let answer = ask(question, of: server, offeringExtension: true, until: limit)
            guard case .serverFailure(let code) = answer.failure, code == 1 || code == 4 else {
                return answer
            }
            // Format error or not implemented: a server from before RFC 6891.
            return ask(question, of: server, offeringExtension: false, until: limit)
        }

        private func ask(
            _ question: DNSQuestion, of server: SocketAddress, offeringExtension: Bool,
            until limit: MonotonicInstant
        ) -> DNSAnswer {
            let id = UInt16(truncatingIfNeeded: System.entropy)
            let query = DNSMessage(id: id, question: question)
            guard let bytes = query.serialized(offersExtension: offeringExtension) else {
                return .failed(.noSuchName)
            }
            do throws(DNSFailure) {
                var response = try overDatagrams(bytes, query, server, limit)
                if response.isTruncated { response = try overStream(bytes, query, server, limit) ?? response }
                return response.answer(to: question)
            } catch {
                return .failed(error)
            }
        }

        private func overDatagrams(
            _ bytes: [UInt8], _ query: DNSMessage, _ server: SocketAddress, _ limit: MonotonicInstant
        ) throws(DNSFailure) -> DNSMessage {
            let socket = try NameServerSocket(server, .datagrams, limit)
            try socket.send(bytes, limit)
            var room = [UInt8](repeating: 0, count: Int(UInt16.max))
            while true {
                let count = try socket.receive(into: &room, limit)
                guard count >= 2, UInt16(room[0]) << 8 | UInt16(room[1]) == query.id else { continue }
                let message: DNSMessage
                do throws(DNSParseError) {
                    message = try DNSMessage(parsing: Array(room[..<count]))
                } catch {
                    throw .malformed(error)
                }
                // Answers another question: a late or a forged one. One that repeats none is a refusal.
                if message.isResponse, message.question == query.question || message.question == nil {
                    return message
                }
            }
        }

        /// The whole of an answer that did not fit (RFC 7766); `nil` when the server has no TCP: what came must do.
        private func overStream(
            _ bytes: [UInt8], _ query: DNSMessage, _ server: SocketAddress, _ limit: MonotonicInstant
        ) throws(DNSFailure) -> DNSMessage? {
            do throws(DNSFailure) {
                let socket = try NameServerSocket(server, .stream, limit)
                let length = UInt16(clamping: bytes.count)
                try socket.send([UInt8(length >> 8), UInt8(length & 255)] + bytes, limit)
                let head = try socket.receive(exactly: 2, limit)
                let body = try socket.receive(exactly: Int(head[0]) << 8 | Int(head[1]), limit)
                do throws(DNSParseError) {
                    let message = try DNSMessage(parsing: body)
                    return message.id == query.id ? message : nil
                } catch {
                    throw .malformed(error)
                }
            } catch .unreachable {
                return nil
            } catch .timedOut {
                return nil
            }
        }
    }
#endif
