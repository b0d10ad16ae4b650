internal import SansIO

/// Names of files for the recordings of rooms, which may be called alike: none that is given already, none of a file that is there.
final class RecordingNames: Sendable {
    /// Names remembered; by then the file of the oldest is there.
    private static let limit = 4_096

    // Guards the paths that were given, the newest last: a file is made with the first audio.
    private let given = Locked<[String]>([])

    /// - Returns: `name`, or `name` with a number from 2 on behind it.
    func reserve(_ name: String, _ settings: RecordingSettings, through driver: any Driver) async -> String {
        var number = 1
        while true {
            let candidate = number == 1 ? name : "\(name)-\(number)"
            let path = settings.path(of: candidate)
            let isThere = try? await driver.runBlocking(lane: path) { OwnedFile.exists(path) }
            if isThere != true, give(path) { return candidate }
            number += 1
        }
    }

    private func give(_ path: String) -> Bool {
        given.withLock { given in
            guard !given.contains(path) else { return false }
            if given.count >= Self.limit { given.removeFirst() }
            given.append(path)
            return true
        }
    }
}
