internal import Telephony

extension AgentScript {
    /// Names that steps put into the result's data, and so into later texts.
    var savedNames: Set<String> {
        var names: Set<String> = []
        for step in steps {
            switch step.action {
            case .waitForDigits(_, _, _, let name?), .callTool(_, _, let name?): names.insert(name)
            case .set(let values): names.formUnion(values.keys)
            default: break
            }
        }
        return names
    }

    /// Labels and templates, as far as they can be judged without a call.
    func check() throws(ScriptError) {
        var labels: Set<String> = []
        for (index, step) in steps.enumerated() {
            guard let label = step.label else { continue }
            guard labels.insert(label).inserted else {
                throw ScriptError(step: index, field: "label", problem: .duplicate)
            }
        }
        for (index, step) in steps.enumerated() {
            for (field, label) in step.targets where !labels.contains(label) {
                throw ScriptError(step: index, field: field, problem: .noSuchLabel(label))
            }
        }
        for (index, step) in steps.enumerated() {
            for (field, text) in step.texts { _ = try PromptTemplate(text, step: index, field: field) }
        }
        try checkAnswering()
    }

    /// What the policy is to say must be there: a script has no words of its own.
    private func checkAnswering() throws(ScriptError) {
        if answering.voicemail == .leaveMessage, answering.message ?? stepMessage == nil {
            throw ScriptError(step: nil, field: "answering.message", problem: .missing)
        }
        if answering.screening == .introduce, answering.introduction == nil {
            throw ScriptError(step: nil, field: "answering.introduction", problem: .missing)
        }
        for (field, text) in answeringTexts { _ = try PromptTemplate(text, step: nil, field: field) }
    }

    /// Texts of the policy, with the fields they stand in.
    private var answeringTexts: [(field: String, text: String)] {
        [
            ("answering.message", answering.message), ("answering.introduction", answering.introduction),
            ("answering.prompt", answering.prompt),
        ].compactMap { field, text in text.map { (field, $0) } }
    }

    /// What it leaves on a voicemail: the policy's message, or else that of the first step that leaves one.
    package var voicemailText: String? { answering.message ?? stepMessage }

    /// What the first step that leaves a message says.
    var stepMessage: String? {
        for step in steps {
            if case .leaveMessage(let text, _) = step.action { return text }
        }
        return nil
    }

    /// Whether every place of every text can be filled for a call with this context.
    func check(context: [String: String]) throws(ScriptError) {
        let names = Set(context.keys).union(savedNames)
        for (index, step) in steps.enumerated() {
            for (field, text) in step.texts {
                let template = try PromptTemplate(text, step: index, field: field)
                do {
                    try template.check(names: names)
                } catch {
                    throw ScriptError(step: index, field: field, problem: .template(error))
                }
            }
        }
    }
}

extension PromptTemplate {
    fileprivate init(_ text: String, step: Int?, field: String) throws(ScriptError) {
        do {
            try self.init(text)
        } catch {
            throw ScriptError(step: step, field: field, problem: .template(error))
        }
    }
}

extension AgentScript.Step {
    /// Labels it can jump to, in a fixed order.
    fileprivate var targets: [(field: String, label: String)] {
        switch action {
        case .goTo(let label): [("goTo", label)]
        case .branch(let branch):
            branch.cases.sorted { $0.key < $1.key }.map { ("branch.cases.\($0.key)", $0.value) }
                + (branch.otherwise.map { [("branch.otherwise", $0)] } ?? [])
        default: []
        }
    }

    /// Its templated texts, in a fixed order.
    fileprivate var texts: [(field: String, text: String)] {
        switch action {
        case .say(let text): [("say", text)]
        case .leaveMessage(let text, _): [("leaveMessage", text)]
        case .sendDigits(let text): [("sendDigits", text)]
        case .set(let values): values.sorted { $0.key < $1.key }.map { ("set.\($0.key)", $0.value) }
        case .callTool(_, let arguments, _):
            arguments.sorted { $0.key < $1.key }.map { ("callTool.arguments.\($0.key)", $0.value) }
        default: []
        }
    }
}
