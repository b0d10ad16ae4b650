internal import SansIO
internal import Telephony

/// The agent's utterances on their way to the wire, in order, each known to the sample.
///
/// Pure: it keeps what is waiting, hands it on in pieces through an ``Output``, and learns from the output's position
/// what has been sent. Its owner calls it under one lock together with the output, so nothing can be queued between a
/// cut and its bookkeeping.
struct SpeechQueue {
    /// Where the samples go: ``CallAudio`` in a call.
    protocol Output {
        func offer(_ samples: ArraySlice<Int16>) -> (accepted: Int, end: Int64)
        func mark(_ name: String)
        func clear() -> Int64
        var samplesSent: Int64 { get }
        var samplesQueued: Int { get }
    }

    private struct Utterance {
        let id: UtteranceID
        /// Words by the samples they are spoken in; an open end is the utterance's.
        var texts: [(words: String, start: Int, end: Int?)]
        /// Not yet handed to the output.
        var waiting: ArraySlice<Int16> = []
        var given = 0
        var handed = 0
        var isEnded = false
        /// Output position and instant of its first sample, once handed.
        var start: (position: Int64, instant: MonotonicInstant)?
        /// Marks by the sample of this utterance they follow, ascending.
        var marks: [(after: Int, name: String)] = []

        var text: String { texts.map(\.words).joined() }

        /// The words wholly within the first `sent` samples.
        func text(upTo sent: Int) -> String {
            var words = ""
            for text in texts where text.start <= sent {
                let end = text.end ?? given
                words += SpokenUtterance.words(
                    of: text.words, sent: sent - text.start, total: end - text.start)
                if sent < end { break }
            }
            while words.last?.isWhitespace == true { words.removeLast() }
            return words
        }
    }

    let rateHertz: Int
    let answeredAt: MonotonicInstant
    /// Samples handed on before they are due: enough that a late thread is not heard, little enough to keep calls small.
    private var lead: Int { rateHertz * 6 }
    private var pieceLimit: Int { rateHertz * 2 }

    private var utterances: [Utterance] = []
    private var nextID = 0
    /// Grows with every cut, so that marks of cleared audio are known for what they are.
    private(set) var generation = 0
    private(set) var waitingSamples = 0

    init(rateHertz: Int, answeredAt: MonotonicInstant) {
        self.rateHertz = rateHertz
        self.answeredAt = answeredAt
    }

    /// Utterances that are open, waiting or being sent.
    var count: Int { utterances.count }
    var isIdle: Bool { utterances.isEmpty }
    /// Whether audio of an utterance is on its way, as opposed to one that is open and has none yet.
    var isSpeaking: Bool { utterances.contains { $0.start != nil } }

    /// Name of the queue's own marks.
    static let markPrefix = "outdial.speech."
    private var markName: String { Self.markPrefix + String(generation) }

    mutating func open(text: String) -> UtteranceID {
        let id = UtteranceID(rawValue: nextID)
        nextID += 1
        utterances.append(Utterance(id: id, texts: text.isEmpty ? [] : [(text, 0, nil)]))
        return id
    }

    /// Adds audio and text to an open utterance.
    ///
    /// - Returns: False when it has ended or was cut.
    mutating func append(_ samples: [Int16], text: String, to id: UtteranceID) -> Bool {
        guard let index = index(of: id), !utterances[index].isEnded else { return false }
        utterances[index].waiting.append(contentsOf: samples)
        let start = utterances[index].given
        utterances[index].given += samples.count
        if !text.isEmpty { utterances[index].texts.append((text, start, start + samples.count)) }
        waitingSamples += samples.count
        return true
    }

    /// No more audio comes for it.
    mutating func end(_ id: UtteranceID) {
        guard let index = index(of: id) else { return }
        utterances[index].isEnded = true
    }

    /// Asks for a mark after everything given so far.
    mutating func mark(_ name: String, output: some Output) {
        guard let last = utterances.indices.last else { return output.mark(name) }
        if utterances[last].waiting.isEmpty, utterances[last].start != nil {
            output.mark(name)
        } else {
            utterances[last].marks.append((utterances[last].given, name))
        }
    }

