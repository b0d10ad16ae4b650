public import Foundation

/// Certificates made by the `openssl` command into a folder of their own, for tests.
public struct CertificateWorkshop: Sendable {
    /// The command failed; what it wrote.
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    /// A certificate and its key as files.
    public struct Pair: Sendable {
        public var certificate: String
        public var key: String
    }

    public let folder: URL

    /// Makes the folder and two authorities: ``authority``, to be trusted, and ``strangeAuthority``, not to be.
    public init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "outdial-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["authority", "stranger"] {
            try selfSigned(name, subject: "/CN=\(name)", extensions: ["basicConstraints=critical,CA:TRUE"])
        }
    }

    public var authority: String { path("authority.pem") }
    public var strangeAuthority: String { path("stranger.pem") }

    /// Deletes the folder.
    public func remove() { try? FileManager.default.removeItem(at: folder) }

    public func path(_ name: String) -> String { folder.appending(path: name).path }

    /// A certificate that vouches for itself.
    @discardableResult
    public func selfSigned(
        _ name: String, subject: String, extensions: [String] = []
    ) throws -> Pair {
        let pair = Pair(certificate: path("\(name).pem"), key: path("\(name).key"))
        try openssl(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
                + ["-keyout", pair.key, "-out", pair.certificate, "-days", "30", "-subj", subject]
                + extensions.flatMap { ["-addext", $0] })
        return pair
    }

    /// A certificate that ``authority`` vouches for, or ``strangeAuthority``.
    ///
    /// - Parameters:
    ///   - names: Entries of subjectAltName, for example `DNS:sip.example.com`.
    ///   - days: How long it holds from now; -1 for one that ended yesterday.
    public func issued(
        _ name: String, names: [String], days: Int = 30, by authority: String = "authority",
        extensions: [String] = []
    ) throws -> Pair {
        let pair = Pair(certificate: path("\(name).pem"), key: path("\(name).key"))
        let extensions =
            extensions + (names.isEmpty ? [] : ["subjectAltName=" + names.joined(separator: ",")])
        try openssl(
            ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
                + ["-keyout", pair.key, "-out", path("\(name).csr"), "-subj", "/CN=\(name)"]
                + extensions.flatMap { ["-addext", $0] })
        try openssl(
            ["x509", "-req", "-in", path("\(name).csr"), "-CA", path("\(authority).pem")]
                + ["-CAkey", path("\(authority).key"), "-days", "\(days)", "-copy_extensions", "copy"]
                + ["-out", pair.certificate])
        return pair
    }

    /// Runs `openssl` and returns what it wrote to its standard output.
    @discardableResult
    public func openssl(_ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        let output = Pipe()
        let log = folder.appending(path: "log-\(UUID().uuidString)")
        try Data().write(to: log)
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            throw Failure(description: "openssl \(arguments.joined(separator: " ")): \(text)")
        }
        return data
    }
}
