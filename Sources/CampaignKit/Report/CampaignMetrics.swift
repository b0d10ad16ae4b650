public import Telephony

extension CampaignProgress {
    /// Where the campaign stands, for ``Telephony/MetricsObserver/publish(_:as:)``.
    public func metrics(of campaign: CampaignID) -> [MetricFamily] {
        let label = MetricFamily.Label("campaign", campaign.rawValue)
        return [
            MetricFamily(
                "outdial_campaign_recipients", .gauge, help: "Recipients of a campaign, by where they stand.",
                samples: RecipientState.allCases.map { state in
                    .init([label, .init("state", state.rawValue)], Double(counts[state]))
                }),
            MetricFamily(
                "outdial_campaign_calls_active", .gauge, help: "Calls of a campaign begun and not ended.",
                samples: [.init([label], Double(running))]),
        ]
    }
}
