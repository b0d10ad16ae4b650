import RTPMedia
import SansIO
import Testing

@Suite("The jitter buffer on recorded networks")
struct JitterTraceTests {
    @Test("A network without jitter is played whole, the margin later, at any phase", arguments: [0, 20, 40])
    func constant(margin: Int) throws {
        guard let trace = try JitterTrace(named: "constant") else { return }
        let result = trace.replay { SpeexJitterBuffer(margin: .milliseconds(margin)) }
        #expect(result.concealed == 0)
        #expect(result.meanDelay == 7.5 + Double(margin))
    }

    /// Limits are what libspeexdsp alone reaches with the same margin.
    @Test(
        "No more is made up than by libspeexdsp alone, and a hole after a route change is closed sooner",
        arguments: [
            (name: "drift_m200ppm", concealed: 0.04, gap: 20), ("drift_p200ppm", 0.04, 20),
            ("gauss05", 0.02, 20),
            ("gauss20", 0.11, 80), ("gauss50", 0.61, 100), ("ge_loss01", 0.99, 340), ("ge_loss05", 5.28, 280),
            ("ge_loss10", 10.13, 300), ("mobile_mix", 1.98, 160), ("reorder", 1.07, 60),
            ("route_p80", 0.15, 160),
            ("wifi_spikes", 1.58, 160),
        ])
    func concealment(name: String, concealed: Double, gap: Int) throws {
        guard let trace = try JitterTrace(named: name) else { return }
        let result = trace.replay { SpeexJitterBuffer(margin: .milliseconds(20)) }
        #expect(result.concealed <= concealed)
        #expect(result.longestGap <= gap)
        #expect(result.misordered == 0)
    }
}
