internal import SansIO

/// The E-model (ITU-T G.107, 06/2015): what a planner expects people to say of a narrowband connection.
///
/// All parameters begin at their default (table 2), with which ``rating`` is 93.2.
public struct EModel: Hashable, Sendable {
    /// Loudness ratings of sender and receiver, and sidetone masking rating, dB.
    public var sendLoudness = 8.0
    public var receiveLoudness = 2.0
    public var sidetoneMasking = 15.0
    /// D-factors of sender and receiver.
    public var sendD = 3.0
    public var receiveD = 3.0
    /// Talker echo loudness rating, dB: 65 as with echo cancellers.
    public var talkerEcho = 65.0
    /// Weighted echo path loss for the listener, dB.
    public var weightedEchoPathLoss = 110.0
    /// Mean one-way delay of the echo path (T), round-trip delay in the loop (Tr) and absolute one-way delay (Ta),
    /// milliseconds.
    public var meanOneWayDelay = 0.0
    public var roundTripDelay = 0.0
    public var absoluteDelay = 0.0
    /// Quantization distortion units, 1...14.
    public var quantizationUnits = 1.0
    /// Of the codec: Ie, Bpl.
    public var equipment = EquipmentImpairment.g711
    /// Packets missing, 0...1, and how far in runs (at least 1).
    public var packetLoss = 0.0
    public var burstRatio = 1.0
    /// Circuit noise dBm0p, noise floor dBmp, room noise of sender and receiver dB(A).
    public var circuitNoise = -70.0
    public var noiseFloor = -64.0
    public var sendRoomNoise = 35.0
    public var receiveRoomNoise = 35.0
    /// What people forgive for the sake of convenience (G.107 table 3), 0...20.
    public var advantage = 0.0
    /// Sensitivity to delay, and the delay from which it is noticed, milliseconds.
    public var delaySensitivity = 1.0
    public var leastPerceivedDelay = 100.0

    public init() {}

    /// A connection without echo problems: all three delays from the one way.
    ///
    /// - Parameter oneWayDelay: Mouth to ear.
    public init(
        oneWayDelay: Duration, equipment: EquipmentImpairment, packetLoss: Double, burstRatio: Double = 1
    ) {
        let milliseconds = min(max(oneWayDelay.inMilliseconds, 0), 10_000)
        absoluteDelay = milliseconds
        meanOneWayDelay = milliseconds
        roundTripDelay = 2 * milliseconds
        self.equipment = equipment
        self.packetLoss = min(max(packetLoss, 0), 1)
        self.burstRatio = max(burstRatio, 1)
    }

    /// The transmission rating factor R: below 0 is unusable, 93.2 the default connection (§7.1).
    public var rating: Double {
        let noise = noiseSum
        let signal = 15 - 1.5 * (sendLoudness + noise)
        return signal - simultaneous(signal, noise) - delayImpairment(signal, noise) - effectiveEquipment
            + advantage
    }

    /// R with nothing but what a listener hears: without delay and echo.
    public var listeningRating: Double {
        var listener = self
        (listener.absoluteDelay, listener.meanOneWayDelay, listener.roundTripDelay) = (0, 0, 0)
        return listener.rating
    }

    /// Mean opinion score that a rating stands for, 1...4.5 (Annex B).
    public static func meanOpinionScore(rating: Double) -> Double {
        guard rating > 0 else { return 1 }
        guard rating < 100 else { return 4.5 }
        // The cubic dips below 1 for ratings under 6.5.
        return max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
    }

    // MARK: Ro

    /// No: all noise at the 0 dBr point (§7.2).
    private var noiseSum: Double {
        let overall = sendLoudness + receiveLoudness
        let sendRoom =
            sendRoomNoise - sendLoudness - sendD - 100
            + 0.004 * Self.square(sendRoomNoise - overall - sendD - 14)
        let effectiveRoom =
            receiveRoomNoise + 10
            * Exponentials.log10(1 + Exponentials.exp10((10 - (sidetoneMasking + receiveD)) / 10))
        let receiveRoom = receiveLoudness - 121 + effectiveRoom + 0.008 * Self.square(effectiveRoom - 35)
        let floor = noiseFloor + receiveLoudness
        var sum = 0.0
        for level in [circuitNoise, sendRoom, receiveRoom, floor] { sum += Exponentials.exp10(level / 10) }
        return 10 * Exponentials.log10(sum)
    }

