/// Decides when comfort noise is sent in the place of silence (RFC 3389 §5), and what it says.
///
/// For 200 ms silence is still sent as audio; then its noise is told at once, again every 200 ms, and when its level
/// changes by 6 dB or more.
struct OutboundPause: Sendable {
    /// Mean square up to which a frame is silence: -65 dB from the overload point, about 18 of 32,768.
    private static let ceiling = 339.0
    /// 200 ms in frames.
    private static let period = 10
    /// Decibels.
    private static let change = 6

    private var silentFrames = 0
    private var meanSquare = 0.0
    /// Level that was told last; `nil` before the first description of a pause.
    private var told: UInt8?
    private var framesSinceTold = 0

    /// Takes the next frame of 20 ms at 8,000 Hz.
    ///
    /// - Returns: Whether it is not to be sent as audio.
    mutating func take(_ frame: Span<Int16>) -> Bool {
        meanSquare = Mixer.meanSquare(frame)
        guard meanSquare <= Self.ceiling else {
            self = OutboundPause()
            return false
        }
        guard silentFrames >= Self.period else {
            silentFrames += 1
            return false
        }
        return true
    }

    /// What is to be told of the frame just taken; `nil` when the far end knows well enough.
    mutating func takeNoise(_ frame: Span<Int16>) -> ComfortNoise? {
        framesSinceTold += 1
        let level = ComfortNoise(meanSquare: meanSquare).decibelsBelowOverload
        if let told, framesSinceTold < Self.period, abs(Int(told) - Int(level)) < Self.change { return nil }
        told = level
        framesSinceTold = 0
        return ComfortNoise(
            meanSquare: meanSquare, reflection: LinearPrediction.model(of: frame).reflection)
    }

    /// Something else is sent in the place of a frame; a pause that goes on behind it is told anew.
    mutating func interrupt() { told = nil }
}
