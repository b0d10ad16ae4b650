internal import SansIO

/// A JSON key that is not known beforehand.
struct AnyCodingKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// Throws for the first key, in alphabetical order, that is not among `known`.
    func refuseUnknownKeys(besides known: [String]) throws {
        let container = try container(keyedBy: AnyCodingKey.self)
        let unknown = container.allKeys.map(\.stringValue).filter { !known.contains($0) }.sorted()
        guard let first = unknown.first else { return }
        throw DecodingError.dataCorruptedError(
            forKey: AnyCodingKey(first), in: container,
            debugDescription: "unknown field \(first); known are \(known.joined(separator: ", "))")
    }
}

extension KeyedDecodingContainer {
    /// A duration in seconds, not negative and at most ten years.
    func decodeSecondsIfPresent(forKey key: Key) throws -> Duration? {
        guard let seconds = try decodeIfPresent(Double.self, forKey: key) else { return nil }
        guard (0...315_360_000).contains(seconds) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "\(key.stringValue) is not a duration in seconds")
        }
        return .nanoseconds(Int64((seconds * 1e9).rounded()))
    }
}
