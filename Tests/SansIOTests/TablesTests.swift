import SansIO
import Testing

@Suite("Timer table")
struct TimerTableTests {
    enum Timer: Int, CaseIterable, Sendable { case a, b, c }

    @Test("The earliest due timer comes first, of equals the first declared, and each stops as it fires")
    func order() {
        var table = TimerTable<Timer>()
        #expect(table.next == nil && table.popDue(at: MonotonicInstant(nanoseconds: .max)) == nil)
        table.set(.c, to: MonotonicInstant(nanoseconds: 5))
        table.set(.b, to: MonotonicInstant(nanoseconds: 5))
        table.set(.a, to: MonotonicInstant(nanoseconds: 7))
        #expect(table.next == MonotonicInstant(nanoseconds: 5))
        #expect(table.popDue(at: MonotonicInstant(nanoseconds: 4)) == nil)
        let now = MonotonicInstant(nanoseconds: 6)
        #expect(table.popDue(at: now) == .b)
        #expect(table.popDue(at: now) == .c)
        #expect(table.popDue(at: now) == nil)
        #expect(table.deadline(of: .a) == MonotonicInstant(nanoseconds: 7) && table.deadline(of: .b) == nil)
        table.stopAll()
        #expect(table.next == nil)
    }
}

@Suite("Ordered table")
struct OrderedTableTests {
    @Test("It agrees with a list of pairs over random operations", arguments: UInt64(0)..<4)
    func agreesWithModel(seed: UInt64) {
        var generator = SeededGenerator(seed: seed, label: "table")
        var table = OrderedTable<Int, Int>()
        var model: [(key: Int, value: Int)] = []
        for step in 0..<3_000 {
            let key = Int.random(in: 0..<50, using: &generator)
            let index = model.firstIndex { $0.key == key }
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                table[key] = step
                if let index { model[index].value = step } else { model.append((key, step)) }
            case 2:
                table[key] = nil
                if let index { model.remove(at: index) }
            default:
                let found: Void? = table.update(key) { $0 += 1 }
                #expect((found == nil) == (index == nil))
                if let index { model[index].value += 1 }
            }
            guard table.keys == model.map(\.key), table.values == model.map(\.value),
                table.count == model.count
            else {
                Issue.record("step \(step): the table differs from the model")
                return
            }
        }
    }
}

@Suite("Slot table")
struct SlotTableTests {
    @Test("A name outlives its element and finds nothing, although its slot is used again")
    func staleNames() throws {
        var table = SlotTable<String>()
        let first = try #require(table.insert { _ in "first" })
        #expect(table[first] == "first" && table.count == 1)
        #expect(table.remove(first) == "first")
        #expect(table.remove(first) == nil)
        let second = try #require(table.insert { name in "second \(name)" })
        #expect(SlotTable<String>.slot(of: second) == SlotTable<String>.slot(of: first))
        #expect(second != first && table[first] == nil && table[second] == "second \(second)")
    }

    @Test("It holds 65,536 elements and refuses one more; a maker that throws takes no slot")
    func limits() throws {
        struct Refusal: Error {}
        var table = SlotTable<Int>()
        #expect(throws: Refusal.self) { _ = try table.insert { _ throws(Refusal) in throw Refusal() } }
        #expect(table.count == 0)
        for index in 0..<0x1_0000 { #expect(table.insert { _ in index } != nil) }
        #expect(table.insert { _ in 0 } == nil)
        #expect(table[-1] == nil && table[slot: 70_000] == nil)
        table.remove(7)
        let again = try #require(table.insert { _ in -7 })
        #expect(again == 0x1_0007 && table.elements[7] == -7)
    }
}
