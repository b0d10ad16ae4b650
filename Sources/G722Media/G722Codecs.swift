public import RTPMedia

/// What this build has of G.722.
public enum G722Codecs {
    /// ``G722CodecProvider`` where the trait `G722` is on; none where it is off.
    public static var providers: [any AudioCodecProvider] {
        #if G722
            [G722CodecProvider()]
        #else
            []
        #endif
    }
}
