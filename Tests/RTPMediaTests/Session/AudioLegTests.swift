import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("An audio leg, both ways")
struct AudioLegTests {
    @Test(
        "On a clean network a tone arrives as that tone, without a made-up frame",
        arguments: [8_000, 16_000, 24_000, 48_000])
    func toneArrives(rate: Int) throws {
        let pair = try LegPair(seed: 1, rate: rate)
        pair.speechOfA = Sound.tone(hertz: 1_000, rate: rate)
        pair.run(frames: 200)
        let settled = pair.heardByB[(rate / 5)...]
        #expect(abs(Sound.level(settled) - 5_657) < 120)
        #expect(Sound.purity(settled, hertz: 1_000, rate: rate) > 0.999)
        #expect(pair.kindsAtB.drop { $0 == .silence }.allSatisfy { $0 == .audio })
        #expect(pair.b.statistics.framesConcealed == 0)
        #expect(pair.b.statistics.packetsLost == 0)
        #expect(pair.b.statistics.packetsRejected == 0)
    }

    @Test("Every packet counts one up and lasts 160 units, silence included")
    func numbersGoOn() throws {
        let pair = try LegPair(seed: 2)
        let tone = Sound.tone(hertz: 400, rate: 16_000)
        pair.speechOfA = { (16_000..<32_000).contains($0) ? tone($0) : 0 }
        pair.run(frames: 150)
        let sent = try pair.headersOfA()
        #expect(sent.count == 150)
        for (before, after) in zip(sent, sent.dropFirst()) {
            #expect(before.sequence.distance(to: after.sequence) == 1)
            #expect(before.timestamp.distance(to: after.timestamp) == 160)
            #expect(before.synchronizationSource == after.synchronizationSource)
        }
        #expect(sent.indices.filter { sent[$0].marker } == [50])
        #expect(pair.sentByA.allSatisfy { $0.count == 172 })
        #expect(pair.sentByA[0][12...].allSatisfy { $0 == 0xFF })
    }

    @Test("Loss, jitter and reordering leave the tone's pitch and make no click", arguments: UInt64(0)..<12)
    func badNetwork(seed: UInt64) throws {
        let pair = try LegPair(seed: seed)
        pair.network = .init(
            delay: .milliseconds(40), jitter: .milliseconds(30), loss: 0.03, duplication: 0.02)
        pair.speechOfA = Sound.tone(hertz: 1_000, rate: 16_000)
        pair.run(frames: 500)
        let settled = pair.heardByB[16_000...]
        #expect(Sound.level(settled) > 4_500)
        // The tone itself steps by up to 8000 * 2π / 16 = 3142 from sample to sample.
        #expect(Sound.largestStep(settled) < 5_000)
        let statistics = pair.b.statistics
        #expect(statistics.packetsLost > 0 && statistics.packetsLost < 40)
        #expect(statistics.framesConcealed > 0 && statistics.framesConcealed < 60)
        #expect(statistics.jitterMilliseconds > 2 && statistics.jitterMilliseconds < 20)
    }

    @Test("Digits arrive once each and in order, whatever is lost or doubled", arguments: UInt64(0)..<12)
    func digitsArriveOnce(seed: UInt64) throws {
        let pair = try LegPair(seed: seed)
        pair.network = .init(jitter: .milliseconds(25), loss: 0.1, duplication: 0.05)
        #expect(pair.a.sendDigits("1123w*#A0"))
        pair.run(frames: 150)
        var digits = ""
        while let digit = pair.b.takeDigit() { digits.append(digit) }
        #expect(digits == "1123*#A0")
    }

    @Test("A digit is five packets of 20 ms, the last of them three times, then 60 ms of audio to the next")
    func digitPackets() throws {
        let pair = try LegPair(seed: 3)
        pair.run(frames: 10)
        #expect(pair.a.sendDigits("58"))
        pair.run(frames: 20)
        let sent = try pair.headersOfA()[10...]
        #expect(
            sent.map(\.payloadType)
                == Array(repeating: [101, 101, 101, 101, 101, 101, 101, 0, 0, 0], count: 2).flatMap { $0 })
        let start = sent[10].timestamp
        #expect(
            sent.map { start.distance(to: $0.timestamp) } == [
                0, 0, 0, 0, 0, 0, 0, 1120, 1280, 1440, 1600, 1600, 1600, 1600, 1600, 1600, 1600, 2720, 2880,
                3040,
            ])
        #expect(sent.map(\.marker).prefix(8) == [true, false, false, false, false, false, false, false])
        let payloads = pair.sentByA[10..<17].map { Array($0[12...]) }
        #expect(
            payloads == [
                [5, 10, 0, 160], [5, 10, 1, 64], [5, 10, 1, 224], [5, 10, 2, 128], [5, 0x8A, 3, 32],
                [5, 0x8A, 3, 32],
                [5, 0x8A, 3, 32],
            ])
    }
}