    /// Hands on what may go now, in order.
    mutating func feed(_ output: some Output, at now: MonotonicInstant) {
        for index in utterances.indices {
            guard hand(index, to: output, at: now), utterances[index].isEnded else { return }
        }
    }

    /// Hands on one utterance as far as the lead allows.
    ///
    /// - Returns: Whether nothing of it is left to hand on.
    private mutating func hand(_ index: Int, to output: some Output, at now: MonotonicInstant) -> Bool {
        while true {
            while let mark = utterances[index].marks.first, mark.after <= utterances[index].handed {
                output.mark(mark.name)
                utterances[index].marks.removeFirst()
            }
            if utterances[index].waiting.isEmpty { break }
            let queued = output.samplesQueued
            let room = lead - queued
            guard room > 0 else { return false }
            var size = min(room, pieceLimit, utterances[index].waiting.count)
            if let mark = utterances[index].marks.first {
                size = min(size, mark.after - utterances[index].handed)
            }
            let (accepted, end) = output.offer(utterances[index].waiting.prefix(size))
            guard accepted > 0 else { return false }
            if utterances[index].start == nil {
                let delay = Duration.nanoseconds(Int64(queued) * 1_000_000_000 / Int64(rateHertz))
                utterances[index].start = (end - Int64(accepted), now.advanced(by: delay))
            }
            utterances[index].waiting = utterances[index].waiting.dropFirst(accepted)
            utterances[index].handed += accepted
            waitingSamples -= accepted
            output.mark(markName)
        }
        if utterances[index].start == nil, utterances[index].isEnded {
            utterances[index].start = (output.samplesSent + Int64(output.samplesQueued), now)
            output.mark(markName)
        }
        return true
    }

    /// Takes out the utterances that have been sent whole by now.
    mutating func takeFinished(sent: Int64, at now: MonotonicInstant) -> [SpokenUtterance] {
        var finished: [SpokenUtterance] = []
        while let first = utterances.first, first.isEnded, first.waiting.isEmpty, first.marks.isEmpty,
            let start = first.start, start.position + Int64(first.handed) <= sent
        {
            finished.append(result(of: first, sent: sent, at: now, isCut: false))
            utterances.removeFirst()
        }
        return finished
    }

    /// Everything not sent is gone: by ``Output/clear()``, which the owner has called, or with the call.
    ///
    /// - Parameter sent: The output's position at the cut.
    /// - Returns: What became of each utterance, and the marks that were never handed on.
    mutating func cut(sent: Int64, at now: MonotonicInstant) -> (spoken: [SpokenUtterance], marks: [String]) {
        let spoken = utterances.map { utterance in
            let end = utterance.start.map { $0.position + Int64(utterance.handed) }
            let isWhole = utterance.isEnded && utterance.waiting.isEmpty && (end ?? .max) <= sent
            return result(of: utterance, sent: sent, at: now, isCut: !isWhole)
        }
        let marks = utterances.flatMap { $0.marks.map(\.name) }
        utterances.removeAll()
        waitingSamples = 0
        generation += 1
        return (spoken, marks)
    }

    private func result(
        of utterance: Utterance, sent: Int64, at now: MonotonicInstant, isCut: Bool
    ) -> SpokenUtterance {
        let reached = utterance.start.map { min(Int64(utterance.handed), max(0, sent - $0.position)) } ?? 0
        let samplesSent = Int(reached)
        let end = milliseconds(now)
        return SpokenUtterance(
            id: utterance.id, text: utterance.text,
            textSent: isCut ? utterance.text(upTo: samplesSent) : utterance.text,
            samplesGiven: utterance.given, samplesSent: samplesSent, isCutOff: isCut,
            startMilliseconds: min(end, utterance.start.map { milliseconds($0.instant) } ?? end),
            endMilliseconds: end)
    }

    private func milliseconds(_ instant: MonotonicInstant) -> Int {
        max(0, Int(answeredAt.duration(to: instant).nanoseconds / 1_000_000))
    }

    private func index(of id: UtteranceID) -> Int? { utterances.firstIndex { $0.id == id } }
}

extension CallAudio: SpeechQueue.Output {}
