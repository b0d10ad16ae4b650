import Foundation
import Testing

@Suite("Document of the state machines")
struct StateMachineDocumentTests {
    private static let file = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/state-machines.md")

    @Test("docs/state-machines.md is what the tables say")
    func isCurrent() throws {
        let rendered = MachineDocument.render(MachineTable.all)
        if ProcessInfo.processInfo.environment["OUTDIAL_WRITE_DOCS"] == "1" {
            try FileManager.default.createDirectory(
                at: Self.file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(rendered.utf8).write(to: Self.file)
        }
        let committed = String(decoding: try Data(contentsOf: Self.file), as: UTF8.self)
        let isCurrent = committed == rendered
        #expect(isCurrent, "out of date; rewrite it: \(MachineDocument.command)")
    }

    @Test("Each diagram has an arrow for whatever changes a state, and stays small enough to be read")
    func diagrams() {
        for table in MachineTable.all {
            let edges = MachineDocument.edges(of: table)
            #expect(edges.count <= 24, "\(table.title): \(edges.count) arrows")
            let paths = table.paths
            for (state, row) in table.cells.enumerated() where paths[state] != nil {
                for cell in row {
                    let (from, to) = (table.places[state], cell.map { table.places[$0.next] } ?? "")
                    guard from != to, !from.isEmpty, !to.isEmpty else { continue }
                    #expect(edges.contains { $0.from == from && $0.to == to })
                }
            }
            for edge in edges {
                // What Mermaid takes for syntax.
                #expect(!edge.label.contains { ":;\"#{}".contains($0) }, "\(edge.label)")
            }
        }
    }
}
