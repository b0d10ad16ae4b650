internal import CampaignKit
internal import Foundation
internal import SansIO
internal import Telephony
internal import ToolArguments

/// What a command tells the outside about its calls while it runs: figures in a file, copies to a capture server.
struct Monitoring: Sendable {
    static let options: [CommandSyntax.Option] = [
        .init(
            name: "--metrics-file", value: "FILE",
            help: "Keep figures there for Prometheus (node-exporter's textfile collector)."),
        .init(
            name: "--metrics-port", value: "N",
            help: "Serve the same figures on http://127.0.0.1:N/metrics."),
        .init(name: "--hep", value: "HOST:PORT", help: "Send a copy of every SIP message there (HEPv3)."),
        .init(
            name: "--hep-id", value: "N",
            help: "Capture id for --hep (2001); its key is taken from OUTDIAL_HEP_KEY."),
    ]

    private static let keyVariable = "OUTDIAL_HEP_KEY"

    private let metrics: MetricsObserver?
    private let metricsPath: String?
    private let metricsPort: UInt16?
    private let hep: HEPObserver?
    private let driver: any Driver

    /// - Throws: ``UsageError`` for an address that is none, ``FileError`` for a host without address.
    init(_ arguments: Arguments, driver: any Driver) async throws {
        self.driver = driver
        metricsPath = arguments.string("--metrics-file")
        metricsPort = try arguments.integer("--metrics-port", in: 1...UInt16.max)
        metrics = metricsPath != nil || metricsPort != nil ? MetricsObserver() : nil
        let captureID: UInt32 = try arguments.integer("--hep-id", in: 0...UInt32.max) ?? 2_001
        if let target = arguments.string("--hep") {
            let key = ProcessInfo.processInfo.environment[Self.keyVariable]
            hep = HEPObserver(
                server: try await Self.resolve(target, driver: driver),
                writer: HEPWriter(captureID: captureID, authenticationKey: key))
        } else {
            hep = nil
        }
    }

    var observers: [any CallObserver] {
        let all: [(any CallObserver)?] = [metrics, hep]
        return all.compactMap { $0 }
    }

    /// Runs `body` while the figures of `dialer` are kept up to date.
    func watch<Value: Sendable>(
        _ dialer: Dialer, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let metrics else { return try await body() }
        let (driver, path) = (driver, metricsPath)
        let server = MetricsServer(metrics, driver: driver)
        if let metricsPort { _ = try await server.open(port: metricsPort) }
        let result = await Result { () async throws -> Value in
            try await withThrowingTaskGroup(of: Value?.self) { group in
                group.addTask {
                    try await metrics.export(dialer, to: path, every: .seconds(5), driver: driver)
                    return nil
                }
                group.addTask {
                    let value = try await body()
                    if let statistics = try? await dialer.statistics() { metrics.sample(statistics) }
                    return value
                }
                var value: Value?
                while let next = try await group.next() {
                    if let next {
                        value = next
                        group.cancelAll()
                    }
                }
                guard let value else { throw CancellationError() }
                return value
            }
        }
        await server.close()
        return try result.get()
    }

    /// Follows a campaign's counts.
    func follow(_ progress: AsyncStream<CampaignProgress>, of campaign: CampaignID) async {
        guard let metrics else { return }
        for await step in progress { metrics.publish(step.metrics(of: campaign), as: campaign.rawValue) }
    }

    private static func resolve(_ target: String, driver: any Driver) async throws -> SocketAddress {
        guard let colon = target.lastIndex(of: ":"),
            let port = UInt16(target[target.index(after: colon)...]), port > 0
        else { throw UsageError("--hep takes HOST:PORT, not '\(target)'") }
        let host = target[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        guard !host.isEmpty else { throw UsageError("--hep takes HOST:PORT, not '\(target)'") }
        if let literal = SocketAddress(host: host, port: port) { return literal }
        guard let address = try await driver.resolve(host, port: port).first else {
            throw FileError("--hep: no address found for \(host)")
        }
        return address
    }
}
