internal import SansIO

/// The order in which SRV records are tried (RFC 2782).
enum ServiceOrder {
    /// Records by priority, and within a priority drawn by weight.
    ///
    /// Each draw is among the records that are left: a record's chance is its share of the weights, those without weight
    /// come first only where the draw is zero.
    static func draw(_ services: [DNSService], using generator: inout SeededGenerator) -> [DNSService] {
        var ordered: [DNSService] = []
        // Stable by priority: the order of the answer plays no part but for equal draws.
        var left = services.enumerated().sorted {
            ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset)
        }.map(\.element)[...]
        while let priority = left.first?.priority {
            var group = Array(left.prefix { $0.priority == priority })
            left = left.dropFirst(group.count)
            group = group.filter { $0.weight == 0 } + group.filter { $0.weight > 0 }
            while !group.isEmpty {
                let sum = group.reduce(0) { $0 + UInt64($1.weight) }
                let drawn = generator.next(upperBound: sum + 1)
                var running: UInt64 = 0
                let index = group.firstIndex {
                    running += UInt64($0.weight)
                    return running >= drawn
                }
                ordered.append(group.remove(at: index ?? 0))
            }
        }
        return ordered
    }
}
