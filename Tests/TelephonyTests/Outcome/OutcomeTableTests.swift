import SIPCore
import Testing

@testable import Telephony

/// The whole space of final statuses and of Q.850 causes, written down from the RFCs and from what carriers do.
@Suite("Outcome table")
struct OutcomeTableTests {
    /// Every status 300...699, in order.
    private static let statuses: [(ClosedRange<Int>, CallDisposition)] = [
        // Redirections that were not followed.
        (300...300, .noAnswer),
        // 301 Moved Permanently.
        (301...301, .badNumber),
        (302...399, .noAnswer),
        (400...400, .trunkFault),
        // 401 Unauthorized, 402 Payment Required, 403 Forbidden.
        (401...403, .forbidden),
        // 404 Not Found.
        (404...404, .badNumber),
        (405...406, .trunkFault),
        // 407 Proxy Authentication Required.
        (407...407, .forbidden),
        // 408 Request Timeout.
        (408...408, .noAnswer),
        (409...409, .trunkFault),
        // 410 Gone.
        (410...410, .badNumber),
        (411...414, .trunkFault),
        // 415 Unsupported Media Type.
        (415...415, .mediaRefused),
        (416...432, .trunkFault),
        // 433 Anonymity Disallowed (RFC 5079).
        (433...433, .declined),
        (434...469, .trunkFault),
        // 470 Consent Needed (RFC 5360).
        (470...470, .declined),
        (471...479, .trunkFault),
        // 480 Temporarily Unavailable.
        (480...480, .noAnswer),
        (481...483, .trunkFault),
        // 484 Address Incomplete, 485 Ambiguous.
        (484...485, .badNumber),
        // 486 Busy Here.
        (486...486, .busy),
        // 487 Request Terminated.
        (487...487, .noAnswer),
        // 488 Not Acceptable Here.
        (488...488, .mediaRefused),
        (489...599, .trunkFault),
        // 600 Busy Everywhere.
        (600...600, .busy),
        (601...603, .declined),
        // 604 Does Not Exist Anywhere.
        (604...604, .badNumber),
        (605...605, .declined),
        // 606 Not Acceptable.
        (606...606, .mediaRefused),
        // 607 Unwanted (RFC 8197), 608 Rejected (RFC 8688).
        (607...608, .blocked),
        (609...699, .declined),
    ]

    @Test("Every final status 300...699 has its class")
    func everyStatus() {
        var next = 300
        for (range, disposition) in Self.statuses {
            #expect(range.lowerBound == next, "the table has a hole or an overlap at \(next)")
            next = range.upperBound + 1
            for status in range {
                #expect(CallDisposition(finalStatus: status) == disposition, "\(status)")
                #expect(CallDisposition(finalStatus: status, q850: nil) == disposition, "\(status)")
            }
        }
        #expect(next == 700)
    }

    /// Every cause 1...127, in order; `nil`: the status decides.
    private static let causes: [(ClosedRange<Int>, CallDisposition?)] = [
        (1...1, .badNumber),  // Unallocated number.
        (2...3, .trunkFault),  // No route to transit network, no route to destination.
        (4...4, .badNumber),  // Send special information tone.
        (5...5, .badNumber),  // Misdialled trunk prefix.
        (6...9, .trunkFault),  // Channel unacceptable, delivered in a channel, preemption.
        (10...13, nil),
        (14...14, .trunkFault),  // Ported number.
        (15...16, nil),  // 16: normal call clearing.
        (17...17, .busy),  // User busy.
        (18...20, .noAnswer),  // No user responding, no answer, subscriber absent.
        (21...21, .declined),  // Call rejected.
        (22...23, .badNumber),  // Number changed, redirection to a new destination.
        (24...24, .declined),  // Rejected by a feature at the destination.
        (25...25, .trunkFault),  // Exchange routing error.
        (26...26, nil),  // Non-selected user clearing.
        (27...27, .noAnswer),  // Destination out of order.
        (28...28, .badNumber),  // Invalid number format.
        (29...29, .trunkFault),  // Facility rejected.
        (30...33, nil),  // 31: normal, unspecified.
        (34...34, .trunkFault),  // No circuit available.
        (35...37, nil),
        (38...44, .trunkFault),  // Network out of order … requested circuit not available.
        (45...45, nil),
        (46...47, .trunkFault),  // Precedence call blocked, resource unavailable.
        (48...48, nil),
        (49...49, .trunkFault),  // Quality of service not available.
        (50...50, .forbidden),  // Requested facility not subscribed.
        (51...51, nil),
        (52...54, .forbidden),  // Outgoing calls barred, within the group, incoming calls barred.
        (55...55, .declined),  // Incoming calls barred within the closed user group.
        (56...56, nil),
        (57...57, .forbidden),  // Bearer capability not authorised.
        (58...58, .trunkFault),  // Bearer capability not presently available.
        (59...61, nil),
        (62...63, .trunkFault),  // Inconsistency, service not available.
        (64...64, nil),
        (65...65, .mediaRefused),  // Bearer capability not implemented.
        (66...66, .trunkFault),  // Channel type not implemented.
        (67...68, nil),
        (69...69, .trunkFault),  // Requested facility not implemented.
        (70...70, .mediaRefused),  // Only restricted digital information.
        (71...78, nil),
        (79...79, .trunkFault),  // Service not implemented.
        (80...80, nil),
        (81...86, .trunkFault),  // Invalid call reference …
        (87...87, .forbidden),  // User not member of the closed user group.
        (88...88, .mediaRefused),  // Incompatible destination.
        (89...89, nil),
        (90...90, .forbidden),  // Non-existent closed user group.
        (91...91, .trunkFault),  // Invalid transit network selection.
        (92...94, nil),
        (95...103, .trunkFault),  // Messages out of protocol; 102: timer expiry.
        (104...109, nil),
        (110...111, .trunkFault),
        (112...126, nil),
        (127...127, .trunkFault),  // Interworking, unspecified.
    ]

