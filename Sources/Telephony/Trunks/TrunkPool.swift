internal import SansIO

/// Which trunk carries which call, and when: choice, limits, queue, circuit breakers. Rules without sockets or clocks.
///
/// A call asks for a place with its ticket and gets one of a suitable trunk: of the least priority number that can take it
/// now, drawn by weight. It waits, in order and bounded, while every suitable trunk is at its limit or rests. With the place
/// it gets ready, asks once more just before its INVITE (which keeps the rate exact), and gives the place back at its end.
struct TrunkPool: Sendable {
    /// Names one call here; used again when it fails over.
    typealias Ticket = UInt64

    enum Command: Hashable, Sendable {
        /// A place on this trunk.
        case grant(Ticket, trunk: Int)
        /// The INVITE may leave now.
        case start(Ticket)
        case refuse(Ticket, TrunkRefusal)
        /// The ticket waits; said once.
        case queued(Ticket)
    }

    struct Event: Hashable, Sendable {
        var trunk: Int
        var kind: TrunkEvent
    }

    typealias Output = Effects<Command, Event>

    private struct Waiting: Sendable {
        var ticket: Ticket
        var suitable: [Int]
        var deadline: MonotonicInstant
    }

    private struct Place: Sendable {
        var trunk: Int
        var isTrial: Bool
        var isStarted = false
    }

    private(set) var lines: [TrunkCondition]
    private let queueLimit: Int
    private var generator: SeededGenerator
    private var queue: [Waiting] = []
    private var places: [Ticket: Place] = [:]

    /// - Parameter queueLimit: Calls that may wait at once.
    init(trunks: [Trunk], queueLimit: Int, generator: SeededGenerator) {
        lines = trunks.map { TrunkCondition($0) }
        self.queueLimit = queueLimit
        self.generator = generator
    }

    /// Calls that wait for a place.
    var queueLength: Int { queue.count }

    var nextDeadline: MonotonicInstant? {
        var next: MonotonicInstant?
        func consider(_ instant: MonotonicInstant?) {
            next = .earlier(next, instant)
        }
        for line in lines {
            consider(line.nextStart)
            consider(line.nextChange)
        }
        for waiting in queue { consider(waiting.deadline) }
        // The next token matters only to those who wait.
        if !queue.isEmpty { for line in lines { consider(line.wakesAt) } }
        return next
    }

    // MARK: Calls

    /// Asks for a place.
    ///
    /// - Parameters:
    ///   - suitable: Indices of the trunks that may carry the call.
    ///   - deadline: When it gives up.
    mutating func request(
        _ ticket: Ticket, suitable: [Int], deadline: MonotonicInstant, at now: MonotonicInstant,
        into out: inout Output
    ) {
        update(at: now, into: &out)
        if let hopeless = hopeless(suitable, until: deadline, at: now) {
            out.send(.refuse(ticket, hopeless))
            return
        }
        queue.append(Waiting(ticket: ticket, suitable: suitable, deadline: deadline))
        serve(at: now, into: &out)
        guard queue.last?.ticket == ticket else { return }
        if deadline <= now {
            queue.removeLast()
            out.send(.refuse(ticket, .waitedTooLong(reason(suitable, at: now))))
        } else if queue.count > queueLimit {
            queue.removeLast()
            out.send(.refuse(ticket, .queueFull))
        } else {
            out.send(.queued(ticket))
        }
    }

    /// Everything is ready for the INVITE.
    mutating func ready(_ ticket: Ticket, at now: MonotonicInstant, into out: inout Output) {
        guard let place = places[ticket], !place.isStarted else { return }
        lines[place.trunk].starting.append(ticket)
        startDue(place.trunk, at: now, into: &out)
    }

    /// The far end has had its word while the call goes on.
    mutating func hear(
        _ verdict: TrunkVerdict, of ticket: Ticket, at now: MonotonicInstant, into out: inout Output
    ) {
        guard let place = places[ticket] else { return }
        hear(verdict, over: place.trunk, isTrial: place.isTrial, at: now, into: &out)
        places[ticket]?.isTrial = false
        serve(at: now, into: &out)
    }

