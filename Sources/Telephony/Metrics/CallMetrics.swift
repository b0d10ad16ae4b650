internal import RTPMedia
internal import SansIO

/// What is counted of calls: plain numbers, without a lock.
struct CallMetrics: Sendable {
    private(set) var dialed = 0
    /// Dialed and not ended.
    private var live: Set<CallID> = []
    /// Dialed and ended.
    private var finished = 0
    private var failedOver = 0
    private var incoming = 0
    private var liveIncoming: Set<CallID> = []
    private var incomingEnded = [Int](repeating: 0, count: CallDisposition.allCases.count)
    private var ended = [Int](repeating: 0, count: CallDisposition.allCases.count)
    private var answeredBy = [Int](repeating: 0, count: AnsweredBy.allCases.count)
    private var faults = [Int](repeating: 0, count: CallFault.allCases.count)
    /// By final status; the first holds those without one.
    private var statuses = [Int](repeating: 0, count: 700)
    private var answered = 0
    private var packetsSent = 0
    private var packetsReceived = 0
    private var packetsLost = 0
    private var framesConcealed = 0

    // Seconds; the bounds follow what people bear and what carriers promise.
    private var setup = MetricHistogram(bounds: [0.5, 1, 2, 3, 5, 8, 13, 20, 30, 45, 60])
    private var postDialDelay = MetricHistogram(bounds: [0.1, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 11, 20])
    private var talkTime = MetricHistogram(bounds: [5, 10, 20, 30, 60, 120, 180, 300, 600, 1_200, 3_600])
    private var jitter = MetricHistogram(bounds: [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2])
    private var roundTrip = MetricHistogram(bounds: [0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1])
    private var opinion = MetricHistogram(bounds: Self.opinionBounds)
    private var remoteOpinion = MetricHistogram(bounds: Self.opinionBounds)
    private var rejections = MediaRejections()
    private var packetsDiscarded = 0
    /// Scores at the ratings 50, 60, 70, 80 and 90 (ITU-T G.109), and some between.
    private static let opinionBounds = [1.5, 2, 2.58, 3.1, 3.6, 4.03, 4.2, 4.34, 4.5]
    private var loss = MetricHistogram(bounds: [0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5])

    mutating func see(_ event: CallEvent, of id: CallID) {
        switch event.kind {
        case .dialing:
            // Again over each trunk that it goes on over.
            if live.insert(id).inserted { dialed += 1 } else { failedOver += 1 }
        case .incoming:
            if liveIncoming.insert(id).inserted { incoming += 1 }
        default: break
        }
    }

    mutating func see(_ record: CallRecord) {
        let outcome = record.outcome
        guard record.direction == .outbound else {
            liveIncoming.remove(record.id)
            if let index = CallDisposition.allCases.firstIndex(of: outcome.disposition) {
                incomingEnded[index] += 1
            }
            if let media = record.media { see(media) }
            return
        }
        live.remove(record.id)
        if let index = CallDisposition.allCases.firstIndex(of: outcome.disposition) { ended[index] += 1 }
        if let index = CallFault.allCases.firstIndex(of: outcome.fault) { faults[index] += 1 }
        if let who = outcome.answeredBy, let index = AnsweredBy.allCases.firstIndex(of: who) {
            answeredBy[index] += 1
        }
        let timings = outcome.timings
        guard let start = timings.dialed else { return }
        finished += 1
        let status = outcome.cause.sipStatus ?? 0
        statuses[(100...699).contains(status) ? status : 0] += 1
        if outcome.wasAnswered { answered += 1 }
        if let answer = timings.answered { setup.record(start.duration(to: answer).inSeconds) }
        // From INVITE to the first word of the far end, whatever it was (as RFC 6076 §4.2 has it, refusals apart).
        if let sign = timings.ringing ?? timings.answered {
            postDialDelay.record(start.duration(to: sign).inSeconds)
        }
        if let talk = timings.talkTime { talkTime.record(talk.inSeconds) }
        if let media = record.media { see(media) }
    }

    private mutating func see(_ media: MediaStatistics) {
        packetsSent += media.packetsSent
        packetsReceived += media.packetsReceived
        packetsLost += media.packetsLost
        framesConcealed += media.framesConcealed
        packetsDiscarded += media.packetsDiscarded ?? 0
        if let rejected = media.rejections {
            for reason in MediaRejections.Reason.allCases { rejections[reason] += rejected[reason] }
        }
        if let quality = media.outboundQuality { remoteOpinion.record(quality.mosConversational) }
        if let delay = media.roundTripMilliseconds { roundTrip.record(delay / 1_000) }
        guard media.packetsReceived > 0 else { return }
        if let quality = media.inboundQuality { opinion.record(quality.mosConversational) }
        jitter.record(media.jitterMilliseconds / 1_000)
        loss.record(Double(media.packetsLost) / Double(media.packetsReceived + media.packetsLost))
    }

