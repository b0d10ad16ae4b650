import Foundation
import RTPMedia
import Testing

@Suite("A recording whose process is killed", .serialized, .timeLimit(.minutes(2)))
struct KilledRecordingTests {
    /// Runs a call with the tool until its recording is at least `seconds` old, and kills it.
    ///
    /// - Returns: The bytes of the file, and for how many seconds at least and at most there had been a call.
    private static func kill(
        _ format: String, after seconds: Double
    ) throws -> (file: [UInt8], age: ClosedRange<Double>) {
        let folder = try TemporaryFolder()
        let port = try Stranger.freePort()
        let peer = try CommandLineTool.start(["callee", "talks", "--port", "\(port)"])
        try peer.waitForOutput("listening")
        let trunk = try folder.write(
            #"{"host": "127.0.0.1", "port": \#(port), "numbers": ["+15550100"]}"#, to: "trunk.json")
        let launch = Date()
        let caller = try CommandLineTool.start([
            "call", "+15551234567", "--trunk", trunk, "--agent", "echo", "--record", folder.path("audio"),
            "--record-format", format,
        ])
        let limit = Date().addingTimeInterval(30)
        while !caller.errors.text.contains("answered"), Date() < limit { usleep(5_000) }
        try #require(caller.errors.text.contains("answered"), "\(caller.errors.text)")
        let start = Date()
        while Date().timeIntervalSince(start) < seconds { usleep(5_000) }
        let least = Date().timeIntervalSince(start)
        Foundation.kill(caller.process.processIdentifier, SIGKILL)
        let age = least...Date().timeIntervalSince(launch)
        while caller.process.isRunning, Date() < limit { usleep(5_000) }
        #expect(caller.process.terminationReason == .uncaughtSignal)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("audio"))
        let name = try #require(names.first)
        #expect(names.count == 1 && name.hasSuffix(".\(format)"))
        return ([UInt8](try Data(contentsOf: URL(filePath: folder.path("audio") + "/" + name))), age)
    }

    @Test("The WAV is whole: its sizes are right, and all but the last second or two is there")
    func wav() throws {
        let (bytes, age) = try Self.kill("wav", after: 3.5)
        let file = try WAVFile(parsing: bytes)
        #expect(file.channels == 2 && file.rateHertz == 8_000)
        // Not by the reader's indulgence: the header states what is there, whole pairs of samples.
        #expect(WAVStream.headerBytes + 4 * file.frameCount == bytes.count)
        let seconds = Double(file.frameCount) / 8_000
        #expect(seconds > age.lowerBound - 2 && seconds < age.upperBound, "\(seconds) of \(age) s")
        #expect(file.channel(1).contains { $0.magnitude > 1_000 })
    }

    #if Opus
        @Test("The Ogg is whole pages, of all but the last second or two")
        func opus() throws {
            let (bytes, age) = try Self.kill("opus", after: 4)
            var offset = 0
            var granule: UInt64 = 0
            var flags: UInt8 = 0
            while offset + 27 <= bytes.count {
                try #require(bytes[offset..<offset + 4].elementsEqual("OggS".utf8))
                flags = bytes[offset + 5]
                granule = bytes[offset + 6..<offset + 14].reversed().reduce(0) { $0 << 8 | UInt64($1) }
                let segments = Int(bytes[offset + 26])
                let lengths = bytes[offset + 27..<offset + 27 + segments]
                offset += 27 + segments + lengths.reduce(0) { $0 + Int($1) }
            }
            #expect(offset == bytes.count, "no half page")
            #expect(flags & 4 == 0, "nobody finished it")
            let seconds = Double(granule) / 48_000
            #expect(seconds > age.lowerBound - 2 && seconds < age.upperBound, "\(seconds) of \(age) s")
        }
    #endif
}