    @Test("Every Q.850 cause 1...127 has its class, behind general statuses only; 1 and 28 everywhere")
    func everyCause() {
        var next = 1
        for (range, disposition) in Self.causes {
            #expect(range.lowerBound == next, "the table has a hole or an overlap at \(next)")
            next = range.upperBound + 1
            for cause in range {
                for (status, standing) in [
                    (480, CallDisposition.noAnswer), (487, .noAnswer), (500, .trunkFault), (503, .trunkFault),
                    (580, .trunkFault),
                ] {
                    #expect(
                        CallDisposition(finalStatus: status, q850: cause) == disposition ?? standing,
                        "\(status), cause \(cause)")
                }
                for (status, standing) in [
                    (486, CallDisposition.busy), (404, .badNumber), (488, .mediaRefused), (603, .declined),
                    (608, .blocked), (400, .trunkFault),
                ] {
                    let isNumber = cause == 1 || cause == 28
                    #expect(
                        CallDisposition(finalStatus: status, q850: cause)
                            == (isNumber ? .badNumber : standing),
                        "\(status), cause \(cause)")
                }
            }
        }
        #expect(next == 128)
    }

    @Test("A 403 that a gateway made of the callee's refusal is not our account's (RFC 3398 §7.2.4.1)")
    func refusedBehindGateway() {
        #expect(CallDisposition(finalStatus: 403, q850: 21) == .declined)
        #expect(CallDisposition(finalStatus: 403, q850: 17) == .busy)
        #expect(CallDisposition(finalStatus: 403, q850: 57) == .forbidden)
        #expect(CallDisposition(finalStatus: 403, q850: 34) == .forbidden)
    }

    struct Answer: Sendable {
        var status: Int
        var phrase = "Whatever"
        var headers: [(String, String)] = []
        var disposition: CallDisposition
    }

    @Test(
        "Headers say more than the status",
        arguments: [
            // ATIS-1000099.
            Answer(status: 603, phrase: "Network Blocked", disposition: .blocked),
            Answer(status: 603, phrase: "NETWORK  blocked", disposition: .blocked),
            Answer(status: 603, phrase: "Decline", disposition: .declined),
            Answer(status: 486, phrase: "Network Blocked", disposition: .busy),
            Answer(
                status: 603, phrase: "Decline",
                headers: [
                    (
                        "Reason",
                        "Q.850;cause=21;text=\"v=analytics1;url=https://redress.example/c\";location=LN"
                    )
                ], disposition: .blocked),
            Answer(
                status: 480, headers: [("Reason", "SIP;cause=603;text=\"v=analytics1\", Q.850;cause=21")],
                disposition: .blocked),
            Answer(
                status: 603, headers: [("Reason", "Q.850;cause=21;text=\"Call rejected\";location=LN")],
                disposition: .declined),
            // Several values and several headers (RFC 3326).
            Answer(
                status: 500, headers: [("Reason", "SIP;cause=487"), ("Reason", "Q.850;cause=17")],
                disposition: .busy),
            Answer(status: 480, headers: [("Reason", "SIP;cause=603;text=\"no\"")], disposition: .declined),
            Answer(status: 500, headers: [("Reason", "SIP;cause=200")], disposition: .trunkFault),
            Answer(status: 404, headers: [("Reason", "SIP;cause=486")], disposition: .badNumber),
            // Warnings.
            Answer(
                status: 500, headers: [("Warning", "304 sbc.example \"Media type not available\"")],
                disposition: .mediaRefused),
            Answer(status: 500, headers: [("Warning", "399 sbc.example \"odd\"")], disposition: .trunkFault),
            Answer(status: 486, headers: [("Warning", "304 sbc.example \"x\"")], disposition: .busy),
            // Carriers' own.
            Answer(
                status: 603, headers: [("X-Twilio-Error", "32203 blocked")], disposition: .blocked),
            Answer(status: 404, headers: [("x-twilio-error", "13227")], disposition: .forbidden),
            Answer(status: 403, headers: [("X-Twilio-Error", "13224 bad number")], disposition: .badNumber),
            Answer(status: 503, headers: [("X-Twilio-Error", "99999")], disposition: .trunkFault),
            Answer(status: 503, headers: [("X-Twilio-Error", "")], disposition: .trunkFault),
        ])
    func headers(answer: Answer) {
        let response = ReceivedResponse(
            status: answer.status, reasonPhrase: answer.phrase,
            headers: answer.headers.map { SIPHeaderField(name: $0.0, value: $0.1) })
        #expect(CallConclusion(.rejected(response)).disposition == answer.disposition)
    }
}
