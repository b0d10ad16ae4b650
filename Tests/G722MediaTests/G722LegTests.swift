#if G722
    import G722Media
    import RTPMedia
    import SansIO
    import TestSupport
    import Testing

    @Suite("A leg that speaks G.722")
    struct G722LegTests {
        @Test(
            "A tone beyond the telephone band arrives, at every rate that carries it",
            arguments: [16_000, 24_000, 48_000])
        func wideband(rate: Int) throws {
            let call = try CodecCall(codec: .g722, rate: rate, providers: [G722CodecProvider()])
            call.speech = Sound.tone(hertz: 5_000, rate: rate)
            call.run(ticks: 100)
            let settled = call.heard[(rate / 2)...]
            #expect(abs(Sound.level(settled) - 5_657) < 600)
            #expect(Sound.purity(settled, hertz: 5_000, rate: rate) > 0.9)
            // The narrow frames cannot carry it.
            #expect(Sound.level(call.narrowHeard[4_000...]) < 400)
            #expect(call.b.statistics.framesConcealed == 0)
        }

        @Test(
            "The narrow frames carry what lies in the telephone band, at an agent's rate of 8,000 Hz too",
            arguments: [8_000, 16_000])
        func narrow(rate: Int) throws {
            let call = try CodecCall(codec: .g722, rate: rate, providers: [G722CodecProvider()])
            call.speech = Sound.tone(hertz: 1_000, rate: rate)
            call.run(ticks: 100)
            for (samples, rate) in [(call.heard, rate), (call.narrowHeard, 8_000), (call.narrowSaid, 8_000)] {
                let settled = samples[(rate / 2)...]
                #expect(abs(Sound.level(settled) - 5_657) < 250)
                #expect(Sound.purity(settled, hertz: 1_000, rate: rate) > 0.995)
            }
        }

        @Test("A packet of 20 ms has 160 octets and moves the clock of 8,000 Hz by 160 (RFC 3551 §4.5.2)")
        func clock() throws {
            let call = try CodecCall(codec: .g722, providers: [G722CodecProvider()])
            call.run(ticks: 20)
            let headers = try call.headers()
            #expect(headers.count == 20)
            #expect(headers.allSatisfy { $0.payloadType == 9 })
            #expect(call.packets.allSatisfy { $0.bytes.count == 172 })
            for (before, after) in zip(headers, headers.dropFirst()) {
                #expect(before.timestamp.distance(to: after.timestamp) == 160)
            }
        }

        @Test("Lost packets are made up without a click")
        func loss() throws {
            let call = try CodecCall(codec: .g722, providers: [G722CodecProvider()])
            call.speech = Sound.tone(hertz: 500, rate: 16_000)
            call.isLost = { $0 % 20 == 13 }
            call.run(ticks: 250)
            #expect(call.b.statistics.packetsLost == 12)
            #expect((10...16).contains(call.b.statistics.framesConcealed))
            // The tone itself steps by 1,571 at most.
            #expect(Sound.largestStep(call.heard[16_000...]) < 3_500)
            #expect(Sound.level(call.heard[16_000...]) > 4_800)
        }

        @Test("Without its provider it is refused")
        func missing() throws {
            #expect(throws: AudioLegError.missingCodec(.g722)) { _ = try CodecCall(codec: .g722) }
        }
    }
#endif
