/// Background noise as a comfort-noise packet describes it (RFC 3389): its level, and the shape of its spectrum.
public struct ComfortNoise: Hashable, Sendable {
    /// Reflection coefficients that are kept and sent; a packet may bring more (§3.2 allows to leave them out).
    public static let order = 8
    /// Octets of an encoded description.
    public static let byteCount = 1 + order

    /// Decibels below the overload point, where a square wave of full scale lies: 0...127.
    public var decibelsBelowOverload: UInt8
    /// -1...1, the first coefficient first; all 0 for white noise. With `A(z) = 1 + a₁z⁻¹ + …` the last coefficient of each
    /// order is the reflection coefficient: noise with more low than high frequencies has a negative first one.
    public var reflection: SIMD8<Float>

    public init(decibelsBelowOverload: UInt8, reflection: SIMD8<Float> = .zero) {
        self.decibelsBelowOverload = min(decibelsBelowOverload, 127)
        self.reflection = reflection.clamped(
            lowerBound: SIMD8(repeating: -0.9921875), upperBound: SIMD8(repeating: 0.9921875))
    }

    /// - Parameter meanSquare: Mean of the squares of the noise's 16-bit samples.
    public init(meanSquare: Double, reflection: SIMD8<Float> = .zero) {
        let level = meanSquare > 0 ? -Decibels.of(meanSquare / Self.overload) : 127
        self.init(
            decibelsBelowOverload: UInt8(max(0, min(127, level.rounded()))), reflection: reflection)
    }

    /// - Returns: `nil` for no octets. Coefficients beyond ``order`` are left out, missing ones are 0.
    public init?(parsing payload: RawSpan) {
        guard payload.byteCount > 0 else { return nil }
        var reflection = SIMD8<Float>.zero
        for index in 0..<min(Self.order, payload.byteCount - 1) {
            // §3.3: 258 × (N - 127) in 1/32,768; 255 is not used.
            let code = min(Int(payload.uint8(at: 1 + index)), 254)
            reflection[index] = Float(258 * (code - 127)) / 32_768
        }
        self.init(decibelsBelowOverload: payload.uint8(at: 0) & 0x7F, reflection: reflection)
    }

    /// Writes the payload into the first ``byteCount`` octets of `block`.
    func write(into block: UnsafeMutableRawBufferPointer) {
        block[0] = decibelsBelowOverload
        for index in 0..<Self.order {
            let code = (reflection[index] * 32_768 / 258).rounded() + 127
            block[1 + index] = UInt8(max(0, min(254, code)))
        }
    }

    /// The payload of a packet.
    public var encoded: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        bytes.withUnsafeMutableBytes { write(into: $0) }
        return bytes
    }

    /// Mean square of the samples; 0 at the lowest level, which stands for silence.
    public var meanSquare: Double {
        decibelsBelowOverload >= 127 ? 0 : Self.overload * Decibels.ratio(-Double(decibelsBelowOverload))
    }

    private static let overload = 1_073_741_824.0
}
