/// A text with `{{variable}}` places, filled from a call's context.
///
/// `{{name|there}}` says *there* when `name` is absent or empty. `\{{` is two literal braces, `\\` before a place is one
/// literal backslash. Spaces inside the braces are ignored; names are letters, digits, `_`, `-`, `.` and spaces.
public struct PromptTemplate: Hashable, Sendable {
    private enum Part: Hashable, Sendable {
        case text(String)
        case variable(name: String, fallback: String?, offset: Int)
    }

    private let parts: [Part]

    /// - Throws: ``PromptTemplateError`` with the byte offset of the fault.
    public init(_ source: String) throws(PromptTemplateError) {
        let bytes = Array(source.utf8)
        var parts: [Part] = []
        var text: [UInt8] = []
        var index = 0
        func opens(at index: Int) -> Bool {
            index + 1 < bytes.count && bytes[index] == UInt8(ascii: "{")
                && bytes[index + 1] == UInt8(ascii: "{")
        }
        while index < bytes.count {
            let isBackslash = bytes[index] == UInt8(ascii: "\\")
            if isBackslash, opens(at: index + 1) {
                text += [UInt8(ascii: "{"), UInt8(ascii: "{")]
                index += 3
            } else if isBackslash, index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\\"),
                opens(at: index + 2)
            {
                text.append(UInt8(ascii: "\\"))
                index += 2
            } else if opens(at: index) {
                if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
                text.removeAll()
                guard let end = Self.closing(from: index + 2, in: bytes) else {
                    throw .unclosed(offset: index)
                }
                parts.append(try Self.place(bytes[index + 2..<end], offset: index))
                index = end + 2
            } else {
                text.append(bytes[index])
                index += 1
            }
        }
        if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
        self.parts = parts
    }

    /// Names that occur, each once, in order of appearance.
    public var variables: [String] {
        var names: [String] = []
        for case .variable(let name, _, _) in parts where !names.contains(name) { names.append(name) }
        return names
    }

    /// Fills every place.
    ///
    /// - Parameter context: Values by name; names are compared exactly.
    /// - Throws: ``PromptTemplateError/unknownVariable(name:offset:)`` for a name that the context lacks and that has no
    ///   fallback.
    public func render(_ context: [String: String]) throws(PromptTemplateError) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .variable(let name, let fallback, let offset):
                if let value = context[name], !value.isEmpty || fallback == nil {
                    text += value
                } else if let fallback {
                    text += fallback
                } else {
                    throw .unknownVariable(name: name, offset: offset)
                }
            }
        }
        return text
    }

    /// Throws when a place could not be filled by a context with these names.
    public func check(names: Set<String>) throws(PromptTemplateError) {
        for case .variable(let name, nil, let offset) in parts where !names.contains(name) {
            throw .unknownVariable(name: name, offset: offset)
        }
    }

    private static func closing(from start: Int, in bytes: [UInt8]) -> Int? {
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "}"), bytes[index + 1] == UInt8(ascii: "}") { return index }
            // A second opening before the closing: the first one was never closed.
            if bytes[index] == UInt8(ascii: "{"), bytes[index + 1] == UInt8(ascii: "{") { return nil }
            index += 1
        }
        return nil
    }

    private static func place(_ bytes: ArraySlice<UInt8>, offset: Int) throws(PromptTemplateError) -> Part {
        let text = String(decoding: bytes, as: UTF8.self)
        let halves = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        let name = trimmed(halves[0])
        let isValid = name.allSatisfy { $0.isLetter || $0.isNumber || "_-. ".contains($0) }
        guard !name.isEmpty, isValid else { throw .invalidName(offset: offset) }
        return .variable(name: name, fallback: halves.count > 1 ? trimmed(halves[1]) : nil, offset: offset)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// What is wrong with a template. Offsets are in UTF-8 bytes from its start, at the opening braces.
public enum PromptTemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `{{` without `}}`.
    case unclosed(offset: Int)
    /// Nothing between the braces, or a character that no name has.
    case invalidName(offset: Int)
    /// The context has no such name and the place no fallback.
    case unknownVariable(name: String, offset: Int)

    public var description: String {
        switch self {
        case .unclosed(let offset): "{{ at byte \(offset) is never closed"
        case .invalidName(let offset): "the name in the braces at byte \(offset) is not usable"
        case .unknownVariable(let name, let offset):
            "{{\(name)}} at byte \(offset) is not in the call's context and has no fallback"
        }
    }
}
