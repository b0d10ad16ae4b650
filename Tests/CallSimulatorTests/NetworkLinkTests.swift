import CallSimulator
import SansIO
import Testing

@Suite("Network link")
struct NetworkLinkTests {
    /// Passages of `count` datagrams sent every `spacing`.
    private func send(
        _ model: NetworkModel, count: Int, every spacing: Duration = .milliseconds(20), seed: UInt64 = 1
    ) -> [NetworkLink.Passage] {
        var link = NetworkLink(model: model, generator: SeededGenerator(seed: seed))
        return (0..<count).map { index in
            link.send(byteCount: 172, at: MonotonicInstant(nanoseconds: spacing.nanoseconds * Int64(index)))
        }
    }

    private func model(_ change: (inout NetworkModel) -> Void) -> NetworkModel {
        var model = NetworkModel()
        model.latency = .milliseconds(10)
        change(&model)
        return model
    }

    /// Milliseconds from sending to arrival; `nil` for what was lost.
    private func delays(_ passages: [NetworkLink.Passage], every spacing: Duration) -> [Double?] {
        passages.enumerated().map { index, passage in
            switch passage {
            case .lost: nil
            case .arrives(let instant), .arrivesTwice(let instant, _):
                Double(instant.nanoseconds - spacing.nanoseconds * Int64(index)) / 1e6
            }
        }
    }

    @Test("Without variation every datagram arrives after exactly the latency")
    func latency() {
        let passages = send(model { _ in }, count: 3)
        #expect(
            passages == [10, 30, 50].map { .arrives(at: MonotonicInstant(nanoseconds: $0 * 1_000_000)) })
    }

    @Test("The same generator gives the same passages, another seed others")
    func determinism() {
        #expect(send(.hostile, count: 1_000) == send(.hostile, count: 1_000))
        #expect(send(.hostile, count: 1_000) != send(.hostile, count: 1_000, seed: 2))
    }

    @Test("Independent loss comes at its rate and does not cluster")
    func loss() {
        let lost = send(model { $0.loss = 0.03 }, count: 100_000).map { $0 == .lost(.network) }
        let rate = Double(lost.count { $0 }) / 100_000
        #expect((0.028...0.032).contains(rate))
        let pairs = zip(lost, lost.dropFirst()).count { $0 && $1 }
        #expect((40...150).contains(pairs), "3 % of 3 % of 100,000 is 90")
    }

    @Test("Burst loss has the share and the length that its chain says")
    func bursts() {
        let burst = NetworkModel.Burst(enter: 0.01, leave: 0.25)
        let lost = send(model { $0.burst = burst }, count: 200_000).map { $0 == .lost(.network) }
        let share = Double(lost.count { $0 }) / 200_000
        #expect((0.033...0.044).contains(share), "0.01 / (0.01 + 0.25) is 0.038")
        let bursts = zip([false] + lost, lost).count { !$0 && $1 }
        let length = Double(lost.count { $0 }) / Double(bursts)
        #expect((3.7...4.3).contains(length), "1 / 0.25 is 4")
    }

    @Test("Jitter delays by the size of a normal draw, never below the latency, and never reorders")
    func jitter() {
        let wide = delays(
            send(model { $0.jitter = .milliseconds(20) }, count: 50_000, every: .seconds(1)),
            every: .seconds(1)
        ).compactMap(\.self)
        let mean = wide.reduce(0, +) / Double(wide.count)
        #expect((25.6...26.4).contains(mean), "10 ms + 0.8 × 20 ms is 26 ms")
        #expect(wide.allSatisfy { (10...80).contains($0) })
        let tight = send(model { $0.jitter = .milliseconds(20) }, count: 50_000)
        let arrivals = tight.map { passage -> Int64 in
            if case .arrives(let instant) = passage { instant.nanoseconds } else { 0 }
        }
        #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test("Correlated jitter changes slowly")
    func correlation() {
        func meanStep(_ correlation: Double) -> Double {
            let model = model {
                $0.jitter = .milliseconds(20)
                $0.jitterCorrelation = correlation
            }
            let delays = delays(send(model, count: 20_000, every: .seconds(1)), every: .seconds(1))
                .compactMap(\.self)
            return zip(delays, delays.dropFirst()).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(delays.count)
        }
        #expect(meanStep(0.95) < meanStep(0) / 2)
    }

    @Test("Reordering lets later datagrams pass; duplication gives second copies")
    func reorderAndDuplication() {
        let passages = send(
            model {
                $0.reorder = 0.1
                $0.duplication = 0.1
            }, count: 10_000)
        let twice = passages.count { if case .arrivesTwice = $0 { true } else { false } }
        #expect((900...1_100).contains(twice))
        let delays = delays(passages, every: .milliseconds(20)).compactMap(\.self)
        #expect((900...1_100).contains(delays.count { $0 == 40 }))
        #expect(delays.allSatisfy { $0 == 10 || $0 == 40 })
    }

    @Test("A line of 64 kbit/s takes 25 ms for 172 bytes and their headers; a full queue loses")
    func bandwidth() {
        let passages = send(
            model {
                $0.bitsPerSecond = 64_000
                $0.queueLimit = .milliseconds(50)
            }, count: 6, every: .zero)
        let expected: [NetworkLink.Passage] = [35, 60, 85].map {
            .arrives(at: MonotonicInstant(nanoseconds: $0 * 1_000_000))
        }
        #expect(passages == expected + Array(repeating: .lost(.queueFull), count: 3))
    }

    @Test("Every preset carries most of what is sent", arguments: NetworkModel.presets.map(\.name))
    func presets(name: String) throws {
        let model = try #require(NetworkModel.presets.first { $0.name == name }?.model)
        let lost = send(model, count: 10_000).count { if case .lost = $0 { true } else { false } }
        #expect(lost < 1_800)
    }
}