    var families: [MetricFamily] {
        let seizures = MetricFamily(
            "outdial_calls_dialed_total", .counter, help: "Calls whose INVITE was sent, each counted once.",
            samples: [.init([], Double(dialed))])
        let ratio = Double(answered) / Double(max(1, finished))
        return [
            seizures,
            MetricFamily(
                "outdial_calls_active", .gauge, help: "Calls dialed and not ended.",
                samples: [.init([], Double(live.count))]),
            MetricFamily(
                "outdial_calls_failed_over_total", .counter,
                help: "INVITEs over a further trunk for calls that one could not carry.",
                samples: [.init([], Double(failedOver))]),
            MetricFamily(
                "outdial_incoming_calls_total", .counter, help: "Calls that were placed to us.",
                samples: [.init([], Double(incoming))]),
            MetricFamily(
                "outdial_incoming_calls_active", .gauge,
                help: "Calls that were placed to us and have not ended.",
                samples: [.init([], Double(liveIncoming.count))]),
            Self.counter(
                "outdial_incoming_calls_ended_total", help: "Calls that were placed to us, by disposition.",
                label: "disposition", CallDisposition.allCases.map(\.rawValue), incomingEnded),
            Self.counter(
                "outdial_calls_ended_total", help: "Calls that ended, by disposition.", label: "disposition",
                CallDisposition.allCases.map(\.rawValue), ended),
            Self.counter(
                "outdial_calls_fault_total", help: "Calls that ended, by whose fault it was.", label: "fault",
                CallFault.allCases.map(\.rawValue), faults),
            Self.counter(
                "outdial_calls_answered_by_total", help: "Answered calls, by who answered.",
                label: "answered_by", AnsweredBy.allCases.map(\.rawValue), answeredBy),
            MetricFamily(
                "outdial_answer_seizure_ratio", .gauge,
                help: "Answered calls per ended call that was dialed, since the start.",
                samples: [.init([], ratio)]),
            MetricFamily(
                "outdial_sip_final_responses_total", .counter,
                help: "Ended calls by their last SIP status; 0 without any.", samples: statusSamples),
            MetricFamily(
                "outdial_call_setup_seconds", help: "From the INVITE to the answer.", histogram: setup),
            MetricFamily(
                "outdial_post_dial_delay_seconds", help: "From the INVITE to ringing or answer.",
                histogram: postDialDelay),
            MetricFamily(
                "outdial_call_duration_seconds", help: "From the answer to the end.", histogram: talkTime),
            MetricFamily(
                "outdial_rtp_jitter_seconds", help: "Interarrival jitter of each call at its end.",
                histogram: jitter),
            MetricFamily(
                "outdial_rtp_loss_ratio", help: "Packets lost per packet expected, of each call.",
                histogram: loss),
            MetricFamily(
                "outdial_rtp_round_trip_seconds", help: "Round trip by RTCP of each call at its end.",
                histogram: roundTrip),
            MetricFamily(
                "outdial_call_mos_inbound", help: "Mean opinion score (ITU-T G.107) of what each call heard.",
                histogram: opinion),
            MetricFamily(
                "outdial_call_mos_outbound",
                help: "Mean opinion score (ITU-T G.107) of what each far end heard, by its reports.",
                histogram: remoteOpinion),
            Self.counter(
                "outdial_rtp_rejected_total", help: "Datagrams that were not taken, by reason.",
                label: "reason", MediaRejections.Reason.allCases.map(\.rawValue),
                MediaRejections.Reason.allCases.map { rejections[$0] }),
            MetricFamily(
                "outdial_rtp_packets_discarded_total", .counter,
                help: "RTP packets that came too late to be played.",
                samples: [.init([], Double(packetsDiscarded))]),
            MetricFamily(
                "outdial_rtp_packets_total", .counter, help: "RTP packets of ended calls.",
                samples: [
                    .init([.init("direction", "sent")], Double(packetsSent)),
                    .init([.init("direction", "received")], Double(packetsReceived)),
                    .init([.init("direction", "lost")], Double(packetsLost)),
                ]),
            MetricFamily(
                "outdial_rtp_frames_concealed_total", .counter, help: "Frames made up for lost ones.",
                samples: [.init([], Double(framesConcealed))]),
        ]
    }

    /// Only those that came: at most as many lines as there are status codes.
    private var statusSamples: [MetricFamily.Sample] {
        statuses.enumerated().filter { $0.element > 0 }.map { status, count in
            .init(
                [.init("class", status == 0 ? "none" : "\(status / 100)xx"), .init("code", String(status))],
                Double(count))
        }
    }

    private static func counter(
        _ name: String, help: String, label: String, _ values: [String], _ counts: [Int]
    ) -> MetricFamily {
        MetricFamily(
            name, .counter, help: help,
            samples: zip(values, counts).map { .init([.init(label, $0)], Double($1)) })
    }
}
