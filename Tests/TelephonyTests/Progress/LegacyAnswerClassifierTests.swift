import Foundation
import RTPMedia
import Telephony
import TestSupport
import Testing

private func voice(_ milliseconds: Int) -> [Int16] {
    (0..<milliseconds * 8).map { $0 % 2 == 0 ? 1_000 : -1_000 }
}

private func words(_ count: Int, _ length: Int, pause: Int) -> [Int16] {
    (0..<count).flatMap { _ in silence(pause) + voice(length) }
}

@Suite("Answer classifier of Asterisk's app_amd")
struct LegacyAnswerClassifierTests {
    @Test(
        "Each rule gives its status, its cause and its time",
        arguments: [
            (silence(6_000), "MACHINE INITIALSILENCE-2500-2500", 2_500),
            (voice(300) + silence(2_000), "HUMAN HUMAN-800-800", 1_100),
            (voice(6_000), "MACHINE LONGGREETING-1500-1500", 1_500),
            (words(9, 120, pause: 100), "MACHINE MAXWORDS-3-2", 640),
            (words(60, 80, pause: 60), "NOTSURE TOOLONG-5000", 5_000),
            (voice(80) + silence(6_000), "MACHINE INITIALSILENCE-2500-2500", 2_580),
        ])
    func rules(audio: [Int16], evidence: String, milliseconds: Int) {
        let found = verdicts(on: audio, by: LegacyAnswerClassifier())
        #expect(found.map(\.evidence) == [evidence], "and it speaks once")
        #expect(found.map(\.atMilliseconds) == [milliseconds])
    }

    @Test("Parameters count: a shorter longest word, a higher threshold")
    func parameters() {
        var configuration = LegacyAnswerClassifier.Configuration()
        configuration.maximumWordLength = .milliseconds(1_000)
        let long = verdicts(on: voice(2_000), by: LegacyAnswerClassifier(configuration))
        #expect(long.map(\.evidence) == ["MACHINE MAXWORDLENGTH-1000"])
        var deaf = LegacyAnswerClassifier.Configuration()
        deaf.silenceThreshold = 1_001
        let quiet = verdicts(on: voice(3_000), by: LegacyAnswerClassifier(deaf))
        #expect(quiet.map(\.evidence) == ["MACHINE INITIALSILENCE-2500-2500"])
    }

    @Test("On recordings it says what Asterisk said, with the same cause")
    func agreesWithAsterisk() throws {
        guard let folder = try TestData.url("amd") else { return }
        var configuration = LegacyAnswerClassifier.Configuration()
        // Asterisk's causes there read MAXWORDS-4-3.
        configuration.maximumNumberOfWords = 3
        let rows = try TestData.rows(folder.appending(path: "baseline_asterisk_amd.csv"))
        var agreed = 0
        for row in rows {
            let bytes = try TestData.bytes(folder.appending(path: row["file"] ?? ""))
            let found = verdicts(
                on: try WAVFile(parsing: bytes).samples, by: LegacyAnswerClassifier(configuration))
            let theirs = "\(row["asterisk_amd"] ?? "") \(row["cause"] ?? "")"
            if found.map(\.evidence) == [theirs] {
                agreed += 1
            } else {
                print("\(row["file"] ?? ""): \(found.map(\.evidence)), Asterisk \(theirs)")
            }
        }
        #expect(rows.count > 80)
        #expect(agreed == rows.count)
    }
}
