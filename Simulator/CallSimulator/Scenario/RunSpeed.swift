#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif
private import SansIO

/// How fast a run was. Not part of its trace: it differs from machine to machine.
public struct RunSpeed: Hashable, Sendable, Codable {
    /// Virtual time that passed.
    public var virtualSeconds = 0.0
    /// Seconds between answer and end, summed over all calls.
    public var callSeconds = 0.0
    public var wallSeconds = 0.0
    /// Processor time of the whole process.
    public var cpuSeconds = 0.0

    public init() {}

    /// Seconds of answered calls simulated in one second of real time.
    public var callSecondsPerSecond: Double { wallSeconds > 0 ? callSeconds / wallSeconds : 0 }
    /// The same in one second of processor time: a world keeps one core busy.
    public var callSecondsPerCPUSecond: Double { cpuSeconds > 0 ? callSeconds / cpuSeconds : 0 }
    /// How many times faster than reality the run went.
    public var timesRealTime: Double { wallSeconds > 0 ? virtualSeconds / wallSeconds : 0 }
}

/// Measures a run from outside of its world.
struct SpeedMeter {
    private let wall = Self.seconds(CLOCK_MONOTONIC)
    private let cpu = Self.seconds(CLOCK_PROCESS_CPUTIME_ID)

    func read(virtual: Duration) -> RunSpeed {
        var speed = RunSpeed()
        speed.virtualSeconds = virtual.inSeconds
        speed.wallSeconds = Self.seconds(CLOCK_MONOTONIC) - wall
        speed.cpuSeconds = Self.seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu
        return speed
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
