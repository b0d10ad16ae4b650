internal import Telephony

/// The fields of one JSON object in a script, read with errors that name the step and the field.
package struct ScriptFields {
    package struct Key: CodingKey, Hashable {
        package let stringValue: String
        package var intValue: Int? { nil }
        package init(_ text: String) { stringValue = text }
        package init?(stringValue: String) { self.init(stringValue) }
        package init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Key>
    package let step: Int?
    private let path: String
    private var known: Set<String> = []

    /// - Parameter path: Where the object stands, for example `branch`; empty at the top.
    package init(_ decoder: any Decoder, step: Int?, path: String) throws {
        do {
            container = try decoder.container(keyedBy: Key.self)
        } catch is DecodingError {
            throw ScriptError(
                step: step, field: path.isEmpty ? "script" : path, problem: .wrongType(expected: "an object"))
        }
        self.step = step
        self.path = path
    }

    /// Names that are there, sorted.
    package var names: [String] { container.allKeys.map(\.stringValue).sorted() }

    package func error(_ name: String, _ problem: ScriptError.Problem) -> ScriptError {
        ScriptError(step: step, field: path.isEmpty ? name : "\(path).\(name)", problem: problem)
    }

    /// - Parameter expected: What it has to be, for the error: `a number of seconds`.
    package mutating func optional<Value: Decodable>(
        _ name: String, as type: Value.Type = Value.self, _ expected: String
    ) throws -> Value? {
        known.insert(name)
        guard container.contains(Key(name)) else { return nil }
        do {
            return try container.decode(Value.self, forKey: Key(name))
        } catch is DecodingError {
            throw error(name, .wrongType(expected: expected))
        }
    }

    package mutating func required<Value: Decodable>(
        _ name: String, as type: Value.Type = Value.self, _ expected: String
    ) throws -> Value {
        guard let value = try optional(name, as: type, expected) else { throw error(name, .missing) }
        return value
    }

    /// A time between zero and an hour.
    package mutating func seconds(_ name: String, default standard: Duration?) throws -> Duration {
        guard let value = try optional(name, as: Double.self, "a number of seconds") else {
            guard let standard else { throw error(name, .missing) }
            return standard
        }
        guard value >= 0, value <= 3_600 else { throw error(name, .notAllowed(expected: "0...3600 seconds")) }
        return .nanoseconds(Int64(value * 1e9))
    }

    package mutating func milliseconds(_ name: String, default standard: Duration?) throws -> Duration {
        guard let value = try optional(name, as: Int.self, "a whole number of milliseconds") else {
            guard let standard else { throw error(name, .missing) }
            return standard
        }
        guard (0...3_600_000).contains(value) else {
            throw error(name, .notAllowed(expected: "0...3600000 milliseconds"))
        }
        return .milliseconds(value)
    }

    /// One key of a telephone.
    package mutating func telephoneKey(_ name: String) throws -> Character? {
        guard let text = try optional(name, as: String.self, "one telephone key") else { return nil }
        guard text.count == 1, let key = text.first, "0123456789*#ABCD".contains(key) else {
            throw error(name, .notAllowed(expected: "one of 0-9, *, #, A-D"))
        }
        return key
    }

    /// An answering policy; its errors name their field.
    mutating func answering(_ name: String) throws -> AnsweringPolicy? {
        known.insert(name)
        guard container.contains(Key(name)) else { return nil }
        do {
            return try container.decode(AnsweringPolicy.self, forKey: Key(name))
        } catch DecodingError.typeMismatch(let type, let context) {
            let expected = [
                "\(String.self)": "a text", "\(Double.self)": "a number of seconds",
            ]["\(type)", default: "an object"]
            throw error(Self.path(context, name), .wrongType(expected: expected))
        } catch DecodingError.dataCorrupted(let context) {
            let text = context.debugDescription
            let prefix = "must be "
            let problem: ScriptError.Problem =
                text.hasPrefix(prefix)
                ? .notAllowed(expected: String(text.dropFirst(prefix.count))) : .unknown
            throw error(Self.path(context, name), problem)
        } catch is DecodingError {
            throw error(name, .wrongType(expected: "an object"))
        }
    }

    private static func path(_ context: DecodingError.Context, _ name: String) -> String {
        let names = context.codingPath.map(\.stringValue)
        return (names.firstIndex(of: name).map { names[$0...] } ?? names[...]).joined(separator: ".")
    }

    package func nested(_ name: String) throws -> ScriptFields {
        guard container.contains(Key(name)) else { throw error(name, .missing) }
        return try ScriptFields(
            try container.superDecoder(forKey: Key(name)), step: step,
            path: path.isEmpty ? name : "\(path).\(name)")
    }

    /// Throws for a field that nobody asked for: a misspelt one would be silently ignored otherwise.
    package func finish() throws {
        for name in names where !known.contains(name) { throw error(name, .unknown) }
    }

    package mutating func know(_ name: String) { known.insert(name) }
}
