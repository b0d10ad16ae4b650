/// A group of benchmarks whose names share a prefix.
struct Suite: Sendable {
    var name: String
    var run: @Sendable () async throws -> [Measurement]
}

/// Every suite, in the order of the table.
let suites: [Suite] =
    [
        parseSuite, serialiseSuite, printSuite, transactionSuite, tableSuite, packetSuite, jitterSuite,
        companderSuite, codecSuite, protectionSuite,
        resamplerSuite, mixerSuite, roomSuite,
        legSuite, worldSuite, callSecondsSuite,
    ] + liveSuites

/// What needs sockets.
private let liveSuites: [Suite] = {
    #if os(Linux)
        [driverSuite, liveCallsSuite, liveMediaSuite]
    #else
        []
    #endif
}()
