import SansIO
import Testing

@Suite("Deadline heap")
struct DeadlineHeapTests {
    @Test("It agrees with a sorted list over random operations", arguments: UInt64(0)..<8)
    func agreesWithModel(seed: UInt64) {
        var generator = SeededGenerator(seed: seed, label: "heap")
        var heap = DeadlineHeap()
        var model: [(deadline: Int64, order: Int, key: Int)] = []
        var order = 0
        for step in 0..<4_000 {
            let key = Int.random(in: 0..<64, using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<6:
                // Few distinct values, so that ties are common.
                let deadline = Int64.random(in: 0..<40, using: &generator)
                heap.set(key, to: MonotonicInstant(nanoseconds: deadline))
                if let index = model.firstIndex(where: { $0.key == key }) {
                    if model[index].deadline == deadline { break }
                    model.remove(at: index)
                }
                model.append((deadline, order, key))
                order += 1
            case 6..<8:
                heap.set(key, to: nil)
                model.removeAll { $0.key == key }
            default:
                let now = Int64.random(in: 0..<40, using: &generator)
                let least = model.indices.min {
                    (model[$0].deadline, model[$0].order) < (model[$1].deadline, model[$1].order)
                }
                let expected = least.flatMap { model[$0].deadline <= now ? model[$0].key : nil }
                let popped = heap.popDue(at: MonotonicInstant(nanoseconds: now))
                if popped != expected {
                    Issue.record("step \(step): popped \(popped as Any), not \(expected as Any)")
                }
                if let expected { model.removeAll { $0.key == expected } }
            }
            let least = model.min { ($0.deadline, $0.order) < ($1.deadline, $1.order) }
            if heap.count != model.count || heap.first?.key != least?.key
                || heap.deadline(of: key)?.nanoseconds != model.first(where: { $0.key == key })?.deadline
            {
                Issue.record("step \(step): the heap differs from the model")
                return
            }
        }
    }

    @Test(
        "Equal deadlines fire in the order in which they were set; setting the same one again keeps the place"
    )
    func ties() {
        var heap = DeadlineHeap()
        let instant = MonotonicInstant(nanoseconds: 5)
        for key in [3, 1, 2, 0] { heap.set(key, to: instant) }
        heap.set(3, to: instant)
        heap.set(1, to: MonotonicInstant(nanoseconds: 6))
        heap.set(1, to: instant)
        var fired: [Int] = []
        while let key = heap.popDue(at: instant) { fired.append(key) }
        #expect(fired == [3, 2, 0, 1])
        #expect(heap.isEmpty && heap.deadline(of: 99) == nil)
    }
}
