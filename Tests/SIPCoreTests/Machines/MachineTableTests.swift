import Testing

@Suite("Tables of the machines")
struct MachineTableTests {
    /// `RFC nnnn §x`, the section in numbers and dots.
    private static func isRule(_ rule: String) -> Bool {
        let words = rule.split(separator: " ")
        guard words.count == 3, words[0] == "RFC", words[1].count == 4, UInt16(words[1]) != nil,
            words[2].first == "§"
        else { return false }
        let parts = words[2].dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        return parts.allSatisfy { UInt8($0) != nil }
    }

    @Test("Every state is reached, and every transition names its section", arguments: MachineTable.all)
    func rules(table: MachineTable) {
        for (state, path) in table.paths.enumerated() {
            // Over a stream nothing lingers.
            let isSkipped = table.title.hasSuffix("over a stream") && path == nil
            #expect(path != nil || isSkipped, "\(table.states[state])")
        }
        #expect(Set(table.states).count == table.states.count)
        #expect(Set(table.inputs).count == table.inputs.count)
        #expect(!table.inputs.contains { $0.contains(",") }, "labels are lists of inputs")
        for (state, row) in table.cells.enumerated() {
            #expect(row.count == table.inputs.count)
            for (input, cell) in row.enumerated() {
                guard let cell else { continue }
                let place = "\(table.states[state]), \(table.inputs[input])"
                #expect(Self.isRule(cell.rule), "\(place): \(cell.rule)")
                #expect(table.states.indices.contains(cell.next), "\(place)")
            }
        }
    }

    /// Each state is entered by every transition that leads to it, since what a machine keeps beside its state may differ
    /// by the way there.
    @Test("The machine does what each cell says, from every way into its state", arguments: MachineTable.all)
    func agreement(table: MachineTable) {
        let paths = table.paths
        var ways = [[[Int]]](repeating: [], count: table.states.count)
        ways[table.initial].append([])
        for (state, row) in table.cells.enumerated() {
            guard let path = paths[state] else { continue }
            for (input, cell) in row.enumerated() {
                if let cell { ways[cell.next].append(path + [input]) }
            }
        }
        for (state, row) in table.cells.enumerated() where paths[state] != nil {
            for (input, cell) in row.enumerated() {
                var came = 0
                for way in ways[state] {
                    // A timer that fires once, or behind another one, may not come along each way.
                    guard let observation = table.observe(input, after: way) else { continue }
                    let place: Comment =
                        "\(table.states[state]), \(table.inputs[input]), after \(way.map { table.inputs[$0] })"
                    #expect(observation.before == state, place)
                    guard let action = observation.action else { continue }
                    came += 1
                    #expect(action == cell?.action, place)
                    #expect(observation.after == cell?.next, place)
                }
                #expect((came > 0) == (cell != nil), "\(table.states[state]), \(table.inputs[input])")
            }
        }
    }

    @Test("The check can fail: a machine that strays from its table is seen")
    func planted() {
        let table = MachineTable(PlantedTable.self)
        let observation = table.observe(0, after: [])
        #expect(observation?.action == "send ACK, send ACK")
        #expect(observation?.action != table.cells[0][0]?.action)
        #expect(observation?.after != table.cells[0][0]?.next)
    }

    /// Says that a copy of a failure is answered with ACK once; sends two.
    private struct PlantedTable: TabledMachine {
        enum State: CaseIterable { case calling, completed }
        enum Input: CaseIterable { case failure }

        static let title = "Planted"
        static let about = ""
        static let initial = State.calling

        static func cell(_ state: State, _ input: Input) -> MachineCell<State>? {
            MachineCell(.completed, "send ACK", "RFC 3261 §17.1.1.2")
        }

        private(set) var state = State.calling
        mutating func take(_ input: Input) -> String? { "send ACK, send ACK" }
    }
}
