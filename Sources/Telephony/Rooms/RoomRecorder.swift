internal import RTPMedia

/// What is recorded of a room, on its loop: everybody in one file, and with ``RecordingSettings/Layout/separate`` each in one of its own.
final class RoomRecorder {
    private struct Party {
        var name: String
        var port: RecorderPort
        var hasSpoken = false
    }

    private let settings: RecordingSettings
    private let rateHertz: Int
    private let makeTrack: (_ suffix: String) -> RecordingTrack
    private var mix: RecorderPort
    /// By slot.
    private var parties: [Party?] = []
    /// How the files made so far end: names may differ in what a file's name does not have.
    private var suffixes: Set<String> = []
    private let silence: [Int16]
    private var frames = 0
    private(set) var isPaused = false

    /// - Parameter makeTrack: Makes a track whose writer runs already; its name's end says whose it is.
    init(
        _ settings: RecordingSettings, rateHertz: Int,
        makeTrack: @escaping (_ suffix: String) -> RecordingTrack
    ) {
        self.settings = settings
        self.rateHertz = rateHertz
        self.makeTrack = makeTrack
        silence = [Int16](repeating: 0, count: rateHertz / 50)
        mix = RecorderPort(makeTrack(""), rateHertz: rateHertz)
    }

    func sit(_ slot: Int, name: String) {
        guard settings.layout == .separate else { return }
        while parties.count <= slot { parties.append(nil) }
        let suffix = freeSuffix(for: name)
        suffixes.insert(suffix)
        var port = RecorderPort(makeTrack(suffix), rateHertz: rateHertz)
        port.begin(withSilence: frames * silence.count)
        parties[slot] = Party(name: name, port: port)
    }

    /// Somebody who comes again gets another file.
    private func freeSuffix(for name: String) -> String {
        let first = "-" + CallID(name).fileName
        var suffix = first
        var number = 1
        while suffixes.contains(suffix) {
            number += 1
            suffix = "\(first)-\(number)"
        }
        return suffix
    }

    func rise(_ slot: Int) {
        guard slot < parties.count else { return }
        parties[slot]?.port.finish()
        parties[slot] = nil
    }

    /// What a participant says in this tick; nothing while it is muted.
    func hear(_ seat: RoomSeat) {
        guard seat.slot < parties.count, parties[seat.slot] != nil else { return }
        let isHeard = seat.hasFrame && !isPaused && !seat.participation.isMuted
        parties[seat.slot]?.port.append(isHeard ? seat.frame : silence)
    }

    /// What everybody says in this tick. Its last call.
    func append(mix frame: [Int16]) {
        mix.append(isPaused ? silence : frame)
        frames += 1
    }

    /// - Returns: Whether that is a change.
    func setPaused(_ pauses: Bool) -> Bool {
        defer { isPaused = pauses }
        return isPaused != pauses
    }

    func finish() {
        mix.finish()
        for slot in parties.indices { rise(slot) }
    }
}