    /// The call, or its attempt over this trunk, is over; wherever it stood. Unknown tickets are ignored.
    mutating func end(
        _ ticket: Ticket, _ verdict: TrunkVerdict, at now: MonotonicInstant, into out: inout Output
    ) {
        if let place = places.removeValue(forKey: ticket) {
            lines[place.trunk].calls -= 1
            if !place.isStarted { lines[place.trunk].starting.removeAll { $0 == ticket } }
            hear(verdict, over: place.trunk, isTrial: place.isTrial, at: now, into: &out)
            serve(at: now, into: &out)
            refuseHopeless(at: now, into: &out)
        } else if let index = queue.firstIndex(where: { $0.ticket == ticket }) {
            queue.remove(at: index)
            out.send(.refuse(ticket, .callEnded))
        }
    }

    // MARK: Trunks

    /// A person says that a trunk may be used again.
    mutating func resume(_ trunk: Int, at now: MonotonicInstant, into out: inout Output) {
        lines[trunk].breaker.resume()
        serve(at: now, into: &out)
    }

    /// It refuses us outside of calls: its registrar does not take our credentials.
    mutating func refuse(
        _ trunk: Int, _ words: String, at now: MonotonicInstant, into out: inout Output
    ) {
        hear(.refusal(words), over: trunk, isTrial: false, at: now, into: &out)
        serve(at: now, into: &out)
        refuseHopeless(at: now, into: &out)
    }

    /// Whoever waits for stopped trunks alone waits for nothing.
    private mutating func refuseHopeless(at now: MonotonicInstant, into out: inout Output) {
        guard !queue.isEmpty, lines.contains(where: { $0.breaker.state == .stopped }) else { return }
        let lost = queue.filter { waiting in
            waiting.suitable.allSatisfy { lines[$0].prospect(at: now) == .never }
        }
        queue.removeAll { waiting in lost.contains { $0.ticket == waiting.ticket } }
        for waiting in lost { out.send(.refuse(waiting.ticket, .unusable(.stopped, usableIn: nil))) }
    }

    /// Its registrar knows us, or no longer.
    mutating func setRegistered(
        _ isRegistered: Bool, _ trunk: Int, at now: MonotonicInstant, into out: inout Output
    ) {
        lines[trunk].isRegistered = isRegistered
        serve(at: now, into: &out)
    }

    /// It answers OPTIONS, or no longer.
    mutating func setReachable(
        _ isReachable: Bool, _ trunk: Int, at now: MonotonicInstant, into out: inout Output
    ) {
        lines[trunk].isReachable = isReachable
        serve(at: now, into: &out)
    }

    /// Calls that wait for a trunk.
    func waiting(for trunk: Int) -> Int { queue.count { $0.suitable.contains(trunk) } }

    // MARK: Time

    mutating func fire(at now: MonotonicInstant, into out: inout Output) {
        for trunk in lines.indices { startDue(trunk, at: now, into: &out) }
        serve(at: now, into: &out)
        guard queue.contains(where: { $0.deadline <= now }) else { return }
        let due = queue.filter { $0.deadline <= now }
        queue.removeAll { $0.deadline <= now }
        for waiting in due {
            out.send(.refuse(waiting.ticket, .waitedTooLong(reason(waiting.suitable, at: now))))
        }
    }

    // MARK: Choice

