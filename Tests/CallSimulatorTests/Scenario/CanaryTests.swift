internal import CallSimulator
internal import Testing

@Suite("Canaries")
struct CanaryTests {
    @Test("Every planted fault is found by the rule against it", arguments: Canary.all.indices)
    func sings(index: Int) {
        let canary = Canary.all[index]
        let (isFound, detail) = canary.sing()
        #expect(isFound, "\(canary.name): \(detail)")
    }

    @Test("No rule is without a canary")
    func complete() {
        #expect(Set(Canary.all.compactMap(\.invariant)) == Set(Invariant.allCases))
    }
}
