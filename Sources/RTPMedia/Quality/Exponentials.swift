/// Powers and logarithms that are the same on every machine: a pure target has no C library.
enum Exponentials {
    private static let ln2 = 0.693_147_180_559_945_3
    private static let ln10 = 2.302_585_092_994_046

    /// The natural logarithm, right to about 15 digits.
    ///
    /// - Returns: `-.infinity` for anything not above 0.
    static func log(_ x: Double) -> Double {
        guard x > 0 else { return -.infinity }
        guard x.isFinite else { return .infinity }
        var mantissa = x.significand
        var exponent = Double(x.exponent)
        if mantissa > 1.414_213_562_373_095 {
            mantissa /= 2
            exponent += 1
        }
        // ln m = 2 artanh((m - 1) / (m + 1)), whose argument is at most 0.172.
        let s = (mantissa - 1) / (mantissa + 1)
        let square = s * s
        var sum = 0.0
        for n in stride(from: 21, through: 1, by: -2) { sum = sum * square + 1 / Double(n) }
        return 2 * s * sum + exponent * ln2
    }

    static func log10(_ x: Double) -> Double { log(x) / ln10 }
    static func log2(_ x: Double) -> Double { log(x) / ln2 }

    /// e to the `x`; 0 and infinity beyond what a double holds.
    static func exp(_ x: Double) -> Double {
        guard x > -700 else { return 0 }
        guard x < 700 else { return .infinity }
        let exponent = (x / ln2).rounded()
        let rest = x - exponent * ln2
        var sum = 1.0
        for n in stride(from: 16, through: 1, by: -1) { sum = sum * rest / Double(n) + 1 }
        return Double(sign: .plus, exponent: Int(exponent), significand: sum)
    }

    /// 10 to the `x`.
    static func exp10(_ x: Double) -> Double { exp(x * ln10) }

    /// `x` to the `y`; 0 for an `x` that is not above 0.
    static func power(_ x: Double, _ y: Double) -> Double { x > 0 ? exp(log(x) * y) : 0 }

    /// A whole power, `n` at least 0, of any base.
    static func power(_ x: Double, _ n: Int) -> Double {
        var result = 1.0
        for _ in 0..<max(n, 0) { result *= x }
        return result
    }
}
