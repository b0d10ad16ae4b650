import RTPMedia
import SansIO
import Testing

@Suite("Formats in offer and answer: payload types, clocks, packet time (RFC 3264, 3551, 4733, 7587)")
struct AudioFormatNegotiationTests {
    private static func negotiator(
        _ codecs: [AudioCodecKind], _ change: (inout AudioCapabilities) -> Void = { _ in }
    ) -> AudioNegotiator {
        var capabilities = AudioCapabilities(codecs: codecs)
        change(&capabilities)
        return AudioNegotiator(
            capabilities: capabilities, localRTP: SocketAddress(ipv4: 0xC000_0201, port: 4_000), sessionID: 7)
    }

    private static func body(_ media: String) -> [UInt8] {
        Array(
            "v=0\r\no=bob 5 6 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\n\(media)".utf8)
    }

    private static func media(_ bytes: [UInt8]) throws -> String {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
        return lines.drop { !$0.hasPrefix("m=") }.joined(separator: "\n")
    }

    @Test("Everything is offered in order of preference, with telephone events at the clock of each codec")
    func fullOffer() throws {
        var negotiator = Self.negotiator([.opus, .g722, .l16, .pcma]) {
            $0.comfortNoise = true
            $0.multiplexing = .offered
            $0.extendedReports = true
            $0.packetMilliseconds = 30
            $0.opus.usesForwardErrorCorrection = true
        }
        #expect(
            try Self.media(negotiator.makeOffer()) == """
                m=audio 4000 RTP/AVP 111 9 112 8 13 105 110 101 113
                a=rtpmap:111 opus/48000/2
                a=fmtp:111 useinbandfec=1
                a=rtpmap:9 G722/8000
                a=rtpmap:112 L16/16000
                a=rtpmap:8 PCMA/8000
                a=rtpmap:13 CN/8000
                a=rtpmap:105 CN/16000
                a=rtpmap:110 telephone-event/48000
                a=fmtp:110 0-16
                a=rtpmap:101 telephone-event/8000
                a=fmtp:101 0-16
                a=rtpmap:113 telephone-event/16000
                a=fmtp:113 0-16
                a=ptime:30
                a=rtcp-mux
                a=rtcp-xr:voip-metrics
                a=sendrecv
                """)
    }

    @Test("We send the far end's numbers and receive ours, and may be sent all that we gave away")
    func asymmetricNumbers() throws {
        var negotiator = Self.negotiator([.opus, .l16, .pcmu])
        _ = negotiator.makeOffer()
        let agreed = try negotiator.accept(
            answer: Self.body(
                "m=audio 5000 RTP/AVP 96 0 97 98\r\na=rtpmap:96 OPUS/48000/2\r\n"
                    + "a=fmtp:96 maxplaybackrate=16000; useinbandfec=1;stereo=0\r\n"
                    + "a=rtpmap:97 telephone-event/8000\r\na=rtpmap:98 telephone-event/48000\r\n"))
        #expect(agreed.codec == .opus)
        #expect(agreed.sendPayloadType == 96)
        #expect(agreed.receivePayloadType == 111)
        #expect(agreed.sendEventPayloadType == 98)
        #expect(agreed.receiveEventPayloadType == 110)
        #expect(agreed.eventClockRateHertz == 48_000)
        #expect(
            agreed.receivedFormats == [
                .init(payloadType: 111, codec: .opus), .init(payloadType: 112, codec: .l16),
                .init(payloadType: 0, codec: .pcmu),
            ])
        #expect(agreed.receivedEventPayloadTypes == [110, 113, 101])
        #expect(agreed.opus.maximumPlaybackRateHertz == 16_000)
        #expect(agreed.opus.usesForwardErrorCorrection)
    }

    @Test("Beside a wideband codec 8,000 Hz events are taken from those who know no others")
    func eventFallback() throws {
        var negotiator = Self.negotiator([.opus])
        let (answer, agreed) = try negotiator.answer(
            to: Self.body(
                "m=audio 5000 RTP/AVP 107 101\r\na=rtpmap:107 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"
            ))
        #expect(agreed.eventClockRateHertz == 8_000)
        #expect(agreed.sendEventPayloadType == 101)
        #expect(
            try Self.media(answer).hasPrefix(
                "m=audio 4000 RTP/AVP 107 101\na=rtpmap:107 opus/48000/2\na=rtpmap:101 telephone-event/8000"))
    }

    @Test(
        "Encodings are told apart by name, clock and channels",
        arguments: [
            ("9", "", .g722), ("96", "a=rtpmap:96 G722/8000\r\n", .g722),
            ("96", "a=rtpmap:96 g722/8000/1\r\n", .g722), ("96", "a=rtpmap:96 G722/16000\r\n", nil),
            ("96", "a=rtpmap:96 opus/48000/2\r\n", .opus), ("96", "a=rtpmap:96 opus/16000/2\r\n", nil),
            ("96", "a=rtpmap:96 L16/16000\r\n", .l16), ("96", "a=rtpmap:96 L16/16000/2\r\n", nil),
            ("96", "a=rtpmap:96 L16/8000\r\n", nil), ("11", "", nil), ("96", "", nil),
            ("0", "a=rtpmap:0 opus/48000/2\r\n", .opus),
        ] as [(String, String, AudioCodecKind?)])
    func encodings(format: String, map: String, expected: AudioCodecKind?) throws {
        var negotiator = Self.negotiator([.opus, .g722, .l16])
        let agreed = try? negotiator.answer(to: Self.body("m=audio 5000 RTP/AVP \(format)\r\n\(map)"))
        #expect(agreed?.negotiated.codec == expected)
        if let agreed { #expect(agreed.negotiated.sendPayloadType == UInt8(format)) }
    }

    @Test(
        "The far end's packet time rules what we send, within 10...60 ms and what it can take",
        arguments: [
            (AudioCodecKind.pcmu, "", 20), (.pcmu, "a=ptime:30\r\n", 30),
            (.pcmu, "a=ptime:20.0\r\n", 20), (.pcmu, "a=ptime:5\r\n", 10), (.pcmu, "a=ptime:0\r\n", 20),
            (.pcmu, "a=ptime:9999999999\r\n", 20), (.pcmu, "a=ptime:400\r\n", 60),
            (.pcmu, "a=ptime:-20\r\n", 20), (.pcmu, "a=ptime:x\r\n", 20), (.pcmu, "a=ptime:25\r\n", 20),
            (.pcmu, "a=ptime:60\r\na=maxptime:40\r\n", 40), (.pcmu, "a=maxptime:10\r\n", 10),
            (.pcmu, "a=maxptime:3\r\n", 10), (.pcmu, "a=maxptime:240\r\n", 20),
            (.opus, "a=ptime:30\r\n", 20), (.opus, "a=ptime:50\r\n", 40), (.opus, "a=ptime:60\r\n", 60),
            (.opus, "a=ptime:10\r\n", 10),
        ])
    func packetTime(codec: AudioCodecKind, lines: String, expected: Int) throws {
        var negotiator = Self.negotiator([codec])
        let map = codec == .opus ? "96\r\na=rtpmap:96 opus/48000/2" : "0"
        let agreed = try negotiator.answer(to: Self.body("m=audio 5000 RTP/AVP \(map)\r\n\(lines)"))
        #expect(agreed.negotiated.packetMilliseconds == expected)
    }

    @Test("Our own packet time is written in whole tens and used where the far end says nothing")
    func ownPacketTime() throws {
        var negotiator = Self.negotiator([.pcmu]) { $0.packetMilliseconds = 47 }
        #expect(try Self.media(negotiator.makeOffer()).contains("a=ptime:40\n"))
        #expect(
            try negotiator.accept(answer: Self.body("m=audio 5000 RTP/AVP 0\r\n")).packetMilliseconds == 40)
    }

    @Test("Comfort noise is used when both sides want it, at the codec's clock")
    func comfortNoise() throws {
        let offer = Self.body("m=audio 5000 RTP/AVP 0 13 97\r\na=rtpmap:97 CN/16000\r\n")
        var asking = Self.negotiator([.pcmu]) { $0.comfortNoise = true }
        let (answer, agreed) = try asking.answer(to: offer)
        #expect(agreed.sendComfortNoisePayloadType == 13 && agreed.receiveComfortNoisePayloadType == 13)
        #expect(try Self.media(answer).hasPrefix("m=audio 4000 RTP/AVP 0 13\n"))
        var silent = Self.negotiator([.pcmu])
        #expect(try silent.answer(to: offer).negotiated.sendComfortNoisePayloadType == nil)
    }

    @Test(
        "One port for RTP and RTCP needs both sides",
        arguments: [
            (RTCPMultiplexing.off, false, false), (.answered, true, false), (.offered, true, true),
        ])
    func multiplexing(policy: RTCPMultiplexing, whenAnswering: Bool, whenOffering: Bool) throws {
        let theirs = Self.body("m=audio 5000 RTP/AVP 0\r\na=rtcp:5001\r\na=rtcp-mux\r\n")
        var answering = Self.negotiator([.pcmu]) { $0.multiplexing = policy }
        let (answer, agreed) = try answering.answer(to: theirs)
        #expect(agreed.isMultiplexed == whenAnswering)
        #expect(agreed.remoteRTCP.port == (whenAnswering ? 5_000 : 5_001))
        #expect(try Self.media(answer).contains("a=rtcp-mux") == whenAnswering)
        var offering = Self.negotiator([.pcmu]) { $0.multiplexing = policy }
        #expect(try Self.media(offering.makeOffer()).contains("a=rtcp-mux") == whenOffering)
        #expect(try offering.accept(answer: theirs).isMultiplexed == whenOffering)
        #expect(!(try offering.accept(answer: Self.body("m=audio 5000 RTP/AVP 0\r\n")).isMultiplexed))
    }

    @Test("RTP/AVPF is answered with itself, without feedback")
    func feedbackProfile() throws {
        var negotiator = Self.negotiator([.pcmu])
        let (answer, _) = try negotiator.answer(
            to: Self.body(
                "m=audio 5000 RTP/AVPF 0\r\na=rtcp-fb:0 nack\r\na=rtcp-xr:rcvr-rtt=all voip-metrics\r\n"))
        #expect(
            try Self.media(answer)
                == "m=audio 4000 RTP/AVPF 0\na=rtpmap:0 PCMU/8000\na=ptime:20\na=sendrecv")
    }

    @Test("A number keeps its meaning for the session, whatever the far end offers later")
    func stableNumbers() throws {
        var negotiator = Self.negotiator([.opus, .pcmu])
        _ = negotiator.makeOffer()
        // 111 is our Opus and 110 our events; the far end's re-INVITE gives both numbers to others.
        let (answer, agreed) = try negotiator.answer(
            to: Self.body(
                "m=audio 5000 RTP/AVP 110 111\r\na=rtpmap:110 opus/48000/2\r\na=rtpmap:111 telephone-event/48000\r\n"
            ))
        #expect(try Self.media(answer).hasPrefix("m=audio 4000 RTP/AVP 111 110\na=rtpmap:111 opus/48000/2"))
        #expect(agreed.sendPayloadType == 110 && agreed.receivePayloadType == 111)
        #expect(agreed.sendEventPayloadType == 111 && agreed.receiveEventPayloadType == 110)
        #expect(try Self.media(negotiator.makeOffer()).hasPrefix("m=audio 4000 RTP/AVP 111 0 110 101\n"))
    }

    @Test("A far end's new number for a codec joins the old one, and both are understood")
    func addedNumber() throws {
        var negotiator = Self.negotiator([.opus])
        _ = negotiator.makeOffer()
        let (_, agreed) = try negotiator.answer(
            to: Self.body("m=audio 5000 RTP/AVP 120\r\na=rtpmap:120 opus/48000/2\r\n"))
        #expect(agreed.receivePayloadType == 120)
        #expect(
            agreed.receivedFormats == [
                .init(payloadType: 120, codec: .opus), .init(payloadType: 111, codec: .opus),
            ])
        #expect(try Self.media(negotiator.makeOffer()).hasPrefix("m=audio 4000 RTP/AVP 120 "))
    }

    @Test("A hundred re-INVITEs with new numbers leave every format its place and end in an answer")
    func numbersRunOut() throws {
        var negotiator = Self.negotiator([.opus, .pcmu])
        for number in Array(96...127) + Array(96...127) {
            let (answer, agreed) = try negotiator.answer(
                to: Self.body("m=audio 5000 RTP/AVP \(number)\r\na=rtpmap:\(number) opus/48000/2\r\n"))
            #expect(agreed.sendPayloadType == UInt8(number))
            #expect(agreed.receivePayloadType == UInt8(number))
            #expect(!answer.isEmpty)
        }
        // Nothing is left for telephone events, and the offer does without them.
        #expect(try Self.media(negotiator.makeOffer()).hasPrefix("m=audio 4000 RTP/AVP 127 0\n"))
    }

    @Test("Opus parameters: defaults, ranges, unknown ones, the first of two")
    func opusParameters() {
        var all = OpusParameters()
        all.maximumPlaybackRateHertz = 8_000
        all.maximumAverageBitRate = 510_000
        (all.prefersStereo, all.wantsConstantBitRate) = (true, true)
        (all.usesForwardErrorCorrection, all.usesDiscontinuousTransmission) = (true, true)
        #expect(
            OpusParameters(
                formatParameters:
                    " MaxPlaybackRate=1; maxaveragebitrate=999999 ;stereo=1;cbr=1;useinbandfec=1;useinbandfec=0; usedtx=1;x=2;y;=;ptime"
            ) == all)
        #expect(
            all.formatParameters
                == "maxplaybackrate=8000;maxaveragebitrate=510000;stereo=1;cbr=1;useinbandfec=1;usedtx=1")
        #expect(OpusParameters(formatParameters: "") == OpusParameters())
        #expect(OpusParameters(formatParameters: "usedtx=99999999999999999999").formatParameters == "")
    }
}
