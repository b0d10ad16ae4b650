internal import SansIO

/// What is counted of trunks. A trunk appears once something has been told of it.
struct TrunkMetrics: Sendable {
    /// Trunks that are counted; those beyond are passed over.
    static let maximumTrunks = 256

    private struct Line {
        var state = TrunkState.ready
        var faults = 0
        /// `nil` for a trunk that needs no registration.
        var isRegistered: Bool?
        var roundTrip: Duration?
    }

    private var lines = OrderedTable<String, Line>()

    mutating func see(_ event: TrunkEvent, of trunk: String) {
        if lines[trunk] == nil {
            guard lines.count < Self.maximumTrunks else { return }
            lines[trunk] = Line()
        }
        lines.update(trunk) { line in
            switch event {
            case .changed(let state): line.state = state
            case .fault: line.faults += 1
            case .registered: line.isRegistered = true
            case .registrationFailed, .unregistered: line.isRegistered = false
            case .probed(let probe): line.roundTrip = probe.roundTrip
            }
        }
    }

    var families: [MetricFamily] {
        let lines = lines.entries
        guard !lines.isEmpty else { return [] }
        func label(_ name: String) -> MetricFamily.Label { .init("trunk", name) }
        return [
            MetricFamily(
                "outdial_trunk_state", .gauge,
                help: "1 for the state that a trunk is in, its breaker's among them.",
                samples: lines.flatMap { name, line in
                    TrunkState.allCases.map { state in
                        .init([label(name), .init("state", state.rawValue)], state == line.state ? 1 : 0)
                    }
                }),
            MetricFamily(
                "outdial_trunk_faults_total", .counter, help: "Calls that ended with a fault of a trunk.",
                samples: lines.map { .init([label($0)], Double($1.faults)) }),
            MetricFamily(
                "outdial_trunk_registered", .gauge, help: "Whether a registrar knows us.",
                samples: lines.compactMap { name, line in
                    line.isRegistered.map { .init([label(name)], $0 ? 1 : 0) }
                }),
            MetricFamily(
                "outdial_trunk_round_trip_seconds", .gauge, help: "Of the last answer to OPTIONS.",
                samples: lines.compactMap { name, line in
                    line.roundTrip.map { .init([label(name)], $0.inSeconds) }
                }),
        ].filter { !$0.samples.isEmpty }
    }
}
