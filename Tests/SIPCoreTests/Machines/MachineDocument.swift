/// Renders tables of machines as Markdown with Mermaid diagrams.
enum MachineDocument {
    static let command =
        "OUTDIAL_WRITE_DOCS=1 swift test --enable-all-traits --filter StateMachineDocumentTests"

    static func render(_ tables: [MachineTable]) -> String {
        var text = """
            # State machines

            The signalling core is made of small machines without clock or socket: each takes one input at a time and says what \
            is to be sent and told. This page shows every one whose states and inputs can be listed. It is written from the \
            tables that the tests hold against the machines, cell by cell, so it cannot go stale; after a change of a machine, \
            rewrite it with

            ```
            \(command)
            ```

            How to read it: an arrow of a diagram is labelled with the inputs that lead along it and, after a slash, what the \
            machine does then. Inputs that change nothing and cause nothing are left out of the diagrams. The tables have \
            every input in every state: `–` where nothing changes or nothing is done, and no line at all where an input cannot \
            come, since its timer does not run. Each line names the section that asks for it.


            """
        for table in tables { text += "- [\(table.title)](#\(anchor(table.title)))\n" }
        for table in tables { text += "\n" + section(table) }
        return text
    }

    /// As the anchors of headings are made: lower case, words joined, punctuation dropped.
    private static func anchor(_ title: String) -> String {
        String(title.lowercased().compactMap { $0 == " " ? "-" : $0.isLetter || $0 == "-" ? $0 : nil })
    }

    private static func section(_ table: MachineTable) -> String {
        "## \(table.title)\n\n\(table.about)\n\n```mermaid\n\(diagram(table))```\n\n\(rows(table))"
    }

    // MARK: Diagram

    private static func diagram(_ table: MachineTable) -> String {
        let paths = table.paths
        var places: [String] = []
        for (state, place) in table.places.enumerated()
        where paths[state] != nil && !place.isEmpty && !places.contains(place) {
            places.append(place)
        }
        func id(_ state: Int) -> String { identifier(table.places[state]) }
        var text = "stateDiagram-v2\n"
        for place in places where identifier(place) != place {
            text += "    state \"\(place)\" as \(identifier(place))\n"
        }
        text += "    [*] --> \(id(table.initial))\n"
        for edge in edges(of: table) {
            text += "    \(identifier(edge.from)) --> \(identifier(edge.to)): \(edge.label)\n"
        }
        for place in places where place == "terminated" || place == "over" {
            text += "    \(identifier(place)) --> [*]\n"
        }
        return text
    }

    struct Edge {
        let from: String
        let to: String
        /// What leads along it, by what is done.
        var causes: [(action: String, inputs: [String])] = []

        /// Each action begins a line; long lines are broken.
        var label: String {
            causes.map { cause in
                let inputs = cause.inputs.joined(separator: ", ")
                return Self.broken(cause.action.isEmpty ? inputs : "\(inputs) / \(cause.action)")
            }.joined(separator: "<br/>")
        }

        private static func broken(_ text: String) -> String {
            var lines: [String] = []
            for word in text.split(separator: " ") {
                if let line = lines.last, line.count + word.count < 44 {
                    lines[lines.count - 1] = "\(line) \(word)"
                } else {
                    lines.append(String(word))
                }
            }
            return lines.joined(separator: "<br/>")
        }
    }

    /// What the diagram shows: all arrows between the same two places are one.
    static func edges(of table: MachineTable) -> [Edge] {
        var edges: [Edge] = []
        let paths = table.paths
        for (state, row) in table.cells.enumerated() where paths[state] != nil {
            for (input, cell) in row.enumerated() {
                guard let cell, !cell.isLeftToTable else { continue }
                let (from, to) = (table.places[state], table.places[cell.next])
                if from == to && cell.action.isEmpty || from.isEmpty || to.isEmpty { continue }
                let index = edges.firstIndex { $0.from == from && $0.to == to } ?? edges.count
                if index == edges.count { edges.append(Edge(from: from, to: to)) }
                add(table.inputs[input], doing: cell.action, to: &edges[index])
            }
        }
        return edges
    }

    private static func add(_ input: String, doing action: String, to edge: inout Edge) {
        guard let index = edge.causes.firstIndex(where: { $0.action == action }) else {
            return edge.causes.append((action, [input]))
        }
        if !edge.causes[index].inputs.contains(input) { edge.causes[index].inputs.append(input) }
    }

    /// `last wait` as `lastWait`: Mermaid's names have no spaces.
    private static func identifier(_ place: String) -> String {
        let words = place.split(separator: " ")
        return words.enumerated().map { $0 == 0 ? String($1) : $1.capitalizedFirst }.joined()
    }

    // MARK: Table

    private struct Row {
        let state: String
        var inputs: [String]
        let cell: MachineTable.Cell
    }

    /// One line for all inputs of a state that do the same by the same rule.
    private static func rows(_ table: MachineTable) -> String {
        var text = "| State | Input | Next | What is done | Rule |\n|---|---|---|---|---|\n"
        let paths = table.paths
        for (state, row) in table.cells.enumerated() where paths[state] != nil {
            var rows: [Row] = []
            for (input, cell) in row.enumerated() {
                guard let cell else { continue }
                if let index = rows.firstIndex(where: { $0.cell == cell }) {
                    rows[index].inputs.append(table.inputs[input])
                } else {
                    rows.append(Row(state: table.states[state], inputs: [table.inputs[input]], cell: cell))
                }
            }
            for row in rows {
                let next = row.cell.next == state ? "–" : table.states[row.cell.next]
                let action = row.cell.action.isEmpty ? "–" : row.cell.action
                text +=
                    "| \(row.state) | \(row.inputs.joined(separator: ", ")) | \(next) | \(action) | \(row.cell.rule) |\n"
            }
        }
        return text
    }
}

extension Substring {
    /// `wait` as `Wait`.
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
