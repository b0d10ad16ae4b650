private import Foundation

/// Speech made of tones: the length and the rhythm of a text, without a voice.
enum ToneVoice {
    /// 70 ms a letter, 60 ms of silence between words, 250 ms after a sentence.
    static func samples(for text: String, rateHertz: Int) -> [Int16] {
        var samples: [Int16] = []
        var phase = 0.0
        for character in text {
            let isSound = character.isLetter || character.isNumber
            let milliseconds = isSound ? 70 : ".!?".contains(character) ? 250 : 60
            let code = Int(character.unicodeScalars.first?.value ?? 0)
            let frequency = 200.0 + Double(code % 26) * 25
            for _ in 0..<milliseconds * rateHertz / 1_000 {
                phase += 2 * .pi * frequency / Double(rateHertz)
                samples.append(isSound ? Int16(sin(phase) * 8_000) : 0)
            }
        }
        return samples
    }
}

extension ScriptedAgent.Sound {
    /// The same sound at another rate.
    func samples(atHertz rate: Int) -> [Int16] {
        guard rate != rateHertz, !samples.isEmpty else { return samples }
        let count = samples.count * rate / rateHertz
        return (0..<count).map { index in
            let position = Double(index) * Double(rateHertz) / Double(rate)
            let left = min(samples.count - 1, Int(position))
            let right = min(samples.count - 1, left + 1)
            let weight = position - Double(left)
            return Int16(Double(samples[left]) * (1 - weight) + Double(samples[right]) * weight)
        }
    }
}
