import SansIO
import TestSupport

@testable import Telephony

/// Runs `body` with a dialer whose trunk is a callee that follows `script`.
func withDialer<Value: Sendable>(
    _ script: MiniCallee.Script = .init(), configure: (inout DialerConfiguration) -> Void = { _ in },
    trunk: (inout Trunk) -> Void = { _ in }, observers: [any CallObserver] = [],
    _ body: @Sendable (Dialer, MiniCallee) async throws -> Value
) async throws -> Value {
    let driver = try Dialer.makeDriver()
    let callee = MiniCallee(driver: driver, script: script)
    let address = try await callee.open()
    var settings = Trunk(name: "test", host: "127.0.0.1", port: address.port, numbers: ["+15550100"])
    trunk(&settings)
    var configuration = DialerConfiguration()
    configure(&configuration)
    let dialer = Dialer(
        trunk: settings, configuration: configuration, driver: driver, observers: observers)
    let value = try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await dialer.run() }
        let value = try await body(dialer, callee)
        group.cancelAll()
        try await group.waitForAll()
        return value
    }
    await callee.close()
    return value
}
