#if os(Linux)
    internal import SansIO
    private import Synchronization

    /// The one thread of a driver: jobs of its actors, posted closures, datagrams, deadlines and sleepers.
    ///
    /// The thread starts with the first thing to do and ends when the loop has been stopped and its mailbox is empty. A
    /// job that comes even later starts it again, so that no task is ever left behind.
    final class EventLoop: SerialExecutor, @unchecked Sendable {
        // @unchecked: what stands below "confined" is touched only by the thread whose identity is in `owner`.
        let poller: Poller
        private let mailbox = Locked(Mailbox())
        private let owner = Atomic<UInt64>(0)

        // Confined to the loop.
        private var batch: [Mailbox.Item] = []
        private var readable: [SocketID] = []
        private var sockets = SlotTable<UDPSocket>()
        /// What was fetched from the socket that is being polled.
        private let polled = ReceiveBatch()
        /// Whether the last datagram of ``polled`` was also the last of its socket.
        private var isPolledOut = false
        /// Streams and listeners; their ids are negative, those of UDP sockets are not.
        var streams = SlotTable<StreamSocket>()
        /// Given up for a moment to refuse a connection when no other descriptor is free.
        var spare = SpareDescriptor()
        /// Listeners that are not watched since even refusing has failed, and until when.
        var paused: [SocketID] = []
        var pauseEnd: MonotonicInstant?
        private var clients: [LoopClient?] = []
        private var clientDeadlines = DeadlineHeap()
        private var sleepers = SlotTable<Sleeper>()
        private var sleeperDeadlines = DeadlineHeap()
        /// Clients to wake in this turn, and those that left something behind for the next one.
        private var due: [LoopClient] = []
        private var unfinished: [LoopClient] = []
        var statistics = SocketDriverStatistics()

        init() throws(DriverError) { poller = try Poller() }

        // MARK: Any thread

        var isOnLoop: Bool { owner.load(ordering: .relaxed) == System.currentThread }

        func put(_ item: Mailbox.Item) {
            let before = mailbox.withLock { mailbox in
                mailbox.items.append(item)
                let before = mailbox.thread
                mailbox.thread = .running
                return before
            }
            switch before {
            case .running: break
            case .waiting: poller.signal()
            case .absent:
                let hasStarted = System.startThread(named: "outdial-loop") { self.run() }
                precondition(hasStarted, "the system refuses a thread for the event loop")
            }
        }

        func attach(_ client: any DriverClient) -> DriverClientID {
            let name = mailbox.withLock { $0.clients.insert { _ in client } }
            guard let name else { preconditionFailure("a driver has at most 65,536 clients") }
            return DriverClientID(rawValue: name)
        }

        func publishedStatistics() -> SocketDriverStatistics { mailbox.withLock { $0.statistics } }

        /// Closes every socket, forgets every client and ends every sleep, then lets the thread end.
        func stop() {
            let mustWake = mailbox.withLock { mailbox in
                mailbox.isStopping = true
                return mailbox.thread != .absent
            }
            if mustWake { poller.signal() }
        }

        // MARK: Executor

        func enqueue(_ job: consuming ExecutorJob) { put(.job(UnownedJob(job))) }

        func checkIsolated() { precondition(isOnLoop, "called outside the driver's loop") }

        func isIsolatingCurrentContext() -> Bool? { isOnLoop }

        // MARK: The thread

        private func run() {
            owner.store(System.currentThread, ordering: .relaxed)
            while turn() {}
        }

        /// - Returns: False when the thread has to end.
        private func turn() -> Bool {
            let mustWait = takeMail(orWait: true)
            poller.wait(nanoseconds: mustWait ? nanosecondsToWait() : 0, into: &readable)
            if mustWait { _ = takeMail(orWait: false) }

            collectDue()
            wakeClients()
            runMail()
            statistics.turns += 1
            return !endIfStopped()
        }

        /// Moves the mailbox's items into `batch`.
        ///
        /// - Returns: True when there were none and the mailbox now shows this thread as waiting.
        private func takeMail(orWait mayWait: Bool) -> Bool {
            mailbox.withLock { mailbox in
                mailbox.statistics = statistics
                swap(&mailbox.items, &batch)
                let mustWait = mayWait && batch.isEmpty && unfinished.isEmpty && !mailbox.isStopping
                mailbox.thread = mustWait ? .waiting : .running
                return mustWait
            }
        }

        private func nanosecondsToWait() -> Int64 {
            let deadlines = [
                clientDeadlines.first?.deadline, sleeperDeadlines.first?.deadline, pauseEnd,
            ]
            guard let next = deadlines.compactMap(\.self).min() else { return -1 }
            return max(0, System.now.duration(to: next).nanoseconds)
        }

        private func collectDue() {
            swap(&due, &unfinished)
            for client in due { client.isDue = true }
            if pauseEnd != nil { resumeListeners(at: System.now) }
            for id in readable {
                if id.rawValue < 0 {
                    if let client = streamIsReady(id) { markDue(client) }
                    continue
                }
                // A socket may have been closed since the kernel reported it.
                guard let socket = sockets[id.rawValue], let client = client(socket.client) else { continue }
                client.addReadable(socket)
                markDue(client)
            }
            guard !clientDeadlines.isEmpty || !sleeperDeadlines.isEmpty else { return }
            let now = System.now
            while let slot = clientDeadlines.popDue(at: now) {
                if let client = clients[slot] { markDue(client) }
            }
            while let slot = sleeperDeadlines.popDue(at: now) {
                guard let sleeper = sleepers[slot: slot], let name = sleeper.name else { continue }
                sleepers.remove(name)
                sleeper.wakeUp()
            }
        }

        private func markDue(_ client: LoopClient) {
            guard !client.isDue else { return }
            client.isDue = true
            due.append(client)
        }

        private func wakeClients() {
            for client in due {
                client.isDue = false
                guard client.isAttached else { continue }
                client.share = LoopClient.datagramsPerTurn
                client.streamShare = LoopClient.streamEventsPerTurn
                statistics.wakeUps += 1
                client.client.wake()
                if client.isAttached, client.hasMore { unfinished.append(client) }
            }
            due.removeAll(keepingCapacity: true)
        }

        private func runMail() {
            for item in batch {
                switch item {
                case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
                case .post(let body): body()
                case .sleep(let sleeper, let deadline): begin(sleeper, until: deadline)
                case .forget(let sleeper): forget(sleeper)
                }
            }
            batch.removeAll(keepingCapacity: true)
        }

        private func endIfStopped() -> Bool {
            guard mailbox.withLock({ $0.isStopping }) else { return false }
            for client in clients { client?.isAttached = false }
            for sleeper in sleepers.elements { _ = sleeper.cancel() }
            clients.removeAll()
            unfinished.removeAll()
            sockets = SlotTable()
            streams = SlotTable()
            paused.removeAll()
            pauseEnd = nil
            sleepers = SlotTable()
            clientDeadlines = DeadlineHeap()
            sleeperDeadlines = DeadlineHeap()
            let (isOver, forgotten) = mailbox.withLock { mailbox in
                let forgotten = mailbox.clients
                mailbox.clients = SlotTable()
                guard mailbox.items.isEmpty else { return (false, forgotten) }
                mailbox.statistics = statistics
                mailbox.thread = .absent
                owner.store(0, ordering: .relaxed)
                return (true, forgotten)
            }
            // Clients are released outside the lock: their deinitialisers are not ours.
            _ = consume forgotten
            return isOver
        }

        // MARK: Sleepers, on the loop

        private func begin(_ sleeper: Sleeper, until deadline: MonotonicInstant) {
            guard !sleeper.isOver else { return }
            guard let name = sleepers.insert({ _ in sleeper }) else {
                sleeper.wakeUp()  // 65,536 sleepers at once: an early end is better than none.
                return
            }
            sleeper.name = name
            sleeperDeadlines.set(SlotTable<Sleeper>.slot(of: name), to: deadline)
        }

        private func forget(_ sleeper: Sleeper) {
            guard let name = sleeper.name, sleepers.remove(name) != nil else { return }
            sleeperDeadlines.set(SlotTable<Sleeper>.slot(of: name), to: nil)
        }

        // MARK: Clients and sockets, on the loop

        func client(_ id: DriverClientID) -> LoopClient? {
            let slot = SlotTable<LoopClient>.slot(of: id.rawValue)
            if slot < clients.count, let client = clients[slot], client.id == id { return client }
            // Attached since, on some thread.
            guard let found = mailbox.withLock({ $0.clients[id.rawValue] }) else { return nil }
            while clients.count <= slot { clients.append(nil) }
            let client = LoopClient(found, id: id)
            clients[slot] = client
            return client
        }

        func detach(_ id: DriverClientID) {
            checkIsolated()
            guard let client = client(id) else { return }
            client.isAttached = false
            let slot = SlotTable<LoopClient>.slot(of: id.rawValue)
            clients[slot] = nil
            clientDeadlines.set(slot, to: nil)
            for socket in sockets.elements where socket.client == id { sockets.remove(socket.id.rawValue) }
            for stream in streams.elements where stream.client == id { closeStream(stream.id) }
            mailbox.withLock { _ = $0.clients.remove(id.rawValue) }
        }

        func bind(
            _ address: SocketAddress, for id: DriverClientID, isPolled: Bool
        ) throws(DriverError) -> BoundSocket {
            checkIsolated()
            guard client(id) != nil else {
                throw DriverError(code: .system, message: "bind \(address): the client is not attached")
            }
            let name = try sockets.insert { name throws(DriverError) in
                try UDPSocket(address, id: SocketID(rawValue: name), client: id, isPolled: isPolled)
            }
            guard let name, let socket = sockets[name] else {
                throw DriverError(code: .tooManyDescriptors, message: "a driver has at most 65,536 sockets")
            }
            do {
                if !isPolled { try poller.add(socket) }
            } catch {
                sockets.remove(name)
                throw error
            }
            return BoundSocket(id: socket.id, localAddress: socket.localAddress)
        }

        func close(_ id: SocketID) {
            checkIsolated()
            if id.rawValue < 0 { return closeStream(id) }
            guard let socket = sockets.remove(id.rawValue) else { return }
            if polled.socket == id { polled.removeAll() }
            client(socket.client)?.forget(socket)
        }

        func poll(_ id: SocketID, into buffer: inout OwnedBytes) -> ReceivedDatagram? {
            assert(isOnLoop, "called outside the driver's loop")
            while true {
                while !polled.isEmpty, polled.socket == id {
                    if let datagram = polled.takeFirst(into: &buffer) {
                        statistics.datagramsReceived += 1
                        if polled.isEmpty { isPolledOut = polled.wasLast }
                        return datagram
                    }
                    statistics.droppedOversize += 1
                    if polled.isEmpty { isPolledOut = polled.wasLast }
                }
                // One fetch finds out that a socket has been drained, and no other is made for that.
                let isDrained = polled.socket == id && isPolledOut
                isPolledOut = false
                guard !isDrained, let socket = sockets[id.rawValue], socket.isPolled else {
                    return nil
                }
                let count = polled.fill(from: socket)
                guard count > 0 else {
                    if count < 0 { statistics.receiveFailures += 1 }
                    return nil
                }
            }
        }

        func receive(for id: DriverClientID, into buffer: inout OwnedBytes) -> ReceivedDatagram? {
            assert(isOnLoop, "called outside the driver's loop")
            return client(id)?.receive(into: &buffer, counting: &statistics)
        }

        func transmit(_ bytes: RawSpan, from id: SocketID, to destination: SocketAddress) {
            assert(isOnLoop, "called outside the driver's loop")
            if let socket = sockets[id.rawValue], socket.send(bytes, to: destination) {
                statistics.datagramsSent += 1
            } else {
                statistics.sendFailures += 1
            }
        }

        func schedule(_ id: DriverClientID, at deadline: MonotonicInstant?) {
            assert(isOnLoop, "called outside the driver's loop")
            guard client(id) != nil else { return }
            clientDeadlines.set(SlotTable<LoopClient>.slot(of: id.rawValue), to: deadline)
        }
    }
#endif
