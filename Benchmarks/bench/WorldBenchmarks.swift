import CallSimulator
import SansIO

/// What the simulated world costs below everything that runs in it.
let worldSuite = Suite(name: "sim.world") { try worldMeasurements() }

/// A client without isolation: it counts what it receives and answers at once, to measure the world alone.
private final class Echo: DriverClient, @unchecked Sendable {
    let driver: any Driver
    var id = DriverClientID(rawValue: -1)
    var buffer = OwnedBytes(capacity: 2_048)
    var received = 0
    var limit = 0
    var period: Duration?
    var onEnd: @Sendable () -> Void = {}

    init(_ driver: any Driver) {
        self.driver = driver
        id = driver.attach(self)
    }

    func wake() {
        while let datagram = driver.receive(for: id, into: &buffer) {
            received += 1
            guard received < limit else { return onEnd() }
            driver.transmit(buffer.bytes, from: datagram.socket, to: datagram.source)
            if let period { driver.schedule(id, at: driver.now.advanced(by: period)) }
        }
    }
}

private func worldMeasurements() throws -> [Measurement] {
    let payload = [UInt8](repeating: 7, count: 172)
    let count = 100_000

    func exchange(_ name: String, network: NetworkModel, note: String) -> Measurement {
        var steps: UInt64 = 0
        let result = measure(name, per: 2 * count, note: note) {
            var configuration = WorldConfiguration()
            configuration.network = network
            let world = World(seed: 1, configuration: configuration)
            let ends = ["10.0.0.1", "10.0.0.2"].map { Echo(world.makeDriver(host: $0)) }
            let sockets = ends.compactMap {
                try? $0.driver.bind(SocketAddress(ipv4: 0, port: 5_000), for: $0.id)
            }
            for end in ends { end.limit = count }
            // A hundred datagrams are under way at any time.
            let destination = SocketAddress(ipv4: 0x0A00_0002, port: 5_000)
            for _ in 0..<100 {
                ends[0].driver.transmit(payload.span.bytes, from: sockets[0].id, to: destination)
            }
            try? world.drain(for: .seconds(1_000_000))
            steps = world.stepCount
            for end in ends { end.driver.detach(end.id) }
            blackHole(steps)
        }
        return result
    }

    var jittery = NetworkModel.lossy
    jittery.loss = 0
    let sleeps = measure("sim.world.sleep", per: 100 * 1_000, note: "100 tasks, sleep and resume") {
        let world = World(seed: 1)
        let driver = world.makeDriver(host: "10.0.0.1")
        try? world.run {
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        for _ in 0..<1_000 {
                            try? await driver.sleep(for: .microseconds(20_000 + index))
                        }
                    }
                }
            }
        }
    }
    return [
        exchange("sim.world.datagram", network: .perfect, note: "172 bytes, 100 under way"),
        exchange("sim.world.datagram.jitter", network: jittery, note: "the same with jitter"),
        sleeps,
    ]
}
