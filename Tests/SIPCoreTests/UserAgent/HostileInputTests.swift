import Foundation
import SIPCore
import SansIO
import TestSupport
import Testing

@Suite("Bytes from anybody")
struct HostileInputTests {
    /// What a user agent without registrar and instant messages does, where the table leaves it open.
    private func allowedStatuses(_ row: [String: String]) -> Set<String> {
        let listed = (row["uas_status"] ?? "").split(whereSeparator: { !$0.isNumber }).map(String.init)
        let message = row["message"] ?? ""
        if row["parse"] != "reject", message.contains("REGISTER") || message.contains("MESSAGE") {
            return ["405"]
        }
        return Set(listed)
    }

    @Test("The messages of RFC 4475 are treated as its table says")
    func torture() throws {
        guard let folder = try TestData.url("sip/rfc4475") else { return }
        for row in try TestData.rows(folder.appending(path: "expected.csv")) {
            guard let file = row["file"] else { continue }
            let wire = Wire()
            wire.inject(try TestData.bytes(folder.appending(path: file)), to: .callee)
            let statuses = wire.sent(by: .callee).compactMap {
                $0.split(separator: " ").first.map(String.init)
            }
            let allowed = allowedStatuses(row)
            switch (row["uas_action"] ?? "", file) {
            case ("discard", _):
                #expect(statuses.isEmpty, "\(file)")
            case (_, "wsinv.dat"):
                #expect(statuses == ["481"])  // It has a To tag of a dialog that we do not have.
            case (_, "insuf.dat"), (_, "test.dat"), (_, "badinv01.dat"):
                // No Call-ID, no SIP, no Via: nowhere to send a response.
                #expect(statuses.isEmpty, "\(file)")
            case (_, "baddate.dat"):
                #expect(statuses == ["100"])  // Date concerns nobody here.
            case ("process", _) where row["message"]?.contains("INVITE") == true:
                #expect(statuses == ["100"], "\(file)")
                #expect(wire.calleeLabels == ["incoming"], "\(file)")
            case _ where row["message"]?.hasPrefix("response") == true:
                #expect(statuses.isEmpty, "\(file)")
            default:
                #expect(
                    statuses.count == 1 && allowed.isSuperset(of: statuses),
                    "\(file): \(statuses), not \(allowed)")
            }
        }
    }

    @Test("100,000 mutated messages thrown at both sides in mid-call leave the call able to finish")
    func mutations() throws {
        let wire = Wire()
        wire.answers()
        let session = try wire.call()
        wire.run(for: .seconds(3))
        #expect(wire.callerLabels.last == "answered 200")
        let corpus =
            wire.datagrams.map { Array($0.text.utf8) } + [
                Array(Scripted.request("OPTIONS").utf8), Array(Scripted.request("BYE", toTag: "x").utf8),
                Array(Scripted.request("INVITE", callID: "other", body: "offer").utf8),
            ]
        let eventCount = (wire.callerEvents.count, wire.calleeEvents.count)
        var caller = UserAgentEffects()
        var generator = SeededGenerator(seed: 4475)
        let socket = SocketID(rawValue: 1)
        for _ in 0..<50_000 {
            var bytes = corpus[Int(generator.next() % UInt64(corpus.count))]
            mutate(&bytes, &generator)
            // Dialog and transaction survive whatever a stranger without the tags and branches can make up.
            wire.caller.receive(
                bytes.span.bytes, from: Wire.Side.callee.address, on: socket, at: wire.now, into: &caller)
            wire.callee.receive(
                bytes.span.bytes, from: Wire.Side.caller.address, on: socket, at: wire.now, into: &caller)
            caller.removeAll()
        }
        #expect(wire.caller.statistics.datagramsReceived > 50_000)
        #expect(wire.caller.statistics.malformed > 1_000)
        #expect((wire.callerEvents.count, wire.calleeEvents.count) == eventCount)
        wire.end(.caller, session)
        wire.run(for: .seconds(60))
        #expect(wire.callerLabels.last == "ended by us")
    }

    private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        for _ in 0...(generator.next() % 4) where !bytes.isEmpty {
            let index = Int(generator.next() % UInt64(bytes.count))
            switch generator.next() % 7 {
            case 0: bytes[index] = UInt8(truncatingIfNeeded: generator.next())
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: index)
            case 3: bytes.removeLast(bytes.count - index)
            case 4: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 40)], at: index)
            case 5: bytes[index] = [13, 10, 58, 59, 44, 60, 62, 34, 0, 255][Int(generator.next() % 10)]
            default:
                if let digit = bytes.firstIndex(where: { $0 >= 48 && $0 <= 57 }) {
                    bytes.replaceSubrange(digit...digit, with: Array("99999999999999999999".utf8))
                }
            }
        }
    }

    @Test(
        "Random bytes of every length are counted and nothing else",
        arguments: [0, 1, 2, 64, 1500, 9000, 65_507])
    func noise(length: Int) {
        var generator = SeededGenerator(seed: UInt64(length))
        let wire = Wire()
        for _ in 0..<20 {
            wire.inject((0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }, to: .callee)
        }
        #expect(wire.datagrams.isEmpty)
        #expect(wire.callee.statistics.malformed + (length == 0 ? 20 : 0) == 20)
        #expect(wire.isDrained)
    }
}
