internal import Telephony

extension CampaignReportHTML {
    static func words(_ disposition: CallDisposition, _ answeredBy: AnsweredBy?) -> String {
        switch (disposition, answeredBy) {
        case (.answered, .human?): "answered by a person"
        case (.answered, .voicemail?): "voicemail"
        case (.answered, .screening?): "screened"
        case (.answered, .ivr?): "menu"
        case (.answered, .fax?): "fax"
        case (.answered, .silence?): "silence"
        case (.answered, _): "answered"
        case (.busy, _): "busy"
        case (.noAnswer, _): "no answer"
        case (.declined, _): "declined"
        case (.blocked, _): "blocked"
        case (.badNumber, _): "bad number"
        case (.forbidden, _): "not allowed"
        case (.dropped, _): "lost"
        case (.trunkFault, _): "trunk fault"
        case (.mediaRefused, _): "no common media"
        case (.cancelled, _): "ended by us"
        case (.noTrunk, _): "no trunk free"
        case (.notPrepared, _): "agent not ready"
        case (.failed, _): "failed here"
        case (.unknown, _): "unknown"
        }
    }

    static func words(_ status: AgentResult.Status) -> String {
        switch status {
        case .done: "done"
        case .messageLeft: "message left"
        case .notReached: "nobody reached"
        case .interrupted: "interrupted"
        case .failed: "failed"
        }
    }

    /// What came of calls that were answered, as far as the outcome does not say it.
    static func made(of outcome: CampaignReport.OutcomeCount) -> String {
        var words = ""
        if outcome.messagesLeft > 0 { words += ", \(outcome.messagesLeft) with a message left" }
        if outcome.notReached > 0 { words += ", \(outcome.notReached) hung up on" }
        return words
    }

    /// Which colour it has, in the bar, the timeline and the table alike.
    static func cssClass(_ disposition: CallDisposition, _ answeredBy: AnsweredBy?) -> String {
        switch disposition {
        case .answered:
            switch answeredBy {
            case .voicemail, .screening, .ivr: "voicemail"
            case .fax, .silence: "unknown"
            case .human, .unknown, nil: "answered"
            }
        case .busy: "busy"
        case .noAnswer, .cancelled: "noanswer"
        case .declined, .blocked, .badNumber: "declined"
        case .trunkFault, .forbidden, .dropped, .mediaRefused, .noTrunk, .notPrepared, .failed:
            "fault"
        case .unknown: "unknown"
        }
    }

    static let style = """
        :root{--bg:#f6f7f9;--panel:#fff;--text:#1b2330;--quiet:#66707f;--line:#dfe3e9;--accent:#2f6fde;
        --answered:#2e9e6b;--voicemail:#3f8fd2;--busy:#d9a13b;--noanswer:#9aa4b2;--declined:#c96a4b;--fault:#c2405a;
        --unknown:#8e5bc0;--calling:#2f6fde}
        @media (prefers-color-scheme:dark){:root{--bg:#12161c;--panel:#1a2028;--text:#e4e8ee;--quiet:#93a0b1;
        --line:#2b333f;--accent:#7fb0ff;--answered:#46bd87;--voicemail:#5fa9e6;--busy:#e3b65c;--noanswer:#6f7b8b;
        --declined:#e08a6c;--fault:#e4647d;--unknown:#b088dd;--calling:#7fb0ff}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,sans-serif}
        main{max-width:1320px;margin:0 auto;padding:32px 20px}
        h1{font-size:26px;margin:0;letter-spacing:-.01em}h2{font-size:16px;margin:0 0 12px}
        .quiet,footer{color:var(--quiet)}header p{margin:6px 0 0}footer{font-size:13px;margin-top:28px}
        code{font:13px ui-monospace,monospace}
        section{background:var(--panel);border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin-top:18px}
        .badge{font-size:13px;font-weight:600;padding:3px 10px;border-radius:99px;border:1px solid var(--line);
        vertical-align:middle;color:var(--quiet)}
        .badge.completed{color:var(--answered)}.badge.running{color:var(--accent)}
        .badge.paused{color:var(--busy)}.badge.cancelled{color:var(--fault)}
        .notice{border-left:3px solid var(--busy);padding-left:10px}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(92px,1fr));gap:14px}
        .card b{display:block;font-size:24px;font-variant-numeric:tabular-nums}.card span{color:var(--quiet);font-size:13px}
        .bar{display:flex;height:18px;border-radius:6px;overflow:hidden;gap:1px}.bar i{display:block;min-width:2px}
        .legend{display:flex;flex-wrap:wrap;gap:6px 22px;list-style:none;padding:0;margin:12px 0 0}
        .legend i,.chip i{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:7px}
        .scroll{overflow:auto;max-height:640px}
        table{border-collapse:collapse;width:100%;font-size:13px}
        th{position:sticky;top:0;background:var(--panel);text-align:left;color:var(--quiet);font-weight:600}
        th,td{padding:7px 9px 7px 0;border-bottom:1px solid var(--line);white-space:nowrap}
        td.n{font-variant-numeric:tabular-nums}a{color:var(--accent)}
        svg{display:block;width:100%;height:auto}svg text{fill:var(--quiet);font:11px system-ui,sans-serif}
        .grid{stroke:var(--line);stroke-width:1}.area{fill:var(--accent);opacity:.16}
        .steps{fill:none;stroke:var(--accent);stroke-width:1.5}
        i.answered{background:var(--answered)}i.voicemail{background:var(--voicemail)}i.busy{background:var(--busy)}
        i.noanswer{background:var(--noanswer)}i.declined{background:var(--declined)}i.fault{background:var(--fault)}
        i.unknown{background:var(--unknown)}i.calling{background:var(--calling)}
        rect.answered{fill:var(--answered)}rect.voicemail{fill:var(--voicemail)}rect.busy{fill:var(--busy)}
        rect.noanswer{fill:var(--noanswer)}rect.declined{fill:var(--declined)}rect.fault{fill:var(--fault)}
        rect.unknown{fill:var(--unknown)}rect.calling{fill:var(--calling)}
        @media print{body{background:none}.scroll{max-height:none;overflow:visible}section{break-inside:avoid-page}}
        """
}
