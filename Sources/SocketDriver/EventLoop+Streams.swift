#if os(Linux)
    internal import CLinuxIO
    private import Glibc
    internal import SansIO

    /// TCP streams and their listeners, on the loop.
    extension EventLoop {
        /// Ids of streams have the sign bit set, so that both tables find their own.
        private static func id(_ name: Int32) -> SocketID { SocketID(rawValue: name | .min) }

        private func stream(_ id: SocketID) -> StreamSocket? {
            id.rawValue < 0 ? streams[id.rawValue & .max] : nil
        }

        func listen(_ address: SocketAddress, for client: DriverClientID) throws(DriverError) -> BoundSocket {
            var wanted = linuxio_address(address)
            return try add(for: client, "listen \(address)", state: .listening) { bound in
                linuxio_tcp_listen(&wanted, &bound)
            }
        }

        func connect(
            to destination: SocketAddress, from local: SocketAddress?, for client: DriverClientID
        ) throws(DriverError) -> BoundSocket {
            var target = linuxio_address(destination)
            return try add(for: client, "connect \(destination)", state: .connecting) { bound in
                guard let local else { return linuxio_tcp_connect(&target, nil, &bound) }
                var from = linuxio_address(local)
                return linuxio_tcp_connect(&target, &from, &bound)
            }
        }

        private func add(
            for client: DriverClientID, _ purpose: String, state: StreamSocket.State,
            _ open: (inout linuxio_address) -> Int32
        ) throws(DriverError) -> BoundSocket {
            checkIsolated()
            guard self.client(client) != nil else {
                throw DriverError(code: .system, message: "\(purpose): the client is not attached")
            }
            var bound = linuxio_address()
            let result = open(&bound)
            let stream = try insert(
                owning: result, for: client, localAddress: result < 0 ? nil : SocketAddress(bound), state,
                purpose)
            return BoundSocket(id: stream.id, localAddress: stream.localAddress)
        }

        private func insert(
            owning result: Int32, for client: DriverClientID, localAddress: SocketAddress?,
            _ state: StreamSocket.State, _ purpose: String
        ) throws(DriverError) -> StreamSocket {
            // Before the table is asked, so that the descriptor has an owner in any case.
            var descriptor: StreamSocket?
            let name = try streams.insert { name throws(DriverError) in
                let stream = try StreamSocket(
                    owning: result, id: Self.id(name), client: client,
                    localAddress: localAddress ?? .loopback(port: 0), state: state, for: purpose)
                descriptor = stream
                return stream
            }
            guard let name, let stream = descriptor else {
                if result >= 0 { linuxio_close(result) }
                throw DriverError(code: .tooManyDescriptors, message: "a driver has at most 65,536 streams")
            }
            do {
                try watch(stream)
            } catch {
                streams.remove(name)
                throw error
            }
            return stream
        }

        /// Tells epoll what the stream waits for, if that has changed.
        private func watch(_ stream: StreamSocket) throws(DriverError) {
            let interest = stream.interest
            if let watched = stream.watched, watched == interest { return }
            try poller.watch(
                stream.id, stream.descriptor, input: interest.input, output: interest.output,
                isKnown: stream.watched != nil)
            stream.watched = interest
        }

        /// After a step that may have changed its state: a failure is told to the client in its turn.
        private func settle(_ stream: StreamSocket) {
            if (try? watch(stream)) == nil { stream.state = .failed(.system) }
            if case .failed = stream.state { client(stream.client)?.addReady(stream) }
        }

        func send(_ bytes: RawSpan, on id: SocketID) -> Bool {
            assert(isOnLoop, "called outside the driver's loop")
            guard let stream = stream(id) else { return false }
            let isTaken = stream.send(bytes, limit: SocketDriver.streamQueueLimit)
            settle(stream)
            return isTaken
        }

        func endSending(on id: SocketID) {
            checkIsolated()
            stream(id)?.endSending()
        }

        func closeStream(_ id: SocketID) {
            guard let stream = streams.remove(id.rawValue & .max) else { return }
            stream.state = .failed(.system)
        }

        /// The kernel says something about a stream.
        ///
        /// - Returns: The client to wake; `nil` when it was only room to write.
        func streamIsReady(_ id: SocketID) -> LoopClient? {
            guard let stream = stream(id), let client = client(stream.client) else { return nil }
            switch stream.state {
            case .connecting:
                stream.checkError()
            case .ended:
                stream.checkError()
                // Nothing was asked for, so both ways are closed: the kernel would say so for ever.
                if !stream.interest.output, stream.state == .ended { stream.state = .failed(.reset) }
            case .listening, .open, .failed:
                break
            }
            stream.flush()
            settle(stream)
            client.addReady(stream)
            return client
        }

        func receiveStream(for id: DriverClientID, into buffer: inout OwnedBytes) -> StreamEvent? {
            assert(isOnLoop, "called outside the driver's loop")
            guard let client = client(id) else { return nil }
            while client.streamShare > 0, let stream = client.takeReadyStream() {
                // Closed since it was noted.
                guard self.stream(stream.id) === stream else { continue }
                client.streamShare -= 1
                if let event = event(of: stream, client, into: &buffer) { return event }
            }
            return nil
        }

        private func event(
            of stream: StreamSocket, _ client: LoopClient, into buffer: inout OwnedBytes
        ) -> StreamEvent? {
            switch stream.state {
            case .listening:
                return accept(at: stream, client)
            case .connecting:
                stream.state = .open
                settle(stream)
                client.addReady(stream)
                return StreamEvent(stream: stream.id, kind: .connected)
            case .open:
                switch stream.read(into: &buffer) {
                case .bytes(let isAll):
                    if !isAll { client.addReady(stream) }
                    return StreamEvent(stream: stream.id, kind: .received)
                case .nothing:
                    return nil
                case .end:
                    if case .failed(let failure) = stream.state { return forget(stream, failure) }
                    stream.state = .ended
                    settle(stream)
                    return StreamEvent(stream: stream.id, kind: .ended)
                }
            case .ended:
                return nil
            case .failed(let failure):
                return forget(stream, failure)
            }
        }

        private func forget(_ stream: StreamSocket, _ failure: StreamFailure) -> StreamEvent {
            streams.remove(stream.id.rawValue & .max)
            return StreamEvent(stream: stream.id, kind: .closed(failure))
        }

        // MARK: Listeners

        private func accept(at listener: StreamSocket, _ client: LoopClient) -> StreamEvent? {
            var address = linuxio_address()
            let result = linuxio_tcp_accept(listener.descriptor.number, &address)
            switch -result {
            case EAGAIN:
                return nil
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                statistics.streamsRefused += 1
                if spare.refuse(at: listener.descriptor) {
                    client.addReady(listener)
                } else {
                    pause(listener)
                }
                return nil
            case 1...:
                // Firewalls and networks that are down speak through accept: nothing about the next connection.
                return nil
            default:
                client.addReady(listener)
                let local = listener.localAddress
                guard
                    let stream = try? insert(
                        owning: result, for: listener.client, localAddress: local, .open, "accept")
                else {
                    statistics.streamsRefused += 1
                    return nil
                }
                statistics.streamsAccepted += 1
                return StreamEvent(
                    stream: stream.id, kind: .accepted(listener: listener.id, source: SocketAddress(address)))
            }
        }

        /// Not even a descriptor to refuse with: the listener is left alone for a moment, or the loop would spin.
        private func pause(_ listener: StreamSocket) {
            try? poller.watch(listener.id, listener.descriptor, input: false, output: false, isKnown: true)
            listener.watched = (false, false)
            paused.append(listener.id)
            pauseEnd = System.now.advanced(by: .milliseconds(100))
        }

        func resumeListeners(at now: MonotonicInstant) {
            guard let end = pauseEnd, end <= now else { return }
            pauseEnd = nil
            let listeners = paused
            paused.removeAll()
            for id in listeners { stream(id).map(settle) }
        }
    }
#endif
