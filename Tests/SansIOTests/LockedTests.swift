import SansIO
import Testing

@Suite("Locked")
struct LockedTests {
    @Test("Two threads that fight for one short lock neither lose a step nor are called recursive")
    func contention() async {
        for _ in 0..<200 {
            let counter = Locked(0)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        for _ in 0..<1_000 { counter.withLock { $0 += 1 } }
                    }
                }
            }
            #expect(counter.withLock { $0 } == 2_000)
        }
    }

    @Test("A value and an error come out of the closure, and the lock is free afterwards")
    func results() throws {
        struct Fault: Error {}
        let locked = Locked([1, 2])
        #expect(locked.withLock { $0.removeLast() } == 2)
        #expect(throws: Fault.self) { try locked.withLock { _ throws(Fault) in throw Fault() } }
        #expect(locked.withLock { $0 } == [1])
    }
}
