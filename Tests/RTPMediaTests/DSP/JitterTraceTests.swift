import RTPMedia
import SansIO
import TestSupport
import Testing

/// The 13 traces, and what of them the adaptive buffer has to reach at its default quantile.
private let traces = [
    "constant", "drift_m200ppm", "drift_p200ppm", "gauss05", "gauss20", "gauss50", "ge_loss01", "ge_loss05",
    "ge_loss10",
    "mobile_mix", "reorder", "route_p80", "wifi_spikes",
]

@Suite("The jitter buffers on recorded networks")
struct JitterTraceTests {
    /// Concealed %, mean and p95 delay in ms, longest gap in ms, as measured by a harness in C.
    @Test(
        "Unmodified libspeexdsp comes out as it was published: the replay is right",
        arguments: [
            (name: "constant", margin: 20, concealed: 0.01, mean: 27.5, p95: 35.0, gap: 20),
            ("constant", 40, 0.03, 48.0, 55.0, 20), ("drift_m200ppm", 0, 0.89, 18.4, 27.3, 40),
            ("drift_p200ppm", 20, 0.04, 42.0, 51.1, 20), ("gauss05", 20, 0.02, 55.6, 63.1, 20),
            ("gauss20", 20, 0.11, 109.7, 118.3, 80), ("gauss50", 40, 0.36, 207.7, 225.0, 80),
            ("ge_loss01", 0, 1.56, 23.9, 30.5, 340), ("ge_loss05", 20, 5.28, 44.9, 53.0, 280),
            ("ge_loss10", 20, 10.13, 44.5, 55.6, 300), ("mobile_mix", 20, 1.96, 109.9, 131.1, 160),
            ("reorder", 0, 1.93, 29.4, 59.5, 40), ("reorder", 40, 0.36, 71.5, 99.5, 20),
            ("route_p80", 20, 0.28, 72.0, 126.2, 440), ("wifi_spikes", 20, 1.58, 81.3, 155.8, 160),
        ])
    func published(name: String, margin: Int, concealed: Double, mean: Double, p95: Double, gap: Int) throws {
        guard let trace = try JitterTrace(named: name) else { return }
        let result = trace.replay { UnmodifiedSpeexBuffer(marginMilliseconds: margin) }
        #expect(abs(result.concealed - concealed) <= 0.0051)
        #expect(abs(result.meanDelay - mean) <= 0.051)
        #expect(abs(result.p95Delay - p95) <= 0.051)
        #expect(result.longestGap == gap)
    }

    @Test(
        "The model comes out as it was published",
        arguments: [
            (name: "gauss20", quantile: 0.99, concealed: 0.09, mean: 106.8), ("reorder", 0.95, 1.68, 32.9),
            ("wifi_spikes", 0.99, 1.03, 108.5),
        ])
    func model(name: String, quantile: Double, concealed: Double, mean: Double) throws {
        guard let trace = try JitterTrace(named: name) else { return }
        let result = trace.model(quantile: quantile)
        #expect(abs(result.concealed - concealed) <= 0.0051)
        #expect(abs(result.meanDelay - mean) <= 0.051)
    }

    @Test("A network without jitter is played whole, the margin later, at any phase", arguments: [0, 20, 40])
    func constant(margin: Int) throws {
        guard let trace = try JitterTrace(named: "constant") else { return }
        let result = trace.replay { SpeexJitterBuffer(margin: .milliseconds(margin)) }
        #expect(result.concealed == 0)
        #expect(result.meanDelay == 7.5 + Double(margin))
    }

    @Test(
        "Tuned libspeexdsp makes up no more than the library alone, and closes the hole of a route change",
        arguments: traces)
    func tuned(name: String) throws {
        guard let trace = try JitterTrace(named: name) else { return }
        let plain = trace.replay { UnmodifiedSpeexBuffer(marginMilliseconds: 20) }
        let result = trace.replay { SpeexJitterBuffer(margin: .milliseconds(20)) }
        #expect(result.concealed <= plain.concealed + 0.05)
        #expect(result.meanDelay <= plain.meanDelay + 5)
        #expect(result.misordered == 0)
        if name == "route_p80" { #expect(result.longestGap <= 120) }
    }

    @Test("The adaptive buffer loses nothing that arrives, near the delay of the model", arguments: traces)
    func adaptive(name: String) throws {
        guard let trace = try JitterTrace(named: name) else { return }
        let model = trace.model(quantile: 0.97)
        let result = trace.replay { AdaptiveJitterBuffer(quantile: 0.97) }
        #expect(result.late <= (name == "reorder" ? 1 : 0.05))
        #expect(result.meanDelay <= model.meanDelay + 20)
        #expect(result.concealed <= model.concealed + 0.01)
        #expect(result.stretched <= (name == "wifi_spikes" ? 7 : 5))
        #expect(result.misordered == 0)
        if name == "route_p80" { #expect(result.longestGap <= 60) }
        if name.hasPrefix("drift") { #expect(result.concealed == 0) }
    }

    @Test("A higher quantile buys less concealment with delay", arguments: ["gauss50", "wifi_spikes"])
    func quantile(name: String) throws {
        guard let trace = try JitterTrace(named: name) else { return }
        let low = trace.replay { AdaptiveJitterBuffer(quantile: 0.95) }
        let high = trace.replay { AdaptiveJitterBuffer(quantile: 0.99) }
        #expect(high.concealed < low.concealed)
        #expect(high.meanDelay > low.meanDelay)
    }
}
