public import RTPMedia

/// What this build has of Opus.
public enum OpusCodecs {
    /// ``OpusCodecProvider`` with its defaults where the trait `Opus` is on; none where it is off.
    public static var providers: [any AudioCodecProvider] {
        #if Opus
            [OpusCodecProvider()]
        #else
            []
        #endif
    }
}
