public import AgentBridge

/// What a simulated callee does, from the INVITE on: ring, answer, talk, press keys, hang up.
///
/// Start from a preset and go on with modifiers:
///
/// ```swift
/// let callee = CalleeScript.answers(after: .seconds(4)).says("Hello?").hangsUp(after: .seconds(2))
/// ```
///
/// After its last step an answered callee stays on the line until the caller hangs up, and one that has not answered
/// keeps ringing.
public struct CalleeScript: Hashable, Sendable {
    @nonexhaustive
    public enum Step: Hashable, Sendable {
        /// 180, and silence for so long.
        case ring(Duration)
        /// 183 with a session description, and a ringback tone in it for so long.
        case earlyMedia(Duration)
        /// 200. The steps after it begin when the ACK has come.
        case answer
        /// A final response of 300...699. The last step.
        case reject(status: Int, reason: String? = nil)
        /// Says a text in tones of its length and rhythm.
        case say(String)
        case beep(hertz: Double, Duration)
        /// A tone of the line, for so long: in early media, or after the answer.
        case tone(LineTone, Duration)
        /// Plays a recording of ``CalleeScript/sounds``.
        case play(String)
        case wait(Duration)
        /// Goes on when the caller speaks, or after the time-out.
        case waitForVoice(timeout: Duration)
        /// Goes on when the caller has been silent for so long, or after the time-out.
        case waitForSilence(Duration, timeout: Duration)
        /// Goes on when the caller has pressed a key that no step has waited for yet, or after the time-out.
        case waitForKey(timeout: Duration)
        /// Presses telephone keys (RFC 4733).
        case press(String)
        /// BYE. The last step.
        case hangUp
    }

    /// Steps by attempt: the first call to a number follows the first list, and the last list serves all further ones.
    public var attempts: [[Step]]
    /// Recordings by name: mono, 8,000 Hz.
    public var sounds: [String: [Int16]] = [:]

    public init(steps: [Step]) { attempts = [steps] }

    /// - Parameter attempts: At least one list.
    public init(attempts: [[Step]]) { self.attempts = attempts.isEmpty ? [[]] : attempts }

    /// The steps of the `attempt`-th call to one number, from 1.
    public func steps(attempt: Int) -> [Step] {
        attempts.isEmpty ? [] : attempts[min(max(1, attempt), attempts.count) - 1]
    }

    /// Whether it says or does something in this order that a telephone cannot.
    ///
    /// - Throws: ``ScriptError`` with the step, counted within its attempt.
    public func check() throws(ScriptError) {
        for steps in attempts { try Self.check(steps, sounds: sounds) }
    }

    private static func check(_ steps: [Step], sounds: [String: [Int16]]) throws(ScriptError) {
        enum Stage { case ringing, earlyMedia, answered, over }
        var stage = Stage.ringing
        for (index, step) in steps.enumerated() {
            func fault(_ expected: String) -> ScriptError {
                ScriptError(step: index, field: step.name, problem: .notAllowed(expected: expected))
            }
            if stage == .over { throw fault("absent: the call is over by then") }
            switch step {
            case .ring, .earlyMedia, .answer, .reject:
                if stage == .answered { throw fault("before the answer") }
                if case .reject(let status, _) = step, !(300...699).contains(status) {
                    throw fault("a status of 300...699")
                }
                if case .answer = step { stage = .answered }
                if case .earlyMedia = step { stage = .earlyMedia }
                if case .reject = step { stage = .over }
            case .say, .beep, .tone, .play:
                if stage == .ringing { throw fault("after answer or earlyMedia") }
                if case .play(let name) = step, sounds[name] == nil {
                    throw ScriptError(
                        step: index, field: "play", problem: .sound("there is no such recording"))
                }
            case .waitForVoice, .waitForSilence, .waitForKey, .press, .hangUp:
                if stage != .answered { throw fault("after answer") }
                if case .press(let keys) = step, !keys.allSatisfy({ "0123456789*#ABCDW".contains($0) }) {
                    throw fault("telephone keys: 0-9, *, #, A-D, W for a pause")
                }
                if case .hangUp = step { stage = .over }
            case .wait: break
            }
        }
    }
}

extension CalleeScript.Step {
    /// Its name in JSON.
    var name: String {
        switch self {
        case .ring: "ring"
        case .earlyMedia: "earlyMedia"
        case .answer: "answer"
        case .reject: "reject"
        case .say: "say"
        case .beep: "beep"
        case .tone: "tone"
        case .play: "play"
        case .wait: "wait"
        case .waitForVoice: "waitForVoice"
        case .waitForSilence: "waitForSilence"
        case .waitForKey: "waitForKey"
        case .press: "press"
        case .hangUp: "hangUp"
        }
    }
}
