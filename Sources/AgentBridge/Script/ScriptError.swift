/// Why a script of an agent or a callee cannot be run, and where.
public struct ScriptError: Error, Hashable, Sendable, CustomStringConvertible {
    @nonexhaustive
    public enum Problem: Hashable, Sendable {
        /// Not JSON; where, as the reader says.
        case notJSON(String)
        /// The file cannot be read.
        case unreadable
        case missing
        /// There, but of another type; what was expected.
        case wrongType(expected: String)
        /// Outside its range, or not one of the values allowed; which these are.
        case notAllowed(expected: String)
        /// No action or field of that name.
        case unknown
        /// Two labels with the same name, or two actions in one step.
        case duplicate
        /// A label that no step has.
        case noSuchLabel(String)
        case template(PromptTemplateError)
        /// A WAV file that is absent or cannot be decoded.
        case sound(String)
    }

    /// Index of the step, from 0; `nil` outside the steps.
    public var step: Int?
    /// The field, as a path: `branch.timeout`.
    public var field: String
    public var problem: Problem

    public init(step: Int?, field: String, problem: Problem) {
        self.step = step
        self.field = field
        self.problem = problem
    }

    public var description: String {
        let place = step.map { "step \($0), \(field)" } ?? field
        return switch problem {
        case .notJSON(let text): "\(place): not JSON: \(text)"
        case .unreadable: "\(place): cannot be read"
        case .missing: "\(place): missing"
        case .wrongType(let expected), .notAllowed(let expected): "\(place): must be \(expected)"
        case .unknown: "\(place): not known"
        case .duplicate: "\(place): given twice"
        case .noSuchLabel(let label): "\(place): no step is labelled \(label)"
        case .template(let error): "\(place): \(error)"
        case .sound(let reason): "\(place): \(reason)"
        }
    }
}
