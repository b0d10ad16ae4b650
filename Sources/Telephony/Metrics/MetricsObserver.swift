internal import SIPCore
public import SansIO

/// Counts calls for a monitoring system and gives the figures as Prometheus text.
///
/// The number of lines is bounded: labels are dispositions, status codes and the like, never numbers or names of people.
public final class MetricsObserver: CallObserver {
    private struct State {
        var calls = CallMetrics()
        var trunks = TrunkMetrics()
        var statistics: DialerStatistics?
        /// Families of other parts, by who published them.
        var published = OrderedTable<String, [MetricFamily]>()
    }

    // Guards the counters: the loops count, anyone reads.
    private let state = Locked(State())
    private let labels: [MetricFamily.Label]
    /// Sources of ``publish(_:as:)`` that are kept; those beyond are passed over.
    public static let maximumSources = 64

    /// - Parameter labels: Put on every line, for example the name of the host's role.
    public init(labels: [MetricFamily.Label] = []) { self.labels = labels }

    public func call(_ id: CallID, did event: CallEvent) { state.withLock { $0.calls.see(event, of: id) } }

    public func callEnded(_ record: CallRecord) { state.withLock { $0.calls.see(record) } }

    public func trunk(_ name: String, did event: TrunkEvent) {
        state.withLock { $0.trunks.see(event, of: name) }
    }

    /// Takes over the figures of ``Dialer/statistics()``, as often as somebody asks for them.
    public func sample(_ statistics: DialerStatistics) { state.withLock { $0.statistics = statistics } }

    /// Replaces the families of another part, such as a campaign's counts.
    ///
    /// - Parameter source: One word per part, and no more than ``maximumSources`` of them. Families of one name from several sources
    ///   become one.
    public func publish(_ families: [MetricFamily], as source: String) {
        state.withLock { state in
            guard state.published[source] != nil || state.published.count < Self.maximumSources else {
                return
            }
            state.published[source] = families
        }
    }

    /// All figures as they stand.
    public var families: [MetricFamily] {
        let (calls, trunks, statistics, published) = state.withLock {
            ($0.calls, $0.trunks, $0.statistics, $0.published.values.flatMap { $0 })
        }
        var merged = OrderedTable<String, MetricFamily>()
        for family in calls.families + trunks.families + (statistics?.families ?? []) + published {
            if merged.update(family.name, { $0.samples += family.samples }) == nil {
                merged[family.name] = family
            }
        }
        return merged.values
    }

    /// All figures in the text exposition format 0.0.4.
    public var text: String { PrometheusText.render(families, labels: labels) }

    /// Samples `dialer` every `interval`, and replaces the file at `path` with ``text`` then and once more when it is cancelled.
    ///
    /// Without a path it only samples, for a ``MetricsServer``. The file is replaced as a whole, as node-exporter's textfile collector wants it (its name ends in `.prom`).
    ///
    /// - Returns: When the task is cancelled.
    /// - Throws: ``FileError`` when the file cannot be written the first time; later failures wait for the next time.
    public func export(
        _ dialer: Dialer, to path: String?, every interval: Duration = .seconds(15), driver: any Driver
    ) async throws {
        try await write(to: path, driver: driver)
        while (try? await driver.sleep(for: interval)) != nil {
            if let statistics = try? await dialer.statistics() { sample(statistics) }
            try? await write(to: path, driver: driver)
        }
        try? await write(to: path, driver: driver)
    }

    private func write(to path: String?, driver: any Driver) async throws {
        guard let path else { return }
        let text = text
        try await driver.runBlocking(lane: "metrics \(path)") { try AtomicFile.replace(path, with: text) }
    }
}

extension DialerStatistics {
    /// The dialer's own figures as metrics.
    public var families: [MetricFamily] {
        func counter(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
            MetricFamily(name, .counter, help: help, samples: [.init([], Double(value))])
        }
        func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
            MetricFamily(name, .gauge, help: help, samples: [.init([], value)])
        }
        return [
            MetricFamily(
                "outdial_sip_messages_total", .counter, help: "SIP messages on the wire.",
                samples: [
                    .init([.init("direction", "sent")], Double(userAgent.datagramsSent)),
                    .init([.init("direction", "received")], Double(userAgent.datagramsReceived)),
                ]),
            MetricFamily(
                "outdial_sip_retransmissions_total", .counter, help: "SIP messages sent or received again.",
                samples: [
                    .init([.init("direction", "sent")], Double(userAgent.retransmissionsSent)),
                    .init([.init("direction", "absorbed")], Double(userAgent.retransmissionsAbsorbed)),
                ]),
            counter("outdial_sip_malformed_total", "Messages that broke SIP's grammar.", userAgent.malformed),
            counter(
                "outdial_sip_stray_total", "Messages that fit no transaction and no dialog.", userAgent.stray),
            gauge("outdial_sip_transactions", "Live SIP transactions.", Double(userAgent.liveTransactions)),
            gauge("outdial_sip_dialogs", "Live INVITE sessions.", Double(userAgent.liveSessions)),
            gauge("outdial_media_legs", "Calls that hold media ports.", Double(liveLegs)),
            gauge(
                "outdial_rtp_lateness_seconds", "99th percentile of how late frames left.",
                frameLateness.percentile(0.99).inSeconds),
            counter("outdial_rtp_skipped_ticks_total", "Frames passed over by a late loop.", skippedTicks),
            MetricFamily(
                "outdial_incoming_requests_total", .counter, help: "INVITEs and strangers' requests to us.",
                samples: [
                    .init([.init("fate", "accepted")], Double(inbound.accepted)),
                    .init([.init("fate", "not_accepted")], Double(inbound.notAccepted)),
                    .init([.init("fate", "rate_limited")], Double(inbound.rateLimited)),
                    .init([.init("fate", "stranger")], Double(inbound.strangersRefused)),
                ]),
            gauge("outdial_sip_connections", "Connections alive.", Double(streams.live)),
            MetricFamily(
                "outdial_sip_connections_total", .counter, help: "Connections by what became of them.",
                samples: [
                    .init([.init("fate", "opened")], Double(streams.opened)),
                    .init([.init("fate", "accepted")], Double(streams.accepted)),
                    .init([.init("fate", "refused")], Double(streams.refused)),
                    .init([.init("fate", "failed")], Double(streams.failed)),
                    .init([.init("fate", "lost")], Double(streams.lost)),
                    .init([.init("fate", "expelled")], Double(streams.expelled)),
                    .init([.init("fate", "withheld")], Double(streams.withheld)),
                ]),
        ]
    }
}
