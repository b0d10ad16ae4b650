internal import RTPMedia

/// Mean opinion scores of a call by the E-model (ITU-T G.107), 1...4.5, as of somebody in a conversation: above 4 most are
/// content, below 3.6 many complain, below 3.1 nearly all.
///
/// The short form of what the ``CallRecord`` tells in full (``MediaStatistics/inboundQuality``).
public struct CallQuality: Hashable, Sendable, Codable {
    /// Of what we heard; `nil` when nothing came.
    public var inbound: Double?
    /// Of what the far end heard of us; `nil` when it sent no report.
    public var outbound: Double?

    public init(inbound: Double? = nil, outbound: Double? = nil) {
        self.inbound = inbound
        self.outbound = outbound
    }

    /// The worse of the two; `nil` when neither is known.
    public var worst: Double? {
        guard let inbound, let outbound else { return inbound ?? outbound }
        return min(inbound, outbound)
    }
}

extension CallQuality {
    /// - Returns: `nil` when neither direction is known.
    init?(_ figures: MediaStatistics) {
        self.init(
            inbound: figures.inboundQuality?.mosConversational,
            outbound: figures.outboundQuality?.mosConversational)
        if worst == nil { return nil }
    }
}