    /// Gives places to those who wait, in order, as far as there are any.
    private mutating func serve(at now: MonotonicInstant, into out: inout Output) {
        update(at: now, into: &out)
        guard !queue.isEmpty else { return }
        var isOpen = lines.map { $0.isUsable(at: now) }
        guard isOpen.contains(true) else { return }
        var rest: [Waiting] = []
        for (index, waiting) in queue.enumerated() {
            guard isOpen.contains(true) else {
                rest.append(contentsOf: queue[index...])
                break
            }
            guard let trunk = draw(among: waiting.suitable.filter { isOpen[$0] }) else {
                rest.append(waiting)
                continue
            }
            let isTrial = lines[trunk].take(at: now)
            places[waiting.ticket] = Place(trunk: trunk, isTrial: isTrial)
            isOpen[trunk] = lines[trunk].isUsable(at: now)
            out.send(.grant(waiting.ticket, trunk: trunk))
        }
        queue = rest
        update(at: now, into: &out)
    }

    /// Of the least priority number, by weight.
    private mutating func draw(among usable: [Int]) -> Int? {
        guard let first = usable.first else { return nil }
        let priority = usable.reduce(lines[first].priority) { min($0, lines[$1].priority) }
        let equals = usable.filter { lines[$0].priority == priority }
        guard equals.count > 1 else { return equals.first }
        let sum = equals.reduce(0) { $0 + lines[$1].weight }
        // Trunks of weight 0 take calls only where there are none of more.
        guard sum > 0 else { return equals[Int(generator.next() % UInt64(equals.count))] }
        var point = Int(generator.next() % UInt64(sum))
        for trunk in equals {
            point -= lines[trunk].weight
            if point < 0 { return trunk }
        }
        return equals.last
    }

    private mutating func startDue(_ trunk: Int, at now: MonotonicInstant, into out: inout Output) {
        while let ticket = lines[trunk].startNext(at: now) {
            places[ticket]?.isStarted = true
            out.send(.start(ticket))
        }
    }

    // MARK: Conditions

    private mutating func hear(
        _ verdict: TrunkVerdict, over trunk: Int, isTrial: Bool, at now: MonotonicInstant,
        into out: inout Output
    ) {
        if verdict.isFault {
            lines[trunk].noteFault(verdict.words)
            out.emit(Event(trunk: trunk, kind: .fault(verdict.words)))
        }
        lines[trunk].breaker.hear(verdict, isTrial: isTrial, at: now)
    }

    /// Tells which trunks have changed since the last time.
    private mutating func update(at now: MonotonicInstant, into out: inout Output) {
        for trunk in lines.indices {
            if let state = lines[trunk].stateChange(at: now) {
                out.emit(Event(trunk: trunk, kind: .changed(state)))
            }
        }
    }

    /// Why no waiting until `deadline` can help; `nil` when it may.
    private func hopeless(
        _ suitable: [Int], until deadline: MonotonicInstant, at now: MonotonicInstant
    ) -> TrunkRefusal? {
        var earliest: MonotonicInstant?
        for trunk in suitable {
            switch lines[trunk].prospect(at: now) {
            case .someTime: return nil
            case .at(let instant):
                if instant <= max(deadline, now) { return nil }
                earliest = .earlier(earliest, instant)
            case .never: break
            }
        }
        return .unusable(reason(suitable, at: now), usableIn: earliest.map { now.duration(to: $0) })
    }

    /// The state of the trunk that is nearest to being ready.
    private func reason(_ suitable: [Int], at now: MonotonicInstant) -> TrunkState {
        let order: [TrunkState] = [
            .atLimit, .resting, .halfOpen, .unregistered, .unreachable, .open, .stopped,
        ]
        let states = suitable.map { lines[$0].state(at: now) }
        return order.first { states.contains($0) } ?? .atLimit
    }
}

/// Why a call got no place on any trunk.
enum TrunkRefusal: Error, Hashable, Sendable {
    /// As many calls wait as may.
    case queueFull
    /// It waited as long as it may; what kept the nearest trunk.
    case waitedTooLong(TrunkState)
    /// No suitable trunk will take a call in time; what keeps the nearest, and for how long where that is known.
    case unusable(TrunkState, usableIn: Duration?)
    /// Every suitable trunk has been tried.
    case noneLeft
    /// There is no call any more.
    case callEnded
}
