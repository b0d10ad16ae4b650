internal import Foundation
internal import SansIO
internal import Telephony

/// The files that a command leaves of its calls: one pcap, a ladder and a JSON record per call.
final class Captures: Sendable {
    /// What is written, and where. Directories are made.
    struct Targets {
        var pcap: String?
        /// Holds `ID.ladder.txt` of each call.
        var ladders: String?
        /// Holds `ID.json` of each call.
        var records: String?
    }

    private let pcap: PcapObserver?
    private let ladders: LadderObserver?
    private let records: RecordWriter?
    let observers: [any CallObserver]

    /// - Throws: ``Telephony/FileError`` when a file cannot be made.
    init(_ targets: Targets) throws {
        var observers: [any CallObserver] = []
        let complain: @Sendable (Telephony.FileError) -> Void = { Output.error($0.description) }
        pcap = try targets.pcap.map { try PcapObserver(path: $0, onFailure: complain) }
        if let pcap { observers.append(pcap) }
        if let directory = targets.ladders {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let observer = LadderObserver(directory: directory, onFailure: complain)
            ladders = observer
            observers.append(observer)
        } else {
            ladders = nil
        }
        if let directory = targets.records {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let writer = RecordWriter(directory: directory)
            observers.append(writer)
            records = writer
        } else {
            records = nil
        }
        self.observers = observers
    }

    /// Writes what is still held back.
    func flush() {
        pcap?.flush()
        ladders?.flush()
        records?.flush()
    }
}

/// Writes each call's record as JSON, off the dialer's loop.
private final class RecordWriter: CallObserver {
    private let directory: String
    private let queue = DispatchQueue(label: "outdial.records")

    init(directory: String) { self.directory = directory }

    /// The process must not end before the last record is there.
    func flush() { queue.sync {} }

    deinit { flush() }

    func callEnded(_ record: CallRecord) {
        let path = "\(directory)/\(record.id.fileName).json"
        queue.async {
            do {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                try encoder.encode(record).write(to: URL(filePath: path))
            } catch {
                Output.error("cannot write \(path): \(error.localizedDescription)")
            }
        }
    }
}
