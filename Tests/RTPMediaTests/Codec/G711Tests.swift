import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("G.711, ITU-T G.191 sweep")
struct G711Tests {
    private func words(_ name: String) throws -> [Int16]? {
        guard let url = try TestData.url("codec/g711/\(name)") else { return nil }
        let bytes = try TestData.bytes(url)
        return stride(from: 0, to: bytes.count, by: 2).map {
            Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
        }
    }

    @Test(
        "All 65,536 samples give the code and the sample of the ITU's tools",
        arguments: [
            (AudioCodecKind.pcmu, "u"), (.pcma, "a"),
        ])
    func sweep(kind: AudioCodecKind, law: String) throws {
        guard let source = try words("sweep.src"), let codes = try words("sweep-r.\(law)"),
            let decoded = try words("sweep-r.\(law)-\(law)"), let roundTrip = try words("sweep-r.re\(law)")
        else { return }
        #expect(source.count == 65_536)
        let codec = try #require(NegotiatedCodec(kind))
        var encoded = [UInt8](repeating: 0, count: source.count)
        var encodedSpan = encoded.mutableSpan
        var bytes = encodedSpan.mutableBytes
        #expect(codec.encode(source.span, into: &bytes) == source.count)
        #expect(encoded == codes.map { UInt8(truncatingIfNeeded: $0) })
        var samples = [Int16](repeating: 0, count: source.count)
        var samplesSpan = samples.mutableSpan
        #expect(codec.decode(encoded.span.bytes, into: &samplesSpan) == source.count)
        #expect(samples == decoded)
        #expect(samples == roundTrip)
    }

    @Test(
        "Silence is 0xFF in µ-law and 0xD5 in A-law; the shorter side limits",
        arguments: [
            (AudioCodecKind.pcmu, UInt8(0xFF)), (.pcma, 0xD5),
        ])
    func silence(kind: AudioCodecKind, code: UInt8) throws {
        let codec = try #require(NegotiatedCodec(kind))
        var encoded = [UInt8](repeating: 0, count: 3)
        var span = encoded.mutableSpan
        var bytes = span.mutableBytes
        let zeros: [Int16] = [0, 0]
        #expect(codec.encode(zeros.span, into: &bytes) == 2)
        #expect(encoded == [code, code, 0])
    }
}
