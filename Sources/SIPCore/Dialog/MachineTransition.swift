/// One cell of a machine's table: what an input does in a state, and who says so.
///
/// Tests enumerate the cells, and the tables and diagrams of the documentation are made of them.
struct MachineTransition<State: Hashable & Sendable, Action: Hashable & Sendable>: Hashable, Sendable {
    let next: State
    let action: Action
    /// The section that asks for it, for example `RFC 3264 §4`.
    let rule: String

    init(_ next: State, _ action: Action, _ rule: String) {
        self.next = next
        self.action = action
        self.rule = rule
    }
}
