#if os(Linux)
    /// Elements in turn, first in first out. What has been taken is forgotten in bulk, so that an element that goes round and round does not
    /// make it grow.
    struct ReadyQueue<Element> {
        private static var mostTaken: Int { 64 }

        private var elements: [Element] = []
        /// Of `elements`, how many have been taken.
        private var head = 0

        var isEmpty: Bool { head == elements.count }

        mutating func append(_ element: Element) { elements.append(element) }

        mutating func takeFirst() -> Element? {
            guard head < elements.count else { return nil }
            let element = elements[head]
            head += 1
            if head == elements.count {
                elements.removeAll(keepingCapacity: true)
                head = 0
            } else if head == Self.mostTaken {
                elements.removeSubrange(..<head)
                head = 0
            }
            return element
        }

        mutating func removeAll(where isUnwanted: (Element) -> Bool) {
            elements.removeSubrange(..<head)
            head = 0
            elements.removeAll(where: isUnwanted)
        }
    }
#endif
