/// The Prometheus text exposition format, version 0.0.4.
public enum PrometheusText {
    /// `Content-Type` of the text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The families in the order given, each with its HELP and TYPE.
    ///
    /// - Parameter labels: Put in front of each sample's own.
    public static func render(_ families: [MetricFamily], labels: [MetricFamily.Label] = []) -> String {
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            if let histogram = family.histogram {
                append(histogram, of: family.name, labels: labels, to: &text)
            }
            for sample in family.samples {
                append(family.name, labels + sample.labels, sample.value, to: &text)
            }
        }
        return text
    }

    private static func append(
        _ histogram: MetricHistogram, of name: String, labels: [MetricFamily.Label], to text: inout String
    ) {
        var total = 0
        for (index, count) in histogram.counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
            append("\(name)_bucket", labels + [MetricFamily.Label("le", bound)], Double(total), to: &text)
        }
        append("\(name)_sum", labels, histogram.sum, to: &text)
        append("\(name)_count", labels, Double(total), to: &text)
    }

    private static func append(
        _ name: String, _ labels: [MetricFamily.Label], _ value: Double, to text: inout String
    ) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
