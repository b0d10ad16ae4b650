/// Which callee answers at which number.
public struct CalleeDirectory: Sendable {
    private let find: @Sendable (String) -> CalleeScript?

    /// - Parameter find: The script for a number as dialed; `nil` answers 404. Called on the peer's executor: it must
    ///   be quick and depend on the number alone.
    public init(_ find: @escaping @Sendable (_ number: String) -> CalleeScript?) { self.find = find }

    /// - Parameters:
    ///   - numbers: Scripts by number; only digits count, so `+1 555 0100` and `15550100` are the same.
    ///   - standard: For every other number; `nil` answers 404.
    public init(_ numbers: [String: CalleeScript] = [:], default standard: CalleeScript? = nil) {
        var table: [String: CalleeScript] = [:]
        for (number, script) in numbers { table[Self.digits(of: number)] = script }
        find = { [table] in table[Self.digits(of: $0)] ?? standard }
    }

    func script(for number: String) -> CalleeScript? { find(number) }

    /// The digits of a number or of the user part of a URI; the text itself when it has none.
    static func digits(of number: String) -> String {
        let user = number.split(separator: "@", maxSplits: 1).first ?? ""
        let digits = user.filter { $0.isASCII && $0.isNumber }
        return digits.isEmpty ? String(user) : digits
    }
}
