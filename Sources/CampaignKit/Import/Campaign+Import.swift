public import SansIO

extension Campaign {
    /// Makes a campaign of a CSV and puts it into a store, ready to run.
    ///
    /// Rows that cannot be dialed are in the campaign's ``importReport``.
    ///
    /// - Parameters:
    ///   - csv: The whole file, read as ``RecipientCSV`` does.
    ///   - driver: Draws the id and tells the time of creation.
    /// - Returns: The id to give to a ``CampaignRunner``.
    /// - Throws: ``RecipientCSVError`` when there is no usable header, ``CampaignSettingsError``, ``CampaignStoreError``.
    public static func create(
        _ name: String, csv: [UInt8], settings: CampaignSettings = CampaignSettings(),
        in store: any CampaignStore,
        driver: any Driver
    ) async throws -> CampaignID {
        try settings.validate()
        var generator = driver.makeGenerator(label: "campaign id")
        let id = CampaignID(from: &generator)
        let read = try RecipientCSV.read(csv, for: id)
        let campaign = Campaign(
            id: id, name: name, createdAt: driver.wallClock, settings: settings, importReport: read.report)
        try await store.create(campaign, recipients: read.recipients)
        return id
    }
}
