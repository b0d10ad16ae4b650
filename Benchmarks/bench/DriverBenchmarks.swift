#if os(Linux)
    import CAllocationCounter
    private import Glibc
    import SansIO
    import SocketDriver
    private import Synchronization

    /// What the socket driver costs per datagram, and how late its deadlines are.
    let driverSuite = Suite(name: "live.driver") { try driverMeasurements() }

    /// Counts datagrams and keeps a 20 ms beat, on the loop.
    private final class Ticker: DriverClient, @unchecked Sendable {
        let driver: SocketDriver
        var id = DriverClientID(rawValue: -1)
        var buffer = OwnedBytes(capacity: 2_048)
        var received = 0
        var receiveNanoseconds: UInt64 = 0
        var next: MonotonicInstant?
        var lateness: [Double] = []
        var ticksLeft = 0
        let isDone = Atomic(false)

        init(_ driver: SocketDriver) {
            self.driver = driver
            id = driver.attach(self)
        }

        func wake() {
            let start = outdial_thread_cpu_nanoseconds()
            while driver.receive(for: id, into: &buffer) != nil { received += 1 }
            receiveNanoseconds += outdial_thread_cpu_nanoseconds() - start
            guard let deadline = next, driver.now >= deadline else { return }
            lateness.append(deadline.duration(to: driver.now).inMilliseconds * 1_000)
            ticksLeft -= 1
            next = ticksLeft > 0 ? deadline.advanced(by: .milliseconds(20)) : nil
            driver.schedule(id, at: next)
            if ticksLeft == 0 { isDone.store(true, ordering: .releasing) }
        }
    }

    /// Runs `body` on the driver's loop and waits for it.
    private func onLoop<Value: Sendable>(
        _ driver: SocketDriver, _ body: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        let result = Locked<Result<Value, any Error>?>(nil)
        driver.post {
            let value = Result { try body() }
            result.withLock { $0 = value }
        }
        while true {
            if let value = result.withLock({ $0 }) { return try value.get() }
        }
    }

    private func driverMeasurements() throws -> [Measurement] {
        let driver = try SocketDriver()
        let ticker = Ticker(driver)
        let payload = [UInt8](repeating: 7, count: 172)
        let (from, to) = try onLoop(driver) {
            (
                try driver.bind(.loopback(port: 0), for: ticker.id),
                try driver.bind(.loopback(port: 0), for: ticker.id)
            )
        }
        var sends: [Double] = []
        var receives: [Double] = []
        var allocations = 0.0
        for _ in 0..<11 {
            let (nanoseconds, allocated) = try onLoop(driver) {
                let before = outdial_allocation_count()
                let start = outdial_thread_cpu_nanoseconds()
                for _ in 0..<200 {
                    driver.transmit(payload.span.bytes, from: from.id, to: to.localAddress)
                }
                let end = outdial_thread_cpu_nanoseconds()
                return (end - start, outdial_allocation_count() - before)
            }
            sends.append(Double(nanoseconds) / 200)
            allocations = Double(allocated) / 200
            // The datagrams are received in the turn that follows.
            try onLoop(driver) {}
            let (count, spent) = try onLoop(driver) {
                defer { (ticker.received, ticker.receiveNanoseconds) = (0, 0) }
                return (ticker.received, ticker.receiveNanoseconds)
            }
            receives.append(Double(spent) / Double(max(1, count)))
        }
        try onLoop(driver) {
            ticker.ticksLeft = 200
            ticker.next = driver.now.advanced(by: .milliseconds(20))
            driver.schedule(ticker.id, at: ticker.next)
        }
        while !ticker.isDone.load(ordering: .acquiring) { usleep(10_000) }
        let lateness = try onLoop(driver) { ticker.lateness }
        driver.shutDown()
        return [
            summarise(
                "live.driver.transmit", unit: "ns", values: sends, allocations: allocations,
                note: "172 bytes over loopback, kernel included"),
            summarise("live.driver.receive", unit: "ns", values: receives, note: "bursts of 200"),
            summarise(
                "live.driver.lateness", unit: "µs", values: lateness, note: "20 ms deadlines, otherwise idle"),
        ]
    }
#endif
