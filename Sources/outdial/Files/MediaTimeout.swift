internal import Foundation
internal import Telephony
internal import ToolArguments

/// `--media-timeout S`, which goes before what the trunks' files say.
enum MediaTimeout {
    static let options: [CommandSyntax.Option] = [
        .init(
            name: "--media-timeout", value: "S",
            help: "Seconds of silence after which a call counts as lost, 1…3600; 0: never (30).")
    ]

    /// - Throws: ``UsageError`` for a time that is none.
    static func apply(_ arguments: Arguments, to trunks: inout [Trunk]) throws {
        guard let time = try arguments.seconds("--media-timeout", in: 0...3_600) else { return }
        guard time == .zero || time >= .seconds(1) else {
            throw UsageError("--media-timeout takes 0, or a number in 1...3600")
        }
        for index in trunks.indices { trunks[index].mediaTimeout = time }
    }
}