    // MARK: Is

    /// Impairments that come with the voice itself (§7.3).
    private func simultaneous(_ signal: Double, _ noise: Double) -> Double {
        let excess = sendLoudness + receiveLoudness + 0.2 * (64 + noise - receiveLoudness)
        let loudness = 20 * (Self.root(1 + Exponentials.power(excess / 8, 8), 8) - excess / 8)
        let q = 37 - 15 * Exponentials.log10(max(quantizationUnits, 1))
        let g = 1.07 + 0.258 * q + 0.0602 * q * q
        let y = (signal - 100) / 15 + 46 / 8.4 - g / 9
        let z = 46.0 / 30 - g / 40
        return loudness + sidetone + 15
            * Exponentials.log10(1 + Exponentials.exp10(y) + Exponentials.exp10(z))
    }

    /// Ist.
    private var sidetone: Double {
        let effective =
            -10
            * Exponentials.log10(
                Exponentials.exp10(-sidetoneMasking / 10) + Exponentials.exp(-meanOneWayDelay / 4)
                    * Exponentials.exp10(-talkerEcho / 10))
        return 12 * Self.root(1 + Exponentials.power((effective - 13) / 6, 8), 8)
            - 28 * Self.root(1 + Exponentials.power((effective + 1) / 19.4, 35), 35)
            - 13 * Self.root(1 + Exponentials.power((effective - 3) / 33, 13), 13) + 29
    }

    // MARK: Id

    /// Impairments that come late: talker echo, listener echo, delay itself (§7.4).
    private func delayImpairment(_ signal: Double, _ noise: Double) -> Double {
        let delay = meanOneWayDelay
        var echo =
            talkerEcho - 40 * Exponentials.log10((1 + delay / 10) / (1 + delay / 150)) + 6
            * Exponentials.exp(-0.3 * delay * delay)
        if sidetoneMasking < 9 { echo += sidetone / 2 }
        let talker = 80 + 2.5 * (echo - 14)
        let undisturbed = -1.5 * (noise - receiveLoudness)
        let half = (undisturbed - talker) / 2
        var talkerImpairment = (half + (half * half + 100).squareRoot() - 1) * (1 - Exponentials.exp(-delay))
        if sidetoneMasking > 20 {
            talkerImpairment = (Self.square(talkerImpairment) + Self.square(sidetone)).squareRoot()
        }
        let listener = 10.5 * (weightedEchoPathLoss + 7) * Exponentials.power(roundTripDelay + 1, -0.25)
        let halfListener = (signal - listener) / 2
        let listenerImpairment = halfListener + (halfListener * halfListener + 169).squareRoot()
        return talkerImpairment + listenerImpairment + pureDelayImpairment
    }

    /// Idd.
    private var pureDelayImpairment: Double {
        guard absoluteDelay > leastPerceivedDelay else { return 0 }
        let x = Exponentials.log2(absoluteDelay / leastPerceivedDelay)
        let exponent = 6 * delaySensitivity
        return 25
            * (Self.root(1 + Exponentials.power(x, exponent), exponent) - 3
                * Self.root(1 + Exponentials.power(x / 3, exponent), exponent) + 2)
    }

    // MARK: Ie-eff

    /// The codec's impairment with this loss (§7.5).
    private var effectiveEquipment: Double {
        let percent = packetLoss * 100
        guard percent > 0 else { return equipment.impairment }
        return equipment.impairment
            + (95 - equipment.impairment) * percent / (percent / burstRatio + equipment.lossRobustness)
    }

    private static func square(_ x: Double) -> Double { x * x }
    private static func root(_ x: Double, _ n: Double) -> Double { Exponentials.power(x, 1 / n) }
}
