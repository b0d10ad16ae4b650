import Foundation

/// Scenarios of `Fixtures/dialog`, where words in capitals stand for what every one of them has.
enum SippScript {
    /// A scenario as sipp reads it; the caller removes the file.
    ///
    /// - Parameter words: What the test puts in the place of words of this scenario's own.
    static func file(_ name: String, replacing words: [String: String] = [:]) throws -> URL {
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/dialog/\(name).xml")
        var text = try String(contentsOf: source, encoding: .utf8)
        for (word, replacement) in words { text = text.replacingOccurrences(of: word, with: replacement) }
        // Words of the later ones are in the earlier ones.
        for (word, replacement) in messages + headers + descriptions {
            text = text.replacingOccurrences(of: word, with: replacement)
        }
        let copy = URL.temporaryDirectory.appending(path: "outdial-\(UUID().uuidString)-\(name).xml")
        try text.write(to: copy, atomically: true, encoding: .utf8)
        return copy
    }

    private static let messages = [
        (
            "RECEIVE_INVITE",
            """
            <recv request="INVITE" rrs="true">
              <action>
                <ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
                <ereg regexp=".*" search_in="hdr" header="From:" assign_to="remote"/>
                <ereg regexp=".*" search_in="hdr" header="To:" assign_to="local"/>
                <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
                <ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="number"/>
                <ereg regexp=".*" search_in="hdr" header="Supported:" assign_to="supported"/>
                <ereg regexp=".*" search_in="hdr" header="Require:" assign_to="required"/>
                <ereg regexp=".*" search_in="hdr" header="Allow:" assign_to="allowed"/>
                <ereg regexp=".*" search_in="hdr" header="Session-Expires:" assign_to="expires"/>
                <ereg regexp=".*" search_in="hdr" header="Min-SE:" assign_to="minimum"/>
                <ereg regexp=".*" search_in="hdr" header="Authorization:" assign_to="authorization"/>
              </action>
            </recv>
            <Reference variables="via,remote,local,cseq,number,supported,required,allowed,expires,minimum,authorization"/>
            """
        ),
        (
            "SEND_ANSWER_UNREPEATED",
            """
            <send><![CDATA[

            SIP/2.0 200 OK
            INVITE_HEADERS
            SDP_1_sendrecv
            ]]></send>
            """
        ),
        (
            "SEND_ANSWER",
            """
            <send retrans="500"><![CDATA[

            SIP/2.0 200 OK
            INVITE_HEADERS
            SDP_1_sendrecv
            ]]></send>
            """
        ),
        (
            "SEND_OK",
            """
            <send><![CDATA[

            SIP/2.0 200 OK
            REPLY_HEADERS
            Content-Length: 0

            ]]></send>
            """
        ),
        (
            "SEND_BYE",
            """
            <send retrans="500"><![CDATA[

            BYE [next_url] SIP/2.0
            DIALOG_HEADERS
            CSeq: 99 BYE
            Content-Length: 0

            ]]></send>
            <recv response="200"/>
            """
        ),
    ]

    private static let headers =
        [
            (
                "INVITE_HEADERS",
                """
                Via:[$via]
                From:[$remote]
                To:[$local];tag=callee[call_number]
                Call-ID: [call_id]
                CSeq:[$cseq]
                Contact: <sip:callee@[local_ip]:[local_port];transport=[transport]>
                """
            ),
            (
                "REPLY_HEADERS",
                """
                [last_Via:]
                [last_From:]
                [last_To:]
                [last_Call-ID:]
                [last_CSeq:]
                """
            ),
            (
                "DIALOG_HEADERS",
                """
                Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
                From:[$local];tag=callee[call_number]
                To:[$remote]
                Call-ID: [call_id]
                Contact: <sip:callee@[local_ip]:[local_port];transport=[transport]>
                Max-Forwards: 70
                """
            ),
        ]
        + ["desk", "mobile"].map { fork in
            (
                "FORK_HEADERS(\(fork))",
                """
                Via:[$via]
                From:[$remote]
                To:[$local];tag=\(fork)
                Call-ID: [call_id]
                CSeq:[$cseq]
                Contact: <sip:\(fork)@[local_ip]:[local_port];transport=[transport]>
                """
            )
        }

    private static let descriptions = (1...3).flatMap { version in
        ["sendrecv", "sendonly", "recvonly", "inactive"].map { direction in
            (
                "SDP_\(version)_\(direction)",
                """
                Content-Type: application/sdp
                Content-Length: [len]

                v=0
                o=callee 4711 \(version) IN IP4 [local_ip]
                s=-
                c=IN IP4 [media_ip]
                t=0 0
                m=audio [media_port] RTP/AVP 0 101
                a=rtpmap:0 PCMU/8000
                a=rtpmap:101 telephone-event/8000
                a=fmtp:101 0-16
                a=\(direction)
                """
            )
        }
    }
}
