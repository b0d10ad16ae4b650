private import Foundation
private import RTPMedia
private import TestSupport

/// `--jitter`: every jitter buffer on every trace of a folder.
enum JitterTable {
    private static let quantiles = [0.95, 0.97, 0.99]

    /// - Parameter folder: Holds traces, `*.csv` with the columns `seq,send_ms,arrive_ms`; `nil`: the test data.
    /// - Returns: The exit code: 1 when there is nothing to replay.
    static func print(folder: String?) -> Int32 {
        let root = folder.map { URL(filePath: $0) } ?? TestData.root.appending(path: "traces")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        let files = names.filter { $0.hasSuffix(".csv") }.sorted()
        guard !files.isEmpty else {
            FileHandle.standardError.write(Data("bench: no traces (*.csv) in \(root.path)\n".utf8))
            return 1
        }
        Swift.print(
            """
            Averaged over four phases of the receiver's 20 ms tick. Concealed includes what the network lost; late
            arrived but was never played. Delays are above the network's least one. Ticks before the first packet
            is played count for the unmodified library only.

            """)
        header()
        for file in files {
            guard let trace = try? JitterTrace(root.appending(path: file)), !trace.packets.isEmpty else {
                FileHandle.standardError.write(Data("bench: \(file) holds no packets\n".utf8))
                return 1
            }
            print(trace)
        }
        return 0
    }

    private static func print(_ trace: JitterTrace) {
        row(trace, "network loss", loss: trace.lost)
        for margin in [0, 20, 40] {
            row(trace, "speex m\(margin)", trace.replay { UnmodifiedSpeexBuffer(marginMilliseconds: margin) })
        }
        row(trace, "speex tuned m20", trace.replay { SpeexJitterBuffer(margin: .milliseconds(20)) })
        for quantile in quantiles {
            row(trace, "adaptive \(quantile)", trace.replay { AdaptiveJitterBuffer(quantile: quantile) })
        }
        for quantile in quantiles { row(trace, "model \(quantile)", trace.model(quantile: quantile)) }
    }

    private static func header() {
        Swift.print(
            pad("trace", 16) + pad("buffer", 16)
                + ["concealed", "late", "mean", "p95", "gap", "stretched"].map(left).joined())
        Swift.print(pad("", 32) + ["%", "%", "ms", "ms", "ms", "%"].map(left).joined())
    }

    private static func row(_ trace: JitterTrace, _ buffer: String, loss: Double) {
        Swift.print(pad(trace.name, 16) + pad(buffer, 16) + left(fixed(loss, 2)))
    }

    private static func row(_ trace: JitterTrace, _ buffer: String, _ result: JitterResult) {
        let figures = [
            fixed(result.concealed, 2), fixed(result.late, 2), fixed(result.meanDelay, 1),
            fixed(result.p95Delay, 1),
            "\(result.longestGap)", fixed(result.stretched, 1),
        ]
        Swift.print(pad(trace.name, 16) + pad(buffer, 16) + figures.map(left).joined())
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text.padding(toLength: max(width, text.count + 1), withPad: " ", startingAt: 0)
    }

    private static func left(_ text: String) -> String {
        String(repeating: " ", count: max(11 - text.count, 1)) + text
    }
}
