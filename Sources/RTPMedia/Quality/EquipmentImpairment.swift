/// What a codec costs in the E-model: Ie without loss, and Bpl, how well it bears it.
public struct EquipmentImpairment: Hashable, Sendable {
    /// Ie, 0...95.
    public var impairment: Double
    /// Bpl; the greater, the less a lost packet is heard.
    public var lossRobustness: Double

    public init(impairment: Double, lossRobustness: Double) {
        self.impairment = min(max(impairment, 0), 95)
        self.lossRobustness = max(lossRobustness, 0.1)
    }

    /// G.711 with concealment (ITU-T G.113 Appendix I, table I.4).
    public static let g711 = Self(impairment: 0, lossRobustness: 25.1)
    /// G.711 with silence in the place of lost packets (the same table).
    public static let g711WithoutConcealment = Self(impairment: 0, lossRobustness: 4.3)

    /// What is assumed for a codec.
    ///
    /// G.711 is ITU-T's. The wideband codecs have figures on scales of their own (G.107.1, G.107.2), which are not comparable;
    /// here they count, on the narrowband scale, as G.711 with concealment: an assumption that makes them no
    /// better than a clean G.711 call, which people would rate lower.
    public init(codec: AudioCodecKind) { self = .g711 }
}
