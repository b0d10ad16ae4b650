import Foundation
import RTPMedia
import Telephony
import Testing

@Suite("Recording file")
struct RecordingFileTests {
    @Test("What is on disk is a valid file at every moment, and whole at the end")
    func grows() throws {
        let folder = try TemporaryFolder()
        let recording = try RecordingFile(path: folder.path("call.wav"), rateHertz: 8_000, channels: 2)
        #expect(try WAVFile(parsing: folder.bytes("call.wav")).samples.isEmpty)
        var expected: [Int16] = []
        for index in 0..<200 {
            let left = [Int16](repeating: Int16(index), count: 160)
            let right = [Int16](repeating: -Int16(index), count: 100)
            try recording.append(left: left.span, right: right.span)
            for position in 0..<160 { expected += [Int16(index), position < 100 ? -Int16(index) : 0] }
            let onDisk = try folder.bytes("call.wav")
            let file = try WAVFile(parsing: onDisk)
            #expect(file.samples == Array(expected.prefix(file.samples.count)))
            #expect(expected.count - file.samples.count <= 16_384 + 320)
            // The header counts every sample in the file: nothing behind it is lost to a reader.
            #expect(onDisk.count - 44 == 2 * file.samples.count)
        }
        #expect(try recording.finish() == 32_000)
        let file = try WAVFile(parsing: folder.bytes("call.wav"))
        #expect(file.samples == expected)
        #expect(file.channels == 2)
        #expect(file.rateHertz == 8_000)
    }

    @Test("A mono recording goes on after it was finished")
    func mono() throws {
        let folder = try TemporaryFolder()
        let recording = try RecordingFile(path: folder.path("a.wav"), rateHertz: 16_000, channels: 1)
        try recording.append(([1, 2, 3] as [Int16]).span)
        #expect(try recording.finish() == 3)
        try recording.append(([4] as [Int16]).span)
        #expect(try recording.finish() == 4)
        #expect(try WAVFile(parsing: folder.bytes("a.wav")).samples == [1, 2, 3, 4])
    }

    @Test("A full disk is an error, not a crash")
    func fullDisk() throws {
        #expect(throws: FileError.self) {
            try RecordingFile(path: "/no/such/folder/a.wav", rateHertz: 8_000, channels: 1)
        }
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        let error = #expect(throws: FileError.self) {
            try RecordingFile(path: "/dev/full", rateHertz: 8_000, channels: 1)
        }
        #expect(error?.number == ENOSPC)
        #expect(error?.description == "cannot write /dev/full: No space left on device")
    }
}
