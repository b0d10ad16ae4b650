internal import SIPCore
internal import SansIO

/// What the running dialer has counted.
extension DialerService {
    func statistics() async -> DialerStatistics {
        var sum = DialerStatistics(
            userAgent: UserAgent.Statistics(), liveCalls: 0, liveLegs: 0, frameLateness: LatenessHistogram(),
            skippedTicks: 0)
        for engine in lines.engines {
            let (userAgent, liveCalls) = await engine.ask { $0.statistics }
            sum.userAgent.add(userAgent)
            sum.liveCalls += liveCalls
            sum.streams.add(await engine.ask { $0.connections.statistics })
            sum.inbound.add(await engine.ask { $0.incoming?.statistics ?? InboundStatistics() })
        }
        for engine in media {
            let (frames, ticks, skipped, legs) = await engine.ask { $0.statistics }
            sum.frameLateness.add(frames)
            sum.tickLateness.add(ticks)
            sum.skippedTicks += skipped
            sum.liveLegs += legs
        }
        return sum
    }
}
