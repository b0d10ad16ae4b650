import Foundation
import SIPCore
import SansIO
import TestSupport
import Testing

@testable import Telephony

@Suite("What a dialer takes, and how it lets go", .timeLimit(.minutes(2)))
struct DialerLifeTests {
    @Test("An agent that throws, hangs or floods ends its own call and no other")
    func badAgents() async throws {
        struct Oops: Error {}
        let observer = RecordingObserver()
        let outcomes = try await withDialer(observers: [observer]) { dialer, callee in
            await #expect(throws: Oops.self) {
                try await dialer.call(CallRequest(to: "100", id: "throws")) { call in
                    try await call.answered()
                    throw Oops()
                }
            }
            async let flood = dialer.call(CallRequest(to: "100", id: "floods")) { call in
                try await call.answered()
                while true { try await call.audio.write([Int16](repeating: 1, count: 100_000)) }
            }
            // Deaf to cancellation for longer than the grace time.
            let release = Gate()
            async let hang = dialer.call(CallRequest(to: "100", id: "hangs")) { call in
                try await call.answered()
                await release.wait()
            }
            await observer.answered("floods")
            await observer.answered("hangs")
            dialer.hangUp("floods")
            dialer.hangUp("hangs")
            let outcomes = try await (dialer.outcome(of: "throws"), flood.outcome, hang)
            #expect(outcomes.2.value == nil)
            release.open()
            return (outcomes.0, outcomes.1, outcomes.2.outcome)
        }
        #expect(outcomes.0.agentResult == AgentResult(status: .failed, note: "Oops"))
        #expect(outcomes.0.endedBy == .us)
        #expect(outcomes.1.agentResult?.status == .interrupted)
        #expect(outcomes.1.cause.text == "hung up by the application")
        #expect(
            outcomes.2.agentResult
                == AgentResult(status: .interrupted, note: "the agent did not stop when the call ended"))
        #expect(observer.records.count == 3)
    }

    @Test("Cancelling run() hangs up every call by protocol and delivers every outcome")
    func cancelRun() async throws {
        let driver = try Dialer.makeDriver()
        let callee = MiniCallee(driver: driver)
        let ringing = MiniCallee(driver: driver, script: .init(answer: .ring))
        let observer = RecordingObserver()
        let address = try await callee.open()
        let otherAddress = try await ringing.open()
        let results = try await withThrowingTaskGroup(of: CallOutcome.self) { callers in
            try await withThrowingTaskGroup(of: Void.self) { dialers in
                for (id, port) in [("a", address.port), ("b", otherAddress.port)] {
                    let dialer = Dialer(
                        trunk: Trunk(name: "t", host: "127.0.0.1", port: port), driver: driver,
                        observers: [observer])
                    dialers.addTask { try await dialer.run() }
                    callers.addTask {
                        try await dialer.call(CallRequest(to: "100", id: CallID(id))) { call in
                            for await _ in call.events {}
                        }.outcome
                    }
                }
                await observer.answered("a")
                await observer.wait(for: "b") { $0 == .ringing(status: 180) }
                dialers.cancelAll()
                try await dialers.waitForAll()
            }
            return try await callers.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(results.map(\.disposition)) == [.answered, .cancelled])
        #expect(results.allSatisfy { $0.endedBy == .us })
        #expect(await callee.heard.ended == 1)
        #expect(await ringing.heard.cancelled == 1)
        #expect(observer.records.count == 2)
        await callee.close()
        await ringing.close()
    }

    @Test("A call without run() says so")
    func notRunning() async throws {
        let dialer = Dialer(trunk: Trunk(name: "t", host: "127.0.0.1"))
        do {
            _ = try await dialer.call(CallRequest(to: "1")) { _ in }
            Issue.record("it was placed")
        } catch let error as CallError {
            #expect(error.code == .notRunning)
        }
    }

    @Test("Ids are used once, limits are limits, and a dialer that shuts down takes no more")
    func admission() async throws {
        try await withDialer(configure: { $0.maximumCalls = 1 }) { dialer, _ in
            let first = try await dialer.submit(CallRequest(to: "100", id: "x"), handler: Patient())
            #expect(first == "x")
            func code(_ request: CallRequest) async -> CallError.Code? {
                do {
                    try await dialer.submit(request, handler: Patient())
                    return nil
                } catch {
                    return (error as? CallError)?.code
                }
            }
            #expect(await code(CallRequest(to: "100", id: "x")) == .duplicateID)
            #expect(await code(CallRequest(to: "100")) == .tooManyCalls)
            #expect(await code(CallRequest(to: "nobody")) == .invalidRequest)
            async let over: Void = dialer.shutDown()
            var refusal: CallError.Code?
            while refusal == nil || refusal == .tooManyCalls {
                refusal = await code(CallRequest(to: "100"))
                await Task.yield()
            }
            #expect(refusal == .shuttingDown)
            dialer.hangUp("x")
            await over
            #expect(try await dialer.outcome(of: "x").endedBy == .us)
            #expect(dialer.phase(of: "x") == .ended)
            #expect(dialer.phase(of: "y") == nil)
            await #expect(throws: CallError.self) { try await dialer.outcome(of: "y") }
        }
    }

    @Test(
        "Nothing is dialed when the agent cannot prepare, when the attempt cannot be noted, or when nobody waits"
    )
    func notDialed() async throws {
        struct NoDisk: Error {}
        let heard = try await withDialer { dialer, callee in
            let unprepared = try await dialer.call(CallRequest(to: "100"), handler: Unprepared())
            #expect(unprepared.disposition == .notPrepared)
            #expect(unprepared.cause.text == "the agent could not prepare: Unready")
            await #expect(throws: NoDisk.self) {
                try await dialer.placeCall(CallRequest(to: "100", id: "n"), handler: Patient()) { _ in
                    throw NoDisk()
                }
            }
            #expect(try await dialer.outcome(of: "n").disposition == .failed)
            let early = try await withThrowingTaskGroup(of: CallOutcome.self) { group in
                group.addTask {
                    try await dialer.call(CallRequest(to: "100"), handler: Patient(isReady: false))
                }
                group.cancelAll()
                return try await group.next()
            }
            #expect(early?.disposition == .cancelled)
            let legs = try await dialer.statistics()
            #expect(legs.liveLegs == 0 && legs.liveCalls == 0)
            return await callee.heard
        }
        #expect(heard.requests.isEmpty)
    }

    @Test("A call that was hung up while its agent prepared is not noted as an attempt")
    func hungUpWhilePreparing() async throws {
        let noted = Locked(false)
        let outcome = try await withDialer { dialer, _ in
            let handler = Patient(isReady: false)
            async let outcome = dialer.placeCall(CallRequest(to: "100", id: "early"), handler: handler) { _ in
                noted.withLock { $0 = true }
            }
            while dialer.phase(of: "early") == nil { await Task.yield() }
            dialer.hangUp("early")
            return try await outcome
        }
        #expect(outcome.disposition == .cancelled)
        #expect(noted.withLock { $0 } == false)
    }

    @Test("A dialer that stops while an agent prepares does not call the agent unready")
    func stoppedWhilePreparing() async throws {
        let driver = try Dialer.makeDriver()
        let dialer = Dialer(trunk: Trunk(name: "t", host: "127.0.0.1"), driver: driver)
        let outcome = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dialer.run() }
            try await dialer.submit(CallRequest(to: "100", id: "early"), handler: Restless())
            group.cancelAll()
            try await group.waitForAll()
            return try await dialer.outcome(of: "early")
        }
        #expect(outcome.disposition == .cancelled)
    }

    @Test("An agent that never gets ready is given up after the time for it")
    func neverReady() async throws {
        let outcome = try await withDialer(configure: { $0.prepareTimeout = .milliseconds(50) }) {
            dialer, _ in
            try await dialer.call(CallRequest(to: "100"), handler: Patient(isReady: false))
        }
        #expect(outcome.disposition == .notPrepared)
        #expect(outcome.cause.text == "the agent was not ready in time")
    }

    @Test("A machine without descriptors is named as such, not as a lack of ports")
    func noDescriptors() async throws {
        let driver = try ConfinedDriver(sockets: 1)
        let trunk = Trunk(name: "t", host: "127.0.0.1")
        let dialer = Dialer(trunk: trunk, driver: driver)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dialer.run() }
            await #expect(throws: CallError(.socket, "no media port: out of descriptors")) {
                try await dialer.call(CallRequest(to: "100", id: "a"), handler: Patient())
            }
            #expect(try await dialer.outcome(of: "a").disposition == .failed)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test("An advertised name with addresses of both families is told in the family that is bound")
    func advertisedFamily() async throws {
        let inside = SocketAddress(ipv4: 0xC000_0207, port: 0)
        let driver = try ConfinedDriver(names: [
            "media.example": [try #require(SocketAddress(host: "2001:db8::7", port: 0)), inside]
        ])
        let callee = MiniCallee(driver: driver, script: .init(answer: .refuse(486)))
        let address = try await callee.open()
        let trunk = Trunk(
            name: "t", host: "127.0.0.1", port: address.port, advertisedHost: "media.example")
        let dialer = Dialer(trunk: trunk, driver: driver)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dialer.run() }
            let outcome = try await dialer.call(CallRequest(to: "100"), handler: Patient())
            #expect(outcome.disposition == .busy)
            group.cancelAll()
            try await group.waitForAll()
        }
        let offer = try #require(await callee.heard.requests.first?.body)
        #expect(String(decoding: offer.bytes, as: UTF8.self).contains("c=IN IP4 192.0.2.7\r\n"))
        await callee.close()
    }

    @Test("A trunk that does not resolve is said in the outcome")
    func noRoute() async throws {
        let result = try await withDialer(trunk: { $0.host = "trunk.invalid" }) { dialer, _ in
            try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
        }
        #expect(result.outcome.disposition == .trunkFault)
        #expect(result.outcome.cause.text == "no route: the trunk's host name has no address")
    }

    @Test("Media ports run out with an error of the socket, and come back")
    func portsRunOut() async throws {
        let observer = RecordingObserver()
        // Below those that the system chooses for others, and others in each process.
        let port = 7_000 + UInt16(ProcessInfo.processInfo.processIdentifier % 900) * 2
        try await withDialer(
            configure: {
                $0.mediaPorts = port...port + 1
                $0.portQuarantine = .zero
            }, observers: [observer]
        ) { dialer, _ in
            try await dialer.submit(CallRequest(to: "100", id: "a"), handler: Patient())
            await observer.answered("a")
            await #expect(throws: CallError.self) {
                try await dialer.call(CallRequest(to: "100", id: "b"), handler: Patient())
            }
            #expect(try await dialer.outcome(of: "b").disposition == .failed)
            dialer.hangUp("a")
            _ = try await dialer.outcome(of: "a")
            let again = try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
            #expect(again.outcome.disposition == .answered)
        }
    }
}

/// Prepares, or never gets ready; then stays on the line until the call ends.
private struct Patient: CallHandler {
    var isReady = true

    func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
        // A stream without elements ends when the task is cancelled.
        if !isReady { for await _ in AsyncStream<Never>.makeStream().stream {} }
        return { call in
            for await _ in call.events {}
            return AgentResult(status: .done)
        }
    }
}

/// Its preparation throws when it is cancelled.
private struct Restless: CallHandler {
    func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
        for await _ in AsyncStream<Never>.makeStream().stream {}
        throw CancellationError()
    }
}

private struct Unprepared: CallHandler {
    struct Unready: Error {}

    func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance { throw Unready() }
}
