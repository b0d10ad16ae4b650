internal import CallSimulator
internal import Telephony
internal import Testing

@Suite("Answering policies against callees drawn by hundreds, with the classifier of production", .serialized)
struct AnsweringSweepTests {
    /// Calls of the sweep.
    private static let calls: UInt64 = 160

    private struct Finding: Sendable {
        var seed: UInt64
        var kind: DrawnCallee.Kind
        var faults: [String]
        var misjudged: String?
    }

    private static func finding(_ seed: UInt64) throws -> Finding {
        let callee = DrawnCallee(seed: seed)
        let rules = AnsweringRules(callee, try callee.call())
        return Finding(
            seed: seed, kind: callee.kind, faults: rules.faults,
            misjudged: rules.isMisjudged ? rules.firstVerdict?.evidence ?? "nothing" : nil)
    }

    @Test("Whoever answers, over whatever line: the policy holds, and the classifier errs in 5 % at most")
    func sweep() async throws {
        let findings = try await withThrowingTaskGroup(of: [Finding].self) { group in
            for lane in 0..<4 as Range<UInt64> {
                group.addTask { try stride(from: lane, to: Self.calls, by: 4).map { try Self.finding($0) } }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted { $0.seed < $1.seed }
        }
        for finding in findings {
            #expect(finding.faults.isEmpty, "seed \(finding.seed), \(finding.kind): \(finding.faults)")
        }
        let judged: [DrawnCallee.Kind] = [.person, .voicemail, .voicemailWithoutBeep, .fax, .nobody]
        let all = findings.count { judged.contains($0.kind) }
        let wrong = findings.compactMap { finding in
            finding.misjudged.map { "seed \(finding.seed), \(finding.kind): \($0)" }
        }
        #expect(wrong.count * 20 <= all, "\(wrong.count) of \(all): \(wrong)")
    }

    @Test("The same seed is the same call", arguments: [1, 4, 5, 11, 15] as [UInt64])
    func replay(seed: UInt64) throws {
        let digests = try (0..<2).map { _ in try DrawnCallee(seed: seed).call().traceDigest }
        #expect(digests[0] == digests[1])
    }
}
