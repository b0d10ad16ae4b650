public import Telephony

/// Speech to text for the callee's turns.
///
/// The bridge calls it once per turn, one after another for one call, beside the conversation. When the call ends, what
/// is still to come has half a second; then the turn stays untranscribed.
public protocol Transcriber: Sendable {
    /// What stands in the transcript as the source of the words.
    var source: TranscriptEntry.Source { get }

    /// Whether ``VoiceSegment/samples`` is to be filled; false saves the copying.
    var needsAudio: Bool { get }

    /// The words of one turn; `nil` or a throw leaves it untranscribed.
    func transcribe(_ segment: VoiceSegment) async throws -> String?
}

/// One turn of the callee, for a transcriber.
public struct VoiceSegment: Hashable, Sendable {
    public var call: CallID
    /// The number or URI that was dialed.
    public var callee: String
    /// Milliseconds since the answer.
    public var startMilliseconds: Int
    public var endMilliseconds: Int
    public var rateHertz: Int
    /// The turn's audio with up to 300 ms before it, at most 60 s; empty when the transcriber needs none.
    public var samples: [Int16]

    public init(
        call: CallID, callee: String, startMilliseconds: Int, endMilliseconds: Int, rateHertz: Int,
        samples: [Int16] = []
    ) {
        self.call = call
        self.callee = callee
        self.startMilliseconds = startMilliseconds
        self.endMilliseconds = endMilliseconds
        self.rateHertz = rateHertz
        self.samples = samples
    }
}
