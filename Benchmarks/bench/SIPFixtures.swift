import SIPCore

/// The four messages that all SIP benchmarks read and write.
enum SIPFixture: String, CaseIterable {
    case invite
    case ok = "200"
    case register
    case busy = "486"

    /// The message as it stands on the wire.
    var bytes: [UInt8] {
        let text =
            switch self {
            case .invite: Self.inviteText
            case .ok: Self.okText
            case .register: Self.registerText
            case .busy: Self.busyText
            }
        return text.utf8.flatMap { $0 == UInt8(ascii: "\n") ? [0x0D, 0x0A] : [$0] }
    }

    /// 1,310 octets: 17 header fields and a description of five formats.
    private static let inviteText = """
        INVITE sip:+15551230042@sbc.carrier.example;user=phone SIP/2.0
        Via: SIP/2.0/UDP 198.51.100.23:5060;branch=z9hG4bK-524287-1---a3f1c09d7be2;rport
        Max-Forwards: 70
        Route: <sip:edge-7.carrier.example:5060;transport=udp;lr>
        Contact: <sip:dialer@198.51.100.23:5060;transport=udp>;\
        +sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"
        To: <sip:+15551230042@sbc.carrier.example;user=phone>
        From: "Acme Support" <sip:+15559870001@acme.example>;tag=8b21f4c7
        Call-ID: 91c2e6e04f7a4d0f8f3d6e0b1b4ad311@198.51.100.23
        CSeq: 314159 INVITE
        Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY
        Supported: replaces, 100rel, timer, norefersub, outbound
        Session-Expires: 1800;refresher=uac
        Min-SE: 90
        User-Agent: peer-bench/1.0 (linux x86_64)
        P-Asserted-Identity: "Acme Support" <sip:+15559870001@acme.example>
        Date: Thu, 20 Nov 2025 03:04:05 GMT
        Content-Type: application/sdp
        Content-Length: 379

        v=0
        o=dialer 3941822110 3941822110 IN IP4 198.51.100.23
        s=-
        c=IN IP4 198.51.100.23
        t=0 0
        m=audio 24178 RTP/AVP 0 8 9 96 101
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:9 G722/8000
        a=rtpmap:96 opus/48000/2
        a=fmtp:96 useinbandfec=1; maxaveragebitrate=24000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-16
        a=ptime:20
        a=maxptime:150
        a=rtcp:24179
        a=sendrecv

        """

    /// 968 octets: 15 header fields and a description of two formats.
    private static let okText = """
        SIP/2.0 200 OK
        Via: SIP/2.0/UDP 198.51.100.23:5060;branch=z9hG4bK-524287-1---a3f1c09d7be2;rport=5060;\
        received=198.51.100.23
        Record-Route: <sip:edge-7.carrier.example:5060;transport=udp;lr;ftag=8b21f4c7>
        Record-Route: <sip:core-2.carrier.example:5060;lr>
        To: <sip:+15551230042@sbc.carrier.example;user=phone>;tag=gK0c9a71f3
        From: "Acme Support" <sip:+15559870001@acme.example>;tag=8b21f4c7
        Call-ID: 91c2e6e04f7a4d0f8f3d6e0b1b4ad311@198.51.100.23
        CSeq: 314159 INVITE
        Contact: <sip:+15551230042@203.0.113.77:5060;transport=udp>
        Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK
        Supported: timer, 100rel
        Require: timer
        Session-Expires: 1800;refresher=uas
        Server: SBC/9.2.1
        Content-Type: application/sdp
        Content-Length: 219

        v=0
        o=carrier 871203 871204 IN IP4 203.0.113.77
        s=SBC call
        c=IN IP4 203.0.113.77
        t=0 0
        m=audio 40312 RTP/AVP 0 101
        a=rtpmap:0 PCMU/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=ptime:20
        a=sendrecv

        """

    /// 872 octets: 13 header fields, one of them digest credentials.
    private static let registerText = """
        REGISTER sip:registrar.carrier.example SIP/2.0
        Via: SIP/2.0/UDP 198.51.100.23:5060;branch=z9hG4bK-7733-2---77aa01c2;rport
        Max-Forwards: 70
        Contact: <sip:acme-trunk@198.51.100.23:5060;transport=udp>;expires=300
        To: <sip:acme-trunk@registrar.carrier.example>
        From: <sip:acme-trunk@registrar.carrier.example>;tag=f2c1a9
        Call-ID: 5d1f3f0b7c6e4c39@198.51.100.23
        CSeq: 42 REGISTER
        Expires: 300
        Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY
        Supported: path, outbound
        User-Agent: peer-bench/1.0 (linux x86_64)
        Authorization: Digest username="acme-trunk", realm="registrar.carrier.example", \
        nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="sip:registrar.carrier.example", \
        response="6629fae49393a05397450978507c4ef1", algorithm=MD5, cnonce="0a4f113b", qop=auth, \
        nc=00000001, opaque="5ccc069c403ebaf9f0171e9517f40e41"
        Content-Length: 0


        """

    /// 429 octets: 8 header fields.
    private static let busyText = """
        SIP/2.0 486 Busy Here
        Via: SIP/2.0/UDP 198.51.100.23:5060;branch=z9hG4bK-524287-1---a3f1c09d7be2;rport=5060;\
        received=198.51.100.23
        To: <sip:+15551230042@sbc.carrier.example;user=phone>;tag=gK0c9a71f3
        From: "Acme Support" <sip:+15559870001@acme.example>;tag=8b21f4c7
        Call-ID: 91c2e6e04f7a4d0f8f3d6e0b1b4ad311@198.51.100.23
        CSeq: 314159 INVITE
        Reason: Q.850;cause=17;text="User busy"
        Server: SBC/9.2.1
        Content-Length: 0


        """
}
