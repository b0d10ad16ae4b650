internal import SansIO
/// One planted fault and the rule that has to find it.
public struct Canary: Sendable {
    public let name: String
    public let invariant: Invariant
    let violations: @Sendable () throws -> [Violation]

    /// Runs the scenario with the fault in it.
    ///
    /// - Returns: Whether the rule objected, and its first objection (or what happened instead).
    public func sing() -> (isFound: Bool, detail: String) {
        do {
            let found = try violations()
            if let first = found.first(where: { $0.invariant == invariant }) { return (true, "\(first)") }
            return (false, found.isEmpty ? "no violation" : "only \(found.map(\.description))")
        } catch {
            return (false, "\(error)")
        }
    }

    public static let all: [Canary] = []
}
