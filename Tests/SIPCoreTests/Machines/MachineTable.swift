/// One cell of a machine's table as it is documented.
struct MachineCell<State: Hashable>: Hashable {
    let next: State
    /// What the machine does, in words; empty when it does nothing.
    let action: String
    /// The section that asks for it, for example `RFC 3261 §17.1.1.2`.
    let rule: String

    init(_ next: State, _ rule: String) { self.init(next, "", rule) }

    init(_ next: State, _ action: String, _ rule: String) {
        self.next = next
        self.action = action
        self.rule = rule
    }
}

/// A machine of the library under a harness that gives it one input at a time, beside the table that it has to follow.
///
/// The harness knows nothing of the table: what it says comes out of the machine alone.
protocol TabledMachine: SendableMetatype {
    associatedtype State: CaseIterable & Hashable & Sendable
    associatedtype Input: CaseIterable & Hashable & Sendable

    static var title: String { get }
    /// What the machine is for, and what a reader has to know for the table.
    static var about: String { get }
    static var initial: State { get }
    /// `nil` where the input cannot come: the timer does not run, the number cannot be had.
    static func cell(_ state: State, _ input: Input) -> MachineCell<State>?
    static func name(_ state: State) -> String
    static func name(_ input: Input) -> String
    /// Where the diagram shows this state: states that differ in a detail may share a place. Empty: nowhere.
    static func place(_ state: State) -> String
    /// What the diagram leaves to the table, beside what changes nothing.
    static func isLeftToTable(_ cell: MachineCell<State>) -> Bool

    /// In the initial state.
    init()
    var state: State { get }
    /// Gives the machine `input`.
    ///
    /// - Returns: What it did, in the words of the table; `nil` when the input cannot come.
    mutating func take(_ input: Input) -> String?
}

extension TabledMachine {
    static func name(_ state: State) -> String { Words.split("\(state)") }
    static func name(_ input: Input) -> String { Words.split("\(input)") }
    static func place(_ state: State) -> String { name(state) }
    static func isLeftToTable(_ cell: MachineCell<State>) -> Bool { false }
}

enum Words {
    /// `solicitedByUs` as `solicited by us`.
    static func split(_ name: String) -> String {
        var words = ""
        for character in name {
            if character.isUppercase { words += " " }
            words += character.lowercased()
        }
        return words
    }

    /// Joins what a step did.
    static func list(_ parts: [String]) -> String { parts.joined(separator: ", ") }
}

/// A machine's table without its types, for the tests and the document.
struct MachineTable: Sendable, CustomStringConvertible {
    struct Cell: Hashable, Sendable {
        var next: Int
        var action: String
        var rule: String
        var isLeftToTable: Bool
    }

    /// What a machine did, brought to a state by a path of inputs and given one more.
    struct Observation: Hashable, Sendable {
        /// Where the path has led.
        var before: Int
        /// `nil` when the input could not come.
        var action: String?
        var after: Int
    }

    let title: String
    let about: String
    let states: [String]
    /// Where the diagram shows each state.
    let places: [String]
    let inputs: [String]
    let initial: Int
    /// By state, then input.
    let cells: [[Cell?]]
    private let drive: @Sendable ([Int], Int) -> Observation?

    init<Machine: TabledMachine>(_ machine: Machine.Type) {
        let states = Array(Machine.State.allCases)
        let inputs = Array(Machine.Input.allCases)
        func index(_ state: Machine.State) -> Int { states.firstIndex(of: state) ?? -1 }
        title = Machine.title
        about = Machine.about
        self.states = states.map { Machine.name($0) }
        places = states.map { Machine.place($0) }
        self.inputs = inputs.map { Machine.name($0) }
        initial = index(Machine.initial)
        cells = states.map { state in
            inputs.map { input in
                Machine.cell(state, input).map {
                    Cell(
                        next: index($0.next), action: $0.action, rule: $0.rule,
                        isLeftToTable: Machine.isLeftToTable($0))
                }
            }
        }
        drive = { path, input in
            var machine = Machine()
            for step in path where machine.take(inputs[step]) == nil { return nil }
            let before = machine.state
            let action = machine.take(inputs[input])
            return Observation(
                before: states.firstIndex(of: before) ?? -1, action: action,
                after: states.firstIndex(of: machine.state) ?? -1)
        }
    }

    var description: String { title }

    /// `nil` when a step of the path could not come.
    func observe(_ input: Int, after path: [Int]) -> Observation? { drive(path, input) }

    /// For each state the shortest way there, as inputs; `nil` for states that the table never reaches.
    var paths: [[Int]?] {
        var paths = [[Int]?](repeating: nil, count: states.count)
        paths[initial] = []
        var open = [initial]
        while !open.isEmpty {
            let state = open.removeFirst()
            for (input, cell) in cells[state].enumerated() {
                guard let cell, let path = paths[state], paths[cell.next] == nil else { continue }
                paths[cell.next] = path + [input]
                open.append(cell.next)
            }
        }
        return paths
    }

    /// Every machine that the document shows, in its order.
    static let all: [MachineTable] = [
        MachineTable(InviteClientTable<Datagrams>.self), MachineTable(InviteClientTable<Streams>.self),
        MachineTable(InviteServerTable<Datagrams>.self), MachineTable(InviteServerTable<Streams>.self),
        MachineTable(NonInviteClientTable<Datagrams>.self), MachineTable(NonInviteClientTable<Streams>.self),
        MachineTable(NonInviteServerTable<Datagrams>.self), MachineTable(NonInviteServerTable<Streams>.self),
        MachineTable(OfferAnswerTable.self), MachineTable(OutgoingOfferTable.self),
        MachineTable(ReliableProvisionalTable.self), MachineTable(ProvisionalOrderTable.self),
        MachineTable(SessionTimerTable.self), MachineTable(RegistrationTable.self),
        MachineTable(SentReferralTable.self),
    ]
}
