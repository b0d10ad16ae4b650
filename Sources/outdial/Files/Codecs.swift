internal import G722Media
internal import OpusMedia
internal import RTPMedia

/// The codecs of this build.
enum Codecs {
    /// Those that are not built in and whose trait is on.
    static let providers = OpusCodecs.providers + G722Codecs.providers

    static func has(_ kind: AudioCodecKind) -> Bool {
        kind.isBuiltIn || providers.contains { $0.kind == kind }
    }

    /// Every codec of this build, by its name.
    static var names: String { AudioCodecKind.allCases.filter(has).map(\.rawValue).joined(separator: ", ") }

    /// - Parameter place: What errors begin with.
    /// - Throws: ``FileError`` for a name that is none, or one that needs a trait.
    static func kind(named name: String, at place: String) throws(FileError) -> AudioCodecKind {
        guard let kind = AudioCodecKind(named: name) else {
            throw FileError("\(place): '\(name)' is none of \(names)")
        }
        guard has(kind) else {
            throw FileError(
                "\(place): \(kind.rawValue) needs a build with the trait \(kind == .opus ? "Opus" : "G722")")
        }
        return kind
    }

    /// `opus,PCMU` of an option.
    static func kinds(of list: String, at place: String) throws(FileError) -> [AudioCodecKind] {
        var kinds: [AudioCodecKind] = []
        for name in list.split(separator: ",") {
            kinds.append(try kind(named: String(name.filter { $0 != " " }), at: place))
        }
        guard !kinds.isEmpty else { throw FileError("\(place): it names no codec; there are \(names)") }
        return kinds
    }
}
