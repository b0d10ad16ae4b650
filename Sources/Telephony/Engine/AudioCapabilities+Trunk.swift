internal import RTPMedia

extension AudioCapabilities {
    /// What calls over a trunk offer and accept.
    init(_ trunk: Trunk, _ configuration: DialerConfiguration) {
        self.init()
        codecs = trunk.codecs ?? configuration.codecs
        packetMilliseconds = trunk.packetMilliseconds
        // Who wants keys in the sound is not to be offered another way.
        telephoneEvents = trunk.dtmf != .inband
        // What our decoder can make use of.
        opus.usesForwardErrorCorrection = true
        security = trunk.mediaSecurity
        if let provider = configuration.mediaSecurity { cryptoSuites = provider.suites }
        multiplexing = trunk.multiplexing
        extendedReports = trunk.extendedReports
        comfortNoise = trunk.comfortNoise
    }
}
